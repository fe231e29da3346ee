-- Outbox: every stored event wakes the relay when its transaction commits.
CREATE OR REPLACE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('erp_outbox', '');
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS outbox_wakes_relay ON outbox;
CREATE TRIGGER outbox_wakes_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
