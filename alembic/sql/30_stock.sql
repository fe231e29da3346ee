-- Stock. Invariant: a balance equals the sum of its movements, for every writer, because only this trigger writes it.
-- A place is followed (its goods are a queue with a balance) when they are ours, or sold goods that may still come back.
CREATE OR REPLACE FUNCTION place_followed(p_kind text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT p_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer')
$$;

-- Invariants for every writer: movements are of this tenant's places and accounts (one look for all rows instead of a foreign key
-- check for each: every posting would lock the same few rows), and none is effective in a locked period.
CREATE OR REPLACE FUNCTION stock_move_check() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE r record; held boolean;
BEGIN
  FOR r IN SELECT f.tenant_id, (f.effective_at AT TIME ZONE coalesce(t.tz, 'Asia/Jakarta'))::date AS day,
        bool_and(a.id IS NOT NULL AND b.id IS NOT NULL AND p.id IS NOT NULL AND q.id IS NOT NULL) AS known
      FROM fresh f LEFT JOIN tenant t ON t.tenant_id = f.tenant_id AND t.id = f.tenant_id
      LEFT JOIN account a ON a.tenant_id = f.tenant_id AND a.id = f.from_account_id LEFT JOIN account b ON b.tenant_id = f.tenant_id AND b.id = f.to_account_id
      LEFT JOIN place p ON p.tenant_id = f.tenant_id AND p.id = f.from_place_id LEFT JOIN place q ON q.tenant_id = f.tenant_id AND q.id = f.to_place_id
      GROUP BY 1, 2 LOOP
    IF NOT r.known THEN
      RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'stock_move_refers', MESSAGE = 'a movement refers to no place or account of its tenant';
    END IF;
    held := period_guard(r.tenant_id, r.day);
  END LOOP;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_move_in_open_period ON stock_move;
DROP TRIGGER IF EXISTS stock_move_checked ON stock_move;
CREATE TRIGGER stock_move_checked AFTER INSERT ON stock_move REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION stock_move_check();

-- Rows that exist are changed; a queue's first movement makes its row. CHECK (on_hand >= 0) is the last word on shortness.
CREATE OR REPLACE FUNCTION stock_balance_follow() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE change stock_balance[]; n int;
BEGIN
  SELECT array_agg(ROW(g.tenant_id, g.item_id, g.place_id, g.lot, g.net, g.last_at, g.last_out_at, NULL, NULL, NULL)::stock_balance
      ORDER BY g.tenant_id, g.item_id, g.place_id, g.lot) INTO change
    FROM (SELECT t.tenant_id, t.item_id, t.place_id, t.lot, sum(t.quantity)::bigint AS net, max(t.effective_at) AS last_at, max(t.out_at) AS last_out_at
          FROM (SELECT tenant_id, item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at, effective_at AS out_at FROM fresh
                UNION ALL SELECT tenant_id, item_id, to_place_id, to_lot, quantity, effective_at, NULL FROM fresh) t GROUP BY 1, 2, 3, 4) g
    JOIN place p ON p.tenant_id = g.tenant_id AND p.id = g.place_id AND place_followed(p.kind);
  UPDATE stock_balance b SET on_hand = b.on_hand + c.on_hand, last_at = greatest(b.last_at, c.last_at), last_out_at = greatest(b.last_out_at, c.last_out_at)
    FROM unnest(change) c WHERE b.tenant_id = c.tenant_id AND b.item_id = c.item_id AND b.place_id = c.place_id AND b.lot = c.lot;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n < cardinality(change) THEN
    INSERT INTO stock_balance SELECT c.* FROM unnest(change) c WHERE NOT EXISTS (SELECT 1 FROM stock_balance b
      WHERE b.tenant_id = c.tenant_id AND b.item_id = c.item_id AND b.place_id = c.place_id AND b.lot = c.lot);
  END IF;
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

-- A place that goods went through stays, whoever wants to delete it.
CREATE OR REPLACE FUNCTION place_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = OLD.tenant_id AND OLD.id IN (from_place_id, to_place_id)) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'stock_move_refers', MESSAGE = 'the place has movements';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER IF EXISTS place_stays ON place;
CREATE TRIGGER place_stays BEFORE DELETE ON place FOR EACH ROW EXECUTE FUNCTION place_stays();
