-- Guards that follow from the catalogue: row-level security on every table with tenant_id, grants to the application role,
-- append-only ledgers. A new table needs nothing here; a table's comment says when it is special:
--   'append_only' no UPDATE, DELETE, TRUNCATE for anyone; 'no_delete' no DELETE, TRUNCATE.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('%s is append-only: %s is refused', tg_table_name, tg_op);
END $$;

DO $$
DECLARE
  t record; special text;
BEGIN
  FOR t IN SELECT c.oid, c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') AS note,
                  EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname LOOP
    IF t.relname IN ('alembic_version', 'sql_state') THEN
      CONTINUE;
    END IF;
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, erp_app, erp_relay', t.relname);
    IF t.tenant THEN
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);
      EXECUTE format('DROP POLICY IF EXISTS tenant_wall ON %I', t.relname);
      -- The one-argument current_setting raises when the tenant is not set: forgetting it can never show rows.
      EXECUTE format('CREATE POLICY tenant_wall ON %I TO erp_app, erp_owner USING (tenant_id = (SELECT current_setting(''app.tenant'')::bigint))'
        ' WITH CHECK (tenant_id = (SELECT current_setting(''app.tenant'')::bigint))', t.relname);
    END IF;
    EXECUTE format('DROP TRIGGER IF EXISTS append_only ON %I', t.relname);
    EXECUTE format('DROP TRIGGER IF EXISTS append_only_truncate ON %I', t.relname);
    IF t.note LIKE '%append_only%' THEN
      EXECUTE format('GRANT SELECT, INSERT ON %I TO erp_app', t.relname);
      EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', t.relname);
      EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t.relname);
    ELSIF t.note LIKE '%no_delete%' THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO erp_app', t.relname);
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO erp_app', t.relname);
    END IF;
  END LOOP;
END $$;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO erp_app;

-- The relay sees events of all tenants, and nothing else.
GRANT SELECT, UPDATE (sent_at) ON outbox TO erp_relay;
DROP POLICY IF EXISTS relay_reads ON outbox;
CREATE POLICY relay_reads ON outbox TO erp_relay USING (true) WITH CHECK (true);
GRANT SELECT ON event_done TO erp_relay;
DROP POLICY IF EXISTS relay_reads ON event_done;
CREATE POLICY relay_reads ON event_done FOR SELECT TO erp_relay USING (true);
