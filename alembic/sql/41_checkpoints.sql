-- Checkpoints of costs. Invariant for every writer: whatever is entered before a checkpoint of its item has the worker replay the item and
-- seal it anew (a checkpoint is never changed; the newer one counts). Checkpoints are of moments that are over since a day, so only what
-- is entered late can fall before one; whoever seals holds the item alone, and every such movement shares it (stock_block_follow), so
-- either the sealer sees the movement or this trigger, at commit, the checkpoint. A month closed since refuses it (hpp_queue_open_months).
CREATE OR REPLACE FUNCTION checkpoint_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM cost_checkpoint c WHERE c.tenant_id = NEW.tenant_id AND c.item_id = NEW.item_id AND c.at >= NEW.effective_at)
     AND NOT EXISTS (SELECT 1 FROM hpp_queue q WHERE q.tenant_id = NEW.tenant_id AND q.item_id = NEW.item_id AND q.cause_document_id = NEW.document_id
       AND (q.state <> 'done' OR q.done_at = now()) AND q.from_at <= NEW.effective_at) THEN
    INSERT INTO hpp_queue (tenant_id, item_id, from_at, cause_document_id) VALUES (NEW.tenant_id, NEW.item_id, NEW.effective_at, NEW.document_id);
    INSERT INTO outbox (tenant_id, name, payload, topics) VALUES (NEW.tenant_id, 'hpp.queued', jsonb_build_object('item_id', NEW.item_id), ARRAY['queue']);
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS checkpoint_follows ON stock_move;
CREATE CONSTRAINT TRIGGER checkpoint_follows AFTER INSERT ON stock_move DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.effective_at < clock_timestamp() - interval '1 day') EXECUTE FUNCTION checkpoint_follow();
