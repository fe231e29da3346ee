-- Stock. Invariant: a balance equals the sum of its movements, for every writer, because only this trigger writes it.
-- A place is followed (its goods are a queue with a balance) when they are ours, or sold goods that may still come back.
CREATE OR REPLACE FUNCTION place_followed(p_kind text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT p_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer')
$$;

-- Rows that exist are changed; a queue's first movement makes its row. CHECK (on_hand >= 0) is the last word on shortness.
CREATE OR REPLACE FUNCTION stock_balance_follow() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  WITH touched AS (
    SELECT tenant_id, item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at, effective_at AS out_at FROM fresh
    UNION ALL SELECT tenant_id, item_id, to_place_id, to_lot, quantity, effective_at, NULL FROM fresh
  ), change AS (
    SELECT t.tenant_id, t.item_id, t.place_id, t.lot, sum(t.quantity)::bigint AS net, max(t.effective_at) AS last_at, max(t.out_at) AS last_out_at
    FROM touched t JOIN place p ON p.tenant_id = t.tenant_id AND p.id = t.place_id AND place_followed(p.kind) GROUP BY 1, 2, 3, 4
  ), changed AS (
    UPDATE stock_balance b SET on_hand = b.on_hand + c.net, last_at = greatest(b.last_at, c.last_at), last_out_at = greatest(b.last_out_at, c.last_out_at)
    FROM change c WHERE b.tenant_id = c.tenant_id AND b.item_id = c.item_id AND b.place_id = c.place_id AND b.lot = c.lot
    RETURNING b.tenant_id, b.item_id, b.place_id, b.lot
  )
  INSERT INTO stock_balance (tenant_id, item_id, place_id, lot, on_hand, last_at, last_out_at)
    SELECT c.* FROM change c WHERE NOT EXISTS (SELECT 1 FROM changed d WHERE d.tenant_id = c.tenant_id
      AND d.item_id = c.item_id AND d.place_id = c.place_id AND d.lot = c.lot) ORDER BY c.item_id, c.place_id, c.lot;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_balance_follows ON stock_move;
CREATE TRIGGER stock_balance_follows AFTER INSERT ON stock_move REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION stock_balance_follow();

-- Nobody else changes what is on hand: not the application, not the owner.
CREATE OR REPLACE FUNCTION stock_balance_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'a balance changes by movements only';
END $$;
DROP TRIGGER IF EXISTS stock_balance_guard ON stock_balance;
CREATE TRIGGER stock_balance_guard BEFORE UPDATE OF on_hand ON stock_balance FOR EACH ROW
  WHEN (pg_trigger_depth() < 1 AND NEW.on_hand <> OLD.on_hand) EXECUTE FUNCTION stock_balance_refuse();
DROP TRIGGER IF EXISTS stock_balance_guard_new ON stock_balance;
CREATE TRIGGER stock_balance_guard_new BEFORE INSERT ON stock_balance FOR EACH ROW
  WHEN (pg_trigger_depth() < 1 AND NEW.on_hand <> 0) EXECUTE FUNCTION stock_balance_refuse();
DROP TRIGGER IF EXISTS stock_balance_guard_delete ON stock_balance;
CREATE TRIGGER stock_balance_guard_delete BEFORE DELETE OR TRUNCATE ON stock_balance FOR EACH STATEMENT EXECUTE FUNCTION stock_balance_refuse();

-- Invariant: no movement is effective in a locked period, whoever writes it.
CREATE OR REPLACE FUNCTION stock_move_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT DISTINCT tenant_id, effective_at FROM fresh LOOP
    PERFORM period_guard(r.tenant_id, local_day(r.tenant_id, r.effective_at));
  END LOOP;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_move_in_open_period ON stock_move;
CREATE TRIGGER stock_move_in_open_period AFTER INSERT ON stock_move REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION stock_move_in_open_period();

-- Invariant: what goods are, and where, decides their account; so a kind stays once goods have moved.
CREATE OR REPLACE FUNCTION kind_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF tg_table_name = 'item' AND EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = NEW.tenant_id AND item_id = NEW.id)
     OR tg_table_name = 'place' AND EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = NEW.tenant_id AND NEW.id IN (from_place_id, to_place_id)) THEN
    PERFORM refuse('ERP-1214', format('%s has movements: its kind cannot change any more. Make a new one instead.', NEW.code));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS kind_stays ON item;
CREATE TRIGGER kind_stays BEFORE UPDATE OF kind ON item FOR EACH ROW WHEN (OLD.kind <> NEW.kind) EXECUTE FUNCTION kind_stays();
DROP TRIGGER IF EXISTS kind_stays ON place;
CREATE TRIGGER kind_stays BEFORE UPDATE OF kind ON place FOR EACH ROW WHEN (OLD.kind <> NEW.kind) EXECUTE FUNCTION kind_stays();
