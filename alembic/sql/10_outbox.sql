-- Outbox. Invariant: an event never waits for a relay that sleeps. A relay that goes to sleep holds this lock alone, so whoever stores an event
-- then cannot share it, and rings at commit. Whoever can share it has found the relay awake (or none there), and keeps it from going to
-- sleep until his transaction has ended (erp_app/kernel/outbox.py). So many writers at a time need no NOTIFY, whose commits wait for one another.
CREATE OR REPLACE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('erp_outbox', '');
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS outbox_wakes_relay ON outbox;
CREATE TRIGGER outbox_wakes_relay AFTER INSERT ON outbox FOR EACH STATEMENT
  WHEN (NOT pg_try_advisory_xact_lock_shared(4712, 1)) EXECUTE FUNCTION outbox_notify();
