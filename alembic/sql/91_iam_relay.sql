-- Workers and the command line must know which companies there are: the relay's role may list them, and nothing else of them.
-- (After 90_guards.sql, which takes all rights away before it gives them.)
GRANT SELECT (tenant_id, id, code, name, tz, active) ON tenant TO erp_relay;
DROP POLICY IF EXISTS relay_lists ON tenant;
CREATE POLICY relay_lists ON tenant FOR SELECT TO erp_relay USING (true);
