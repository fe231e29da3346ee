-- Stock. Invariant: a balance equals the sum of its movements, for every writer, because only this trigger writes it, and post_plain, which
-- changes balances itself when it locks them, in the transaction that stores those movements (54_posting_plain.sql; it marks the time it does).
-- A place is followed (its goods are a queue with a balance) when they are ours, or sold goods that may still come back.
CREATE OR REPLACE FUNCTION place_followed(p_kind text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT p_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer')
$$;

-- Invariants for every writer: movements are of this tenant's documents, items, places, accounts and movements (one look for all rows instead
-- of a foreign key check for each), and none is effective in a locked period. post_plain, the one writer that runs as the owner, sees to both
-- itself (54_posting_plain.sql); what is referred to can never be deleted.
CREATE OR REPLACE FUNCTION stock_move_check() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE r record; held boolean;
BEGIN
  FOR r IN SELECT f.tenant_id, (f.effective_at AT TIME ZONE coalesce(t.tz, 'Asia/Jakarta'))::date AS day,
        bool_and(a.id IS NOT NULL AND b.id IS NOT NULL AND p.id IS NOT NULL AND q.id IS NOT NULL AND i.id IS NOT NULL AND d.id IS NOT NULL
          AND (f.source_move_id IS NULL OR s.id IS NOT NULL)) AS known
      FROM fresh f LEFT JOIN tenant t ON t.tenant_id = f.tenant_id AND t.id = f.tenant_id
      LEFT JOIN account a ON a.tenant_id = f.tenant_id AND a.id = f.from_account_id LEFT JOIN account b ON b.tenant_id = f.tenant_id AND b.id = f.to_account_id
      LEFT JOIN place p ON p.tenant_id = f.tenant_id AND p.id = f.from_place_id LEFT JOIN place q ON q.tenant_id = f.tenant_id AND q.id = f.to_place_id
      LEFT JOIN item i ON i.tenant_id = f.tenant_id AND i.id = f.item_id LEFT JOIN record_ref d ON d.tenant_id = f.tenant_id AND d.id = f.document_id
      LEFT JOIN stock_move s ON s.tenant_id = f.tenant_id AND s.id = f.source_move_id
      GROUP BY 1, 2 LOOP
    IF NOT r.known THEN
      RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'stock_move_refers', MESSAGE = 'a movement refers to no document, item, place, account or movement of its tenant';
    END IF;
    held := period_guard(r.tenant_id, r.day);
  END LOOP;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_move_in_open_period ON stock_move;
DROP TRIGGER IF EXISTS stock_move_checked ON stock_move;
CREATE TRIGGER stock_move_checked AFTER INSERT ON stock_move REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (current_user::text <> 'erp_owner') EXECUTE FUNCTION stock_move_check();

-- Rows that exist are changed; a queue's first movement makes its row. CHECK (on_hand >= 0) is the last word on shortness.
-- (As the owner, so that its plans are the same ones for whoever moves goods in a session: they are made for a role.)
CREATE OR REPLACE FUNCTION stock_balance_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE queues int; known int;
BEGIN
  WITH change AS MATERIALIZED (
    SELECT x.tenant_id, x.item_id, x.place_id, x.lot, sum(x.quantity)::bigint AS net, max(x.effective_at) AS last_at, max(x.out_at) AS last_out_at
    FROM (SELECT tenant_id, item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at, effective_at AS out_at FROM fresh
          UNION ALL SELECT tenant_id, item_id, to_place_id, to_lot, quantity, effective_at, NULL FROM fresh) x
    JOIN public.place p ON p.tenant_id = x.tenant_id AND p.id = x.place_id AND public.place_followed(p.kind)
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ), changed AS (
    UPDATE public.stock_balance b SET on_hand = b.on_hand + c.net, last_at = greatest(b.last_at, c.last_at), last_out_at = greatest(b.last_out_at, c.last_out_at)
      FROM change c WHERE b.tenant_id = c.tenant_id AND b.item_id = c.item_id AND b.place_id = c.place_id AND b.lot = c.lot RETURNING 1
  )
  SELECT (SELECT count(*) FROM change), (SELECT count(*) FROM changed) INTO queues, known;
  IF known < queues THEN
    INSERT INTO public.stock_balance (tenant_id, item_id, place_id, lot, on_hand, last_at, last_out_at)
      SELECT x.tenant_id, x.item_id, x.place_id, x.lot, sum(x.quantity)::bigint, max(x.effective_at), max(x.out_at)
      FROM (SELECT tenant_id, item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at, effective_at AS out_at FROM fresh
            UNION ALL SELECT tenant_id, item_id, to_place_id, to_lot, quantity, effective_at, NULL FROM fresh) x
      JOIN public.place p ON p.tenant_id = x.tenant_id AND p.id = x.place_id AND public.place_followed(p.kind)
      WHERE NOT EXISTS (SELECT 1 FROM public.stock_balance b WHERE b.tenant_id = x.tenant_id AND b.item_id = x.item_id AND b.place_id = x.place_id AND b.lot = x.lot)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_balance_follows ON stock_move;
