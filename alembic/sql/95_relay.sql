-- The relay delivers events of all tenants: it reads and marks the outbox, keeps what consumers still owe, and knows which
-- tenants have an audit chain (not what is in it). It reads no business data.
GRANT SELECT, INSERT, UPDATE ON event_delivery TO erp_relay;
DROP POLICY IF EXISTS relay_delivers ON event_delivery;
CREATE POLICY relay_delivers ON event_delivery TO erp_relay USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id) ON audit_event TO erp_relay;
DROP POLICY IF EXISTS relay_reads ON audit_event;
CREATE POLICY relay_reads ON audit_event FOR SELECT TO erp_relay USING (true);
