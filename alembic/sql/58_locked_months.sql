-- Late work and closed months. Invariants: no cost waits for a correction in a month that takes none, neither because the document came
-- when a later month was closed already, nor because a month was closed before the worker came.

-- A document whose cost waits may change everything after it: all those months must take its corrections, and stay so until it is stored.
CREATE OR REPLACE FUNCTION hpp_queue_open_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record; held boolean;
BEGIN
  FOR r IN SELECT f.tenant_id, greatest(p.starts_on, min(local_day(f.tenant_id, f.from_at))) AS day FROM fresh f
      JOIN accounting_period p ON p.tenant_id = f.tenant_id AND p.ends_on >= local_day(f.tenant_id, f.from_at)
      GROUP BY f.tenant_id, p.code, p.starts_on ORDER BY p.starts_on LOOP
    held := period_guard(r.tenant_id, r.day);
  END LOOP;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS hpp_queue_in_open_months ON hpp_queue;
CREATE TRIGGER hpp_queue_in_open_months AFTER INSERT ON hpp_queue REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION hpp_queue_open_months();

-- Whoever locks a month (alone with it: `period_lock`) finds the costs of all its documents worked out.
CREATE OR REPLACE FUNCTION period_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  SELECT i.code AS item, d.number INTO r FROM hpp_queue q JOIN item i ON i.tenant_id = q.tenant_id AND i.id = q.item_id
    LEFT JOIN record_ref d ON d.tenant_id = q.tenant_id AND d.id = q.cause_document_id
    WHERE q.tenant_id = NEW.tenant_id AND q.state <> 'done' AND local_day(q.tenant_id, q.from_at) <= NEW.ends_on ORDER BY q.id LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('ERP-1222', format('%s cannot be locked yet: the cost of %s is still being worked out because of %s. Try again in a moment.',
      NEW.code, r.item, r.number), jsonb_build_object('period', NEW.code, 'item', r.item, 'document', r.number));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS period_settled ON accounting_period;
CREATE TRIGGER period_settled BEFORE UPDATE ON accounting_period
  FOR EACH ROW WHEN (NEW.state = 'locked' AND OLD.state <> 'locked') EXECUTE FUNCTION period_settled();