CREATE TRIGGER stock_balance_follows AFTER INSERT ON stock_move REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (current_user::text <> 'erp_owner' OR current_setting('app.balances', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION stock_balance_follow();

-- A balance row changes with every movement, in place as long as its page has room.
ALTER TABLE stock_balance SET (fillfactor = 60);

-- Nobody else changes what is on hand: not the application, whatever it says, and not the owner by hand.
CREATE OR REPLACE FUNCTION stock_balance_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'a balance changes by movements only';
END $$;
DROP TRIGGER IF EXISTS stock_balance_guard ON stock_balance;
CREATE TRIGGER stock_balance_guard BEFORE UPDATE OF on_hand ON stock_balance FOR EACH STATEMENT
  WHEN (pg_trigger_depth() < 1 AND (current_user::text <> 'erp_owner' OR current_setting('app.balances', true) IS DISTINCT FROM 'kept'))
  EXECUTE FUNCTION stock_balance_refuse();
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

-- Invariant: what holds goods, and goods that are somewhere, stay in use: nobody could sell, move or count them any more.
CREATE OR REPLACE FUNCTION goods_stay_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  SELECT i.code AS item, p.code AS place, b.on_hand INTO r FROM stock_balance b
    JOIN item i ON i.tenant_id = b.tenant_id AND i.id = b.item_id JOIN place p ON p.tenant_id = b.tenant_id AND p.id = b.place_id
    WHERE b.tenant_id = NEW.tenant_id AND b.on_hand > 0 AND p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine')
      AND CASE tg_table_name WHEN 'item' THEN b.item_id ELSE b.place_id END = NEW.id ORDER BY 1, 2 LIMIT 1;
  IF FOUND AND tg_table_name = 'item' THEN
    PERFORM refuse('ERP-1224', format('%s still lies at %s (%s): it is put away when nothing is left. Move, sell or count it first.',
      r.item, r.place, quantity_text(r.on_hand)));
  ELSIF FOUND THEN
    PERFORM refuse('ERP-1224', format('%s still holds %s %s: it is put away when nothing is left. Move, sell or count them first.',
      r.place, quantity_text(r.on_hand), r.item));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS goods_stay_in_use ON item;
CREATE TRIGGER goods_stay_in_use BEFORE UPDATE OF active ON item FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION goods_stay_in_use();
DROP TRIGGER IF EXISTS goods_stay_in_use ON place;
CREATE TRIGGER goods_stay_in_use BEFORE UPDATE OF active ON place FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION goods_stay_in_use();

-- Invariant: accounts of goods are worth what lies there, from their first day on: one with journals of other things does not become one.
CREATE OR REPLACE FUNCTION goods_account_is_their_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_line WHERE tenant_id = NEW.tenant_id AND account_id = NEW.account_id)
      AND NOT EXISTS (SELECT 1 FROM account_map WHERE tenant_id = NEW.tenant_id AND account_id = NEW.account_id AND event = 'stock'
        AND place_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine'))
      AND NOT EXISTS (SELECT 1 FROM place WHERE tenant_id = NEW.tenant_id AND account_id = NEW.account_id
        AND kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine')) THEN
    PERFORM refuse('ERP-1225', format('%s has journals of other things: goods need an account of their own. Choose a new one.',
      (SELECT code FROM account WHERE tenant_id = NEW.tenant_id AND id = NEW.account_id)));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS goods_account_is_their_own ON account_map;
CREATE TRIGGER goods_account_is_their_own BEFORE UPDATE OF account_id ON account_map FOR EACH ROW
  WHEN (NEW.event = 'stock' AND NEW.place_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine') AND OLD.account_id <> NEW.account_id)
  EXECUTE FUNCTION goods_account_is_their_own();
DROP TRIGGER IF EXISTS goods_account_is_their_own ON place;
CREATE TRIGGER goods_account_is_their_own BEFORE INSERT OR UPDATE OF account_id, kind ON place FOR EACH ROW
  WHEN (NEW.account_id IS NOT NULL AND NEW.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine'))
  EXECUTE FUNCTION goods_account_is_their_own();

-- An item that moved stays, whoever wants to delete it.
CREATE OR REPLACE FUNCTION item_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = OLD.tenant_id AND item_id = OLD.id) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'stock_move_refers', MESSAGE = 'the item has movements';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER IF EXISTS item_stays ON item;
CREATE TRIGGER item_stays BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION item_stays();

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
