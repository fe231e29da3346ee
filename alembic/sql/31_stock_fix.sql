-- Repair of quantities. Invariant: when a row of stock_fix_queue is done, every balance of its item equals the sum of its movements,
-- and `progress` tells which did not. Only this trigger may write a balance besides the movements themselves.
CREATE OR REPLACE FUNCTION stock_balance_prove() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong jsonb;
BEGIN
  PERFORM 1 FROM item WHERE tenant_id = NEW.tenant_id AND id = NEW.item_id FOR UPDATE;
  PERFORM 1 FROM stock_balance WHERE tenant_id = NEW.tenant_id AND item_id = NEW.item_id ORDER BY place_id, lot FOR UPDATE;
  WITH moved AS (
    SELECT q.place_id, q.lot, sum(q.quantity)::bigint AS quantity, max(q.at) AS last_at, max(q.out_at) AS last_out_at FROM (
      SELECT from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at AS at, effective_at AS out_at
        FROM stock_move WHERE tenant_id = NEW.tenant_id AND item_id = NEW.item_id
      UNION ALL SELECT to_place_id, to_lot, quantity, effective_at, NULL FROM stock_move WHERE tenant_id = NEW.tenant_id AND item_id = NEW.item_id) q
    JOIN place p ON p.tenant_id = NEW.tenant_id AND p.id = q.place_id AND place_followed(p.kind) GROUP BY 1, 2
  ), wrong_row AS (
    SELECT coalesce(m.place_id, b.place_id) AS place_id, coalesce(m.lot, b.lot) AS lot, coalesce(m.quantity, 0) AS moved, b.on_hand, m.last_at, m.last_out_at
      FROM moved m FULL JOIN (SELECT * FROM stock_balance WHERE tenant_id = NEW.tenant_id AND item_id = NEW.item_id) b USING (place_id, lot)
      WHERE coalesce(m.quantity, 0) IS DISTINCT FROM b.on_hand
  ), mended AS (
    UPDATE stock_balance b SET on_hand = w.moved, last_at = w.last_at, last_out_at = greatest(b.last_out_at, w.last_out_at) FROM wrong_row w
      WHERE b.tenant_id = NEW.tenant_id AND b.item_id = NEW.item_id AND b.place_id = w.place_id AND b.lot = w.lot
  ), missing AS (
    INSERT INTO stock_balance (tenant_id, item_id, place_id, lot, on_hand, last_at, last_out_at)
      SELECT NEW.tenant_id, NEW.item_id, place_id, lot, moved, last_at, last_out_at FROM wrong_row WHERE on_hand IS NULL
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('place_id', place_id, 'lot', lot, 'was', on_hand, 'is', moved)), '[]') INTO wrong FROM wrong_row;
  NEW.progress := NEW.progress || jsonb_build_object('balances', wrong);
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS stock_balance_proved ON stock_fix_queue;
CREATE TRIGGER stock_balance_proved BEFORE UPDATE OF state ON stock_fix_queue FOR EACH ROW
  WHEN (OLD.state <> 'done' AND NEW.state = 'done') EXECUTE FUNCTION stock_balance_prove();
