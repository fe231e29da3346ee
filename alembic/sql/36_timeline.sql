-- Quantities over time. Invariant: the balance of a followed place is never below zero at any time, so an issue fits only as far
-- as the lowest balance from its own time on.
DROP FUNCTION IF EXISTS stock_changes_after(bigint, bigint, bigint, bigint, timestamptz);
CREATE OR REPLACE FUNCTION stock_changes(p_tenant bigint, p_item bigint, p_place bigint, p_lot bigint, p_after timestamptz, p_until timestamptz)
RETURNS TABLE (id bigint, document_id bigint, effective_at timestamptz, change bigint) LANGUAGE sql STABLE AS $$
  SELECT id, document_id, effective_at, -quantity FROM stock_move WHERE tenant_id = p_tenant AND item_id = p_item AND from_place_id = p_place
    AND from_lot = p_lot AND effective_at > p_after AND effective_at <= p_until
  UNION ALL SELECT id, document_id, effective_at, quantity FROM stock_move WHERE tenant_id = p_tenant AND item_id = p_item AND to_place_id = p_place
    AND to_lot = p_lot AND effective_at > p_after AND effective_at <= p_until
$$;

-- The sum of a stretch's changes, and the lowest running sum in it (null when nothing happens there).
CREATE OR REPLACE FUNCTION stock_stretch(p_tenant bigint, p_item bigint, p_place bigint, p_lot bigint, p_after timestamptz, p_until timestamptz,
  OUT net bigint, OUT low bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT coalesce(sum(c.change), 0), min(c.running) INTO net, low FROM (
    SELECT change, sum(change) OVER (ORDER BY effective_at, id) AS running FROM stock_changes(p_tenant, p_item, p_place, p_lot, p_after, p_until)) c;
END $$;

CREATE OR REPLACE FUNCTION stock_first_short(p_tenant bigint, p_queue stock_balance, p_after timestamptz, p_until timestamptz, p_held bigint, p_net bigint,
  OUT short_at timestamptz, OUT short_document bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT c.effective_at, c.document_id INTO short_at, short_document FROM (
    SELECT effective_at, id, document_id, sum(change) OVER (ORDER BY effective_at, id) AS running
      FROM stock_changes(p_tenant, p_queue.item_id, p_queue.place_id, p_queue.lot, p_after, p_until)) c
    WHERE p_held + c.running < p_net ORDER BY c.effective_at, c.id LIMIT 1;
END $$;

-- The lowest balance from p_at on (fits), and the first moment at which taking p_taken at once, and p_net for good, would bring it
-- below zero (short_document is null when that is p_at itself). Read are the rest of the block p_at lies in, the numbers of the blocks
-- after it, and what came after the last block: the depth of a history does not matter.
CREATE OR REPLACE FUNCTION stock_lowest(p_tenant bigint, p_balance stock_balance, p_at timestamptz, p_taken bigint, p_net bigint,
  OUT fits bigint, OUT short_at timestamptz, OUT short_document bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE
  q stock_balance := p_balance; here timestamptz; last_ timestamptz; part record; whole record; tail record; then_ bigint; low bigint; b record;
BEGIN
  SELECT min(ends_at), max(ends_at) INTO here, last_ FROM stock_block
    WHERE tenant_id = p_tenant AND item_id = q.item_id AND place_id = q.place_id AND lot = q.lot AND ends_at > p_at;
  SELECT * INTO part FROM stock_stretch(p_tenant, q.item_id, q.place_id, q.lot, p_at, coalesce(here, 'infinity'));
  SELECT coalesce(sum(w.net), 0)::bigint AS net, min(w.before + w.low)::bigint AS low INTO whole FROM (
    SELECT k.net, k.low, coalesce(sum(k.net) OVER (ORDER BY k.ends_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM stock_block k
      WHERE k.tenant_id = p_tenant AND k.item_id = q.item_id AND k.place_id = q.place_id AND k.lot = q.lot AND k.ends_at > here) w;
  SELECT 0::bigint AS net, NULL::bigint AS low INTO tail;
  IF last_ IS NOT NULL THEN
    SELECT * INTO tail FROM stock_stretch(p_tenant, q.item_id, q.place_id, q.lot, last_, 'infinity');
  END IF;
  then_ := q.on_hand - part.net - whole.net - tail.net;
  low := least(0, part.low, part.net + whole.low, part.net + whole.net + tail.low);
  fits := then_ + low;
  IF then_ < p_taken THEN
    short_at := p_at;
  ELSIF then_ + part.low < p_net THEN
    SELECT * INTO short_at, short_document FROM stock_first_short(p_tenant, q, p_at, coalesce(here, 'infinity'), then_, p_net);
  ELSIF then_ + part.net + whole.low < p_net THEN
    SELECT w.starts_at, w.ends_at, w.before INTO b FROM (
      SELECT k.ends_at, k.low, lag(k.ends_at, 1, here) OVER (ORDER BY k.ends_at) AS starts_at,
             coalesce(sum(k.net) OVER (ORDER BY k.ends_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before FROM stock_block k
        WHERE k.tenant_id = p_tenant AND k.item_id = q.item_id AND k.place_id = q.place_id AND k.lot = q.lot AND k.ends_at > here) w
      WHERE then_ + part.net + w.before + w.low < p_net ORDER BY w.ends_at LIMIT 1;
    SELECT * INTO short_at, short_document FROM stock_first_short(p_tenant, q, b.starts_at, b.ends_at, then_ + part.net + b.before, p_net);
  ELSIF then_ + part.net + whole.net + tail.low < p_net THEN
    SELECT * INTO short_at, short_document FROM stock_first_short(p_tenant, q, last_, 'infinity', then_ + part.net + whole.net, p_net);
  END IF;
END $$;

-- Invariant: a block says what its movements say, for every writer. Blocks end some days ago when they are made (stock_block_make), so only
-- what is entered late can fall into one; such a block is counted again. Whoever makes blocks holds the item's row alone, and every
-- such movement shares it here; two movements into one block wait for each other at its row.
CREATE OR REPLACE FUNCTION stock_block_follow() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE k stock_block;
BEGIN
  PERFORM 1 FROM item WHERE tenant_id = NEW.tenant_id AND id = NEW.item_id FOR KEY SHARE;
  FOR k IN SELECT b.* FROM (SELECT x.place_id, x.lot, min(b.ends_at) AS ends_at FROM (VALUES (NEW.from_place_id, NEW.from_lot), (NEW.to_place_id, NEW.to_lot)) x(place_id, lot)
      JOIN stock_block b ON b.tenant_id = NEW.tenant_id AND b.item_id = NEW.item_id AND b.place_id = x.place_id AND b.lot = x.lot AND b.ends_at >= NEW.effective_at
      GROUP BY 1, 2) f
      JOIN stock_block b ON b.tenant_id = NEW.tenant_id AND b.item_id = NEW.item_id AND b.place_id = f.place_id AND b.lot = f.lot AND b.ends_at = f.ends_at
      ORDER BY b.place_id, b.lot FOR UPDATE OF b LOOP
    UPDATE stock_block b SET net = s.net, low = s.low
      FROM stock_stretch(k.tenant_id, k.item_id, k.place_id, k.lot, coalesce((SELECT max(p.ends_at) FROM stock_block p WHERE p.tenant_id = k.tenant_id
        AND p.item_id = k.item_id AND p.place_id = k.place_id AND p.lot = k.lot AND p.ends_at < k.ends_at), '-infinity'), k.ends_at) s
      WHERE b.tenant_id = k.tenant_id AND b.item_id = k.item_id AND b.place_id = k.place_id AND b.lot = k.lot AND b.ends_at = k.ends_at;
  END LOOP;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS stock_block_follows ON stock_move;
CREATE TRIGGER stock_block_follows AFTER INSERT ON stock_move FOR EACH ROW
  WHEN (NEW.effective_at < clock_timestamp() - interval '1 day') EXECUTE FUNCTION stock_block_follow();

-- Put the past of an item's queues into blocks of p_size movements (more, where many happen at one time), as far as there are whole ones
-- and two days are over. Returns how many were made.
CREATE OR REPLACE FUNCTION stock_block_make(p_tenant bigint, p_item bigint, p_size int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE q record; made bigint := 0; n bigint;
BEGIN
  PERFORM 1 FROM item WHERE tenant_id = p_tenant AND id = p_item FOR UPDATE;
  FOR q IN SELECT b.place_id, b.lot, coalesce((SELECT max(k.ends_at) FROM stock_block k WHERE k.tenant_id = p_tenant AND k.item_id = p_item
        AND k.place_id = b.place_id AND k.lot = b.lot), '-infinity') AS after FROM stock_balance b WHERE b.tenant_id = p_tenant AND b.item_id = p_item LOOP
    INSERT INTO stock_block (tenant_id, item_id, place_id, lot, ends_at, net, low)
      SELECT p_tenant, p_item, q.place_id, q.lot, max(r.effective_at), sum(r.change), min(r.running) FROM (
        SELECT d.effective_at, d.change, d.block, sum(d.change) OVER (PARTITION BY d.block ORDER BY d.effective_at, d.id) AS running, max(d.block) OVER () AS last_
          FROM (SELECT c.id, c.effective_at, c.change, (rank() OVER (ORDER BY c.effective_at) - 1) / p_size AS block
                FROM stock_changes(p_tenant, p_item, q.place_id, q.lot, q.after, clock_timestamp() - interval '2 days') c) d) r
      WHERE r.block < r.last_ GROUP BY r.block;
    GET DIAGNOSTICS n = ROW_COUNT;
    made := made + n;
  END LOOP;
  RETURN made;
END $$;

-- Where blocks do not say what their movements say (nowhere).
CREATE OR REPLACE FUNCTION stock_block_wrong(p_tenant bigint) RETURNS TABLE (item_id bigint, place_id bigint, lot bigint, ends_at timestamptz) LANGUAGE sql STABLE AS $$
  SELECT k.item_id, k.place_id, k.lot, k.ends_at FROM (
      SELECT b.*, lag(b.ends_at, 1, '-infinity') OVER (PARTITION BY b.item_id, b.place_id, b.lot ORDER BY b.ends_at) AS starts_at
        FROM stock_block b WHERE b.tenant_id = p_tenant) k
    CROSS JOIN LATERAL stock_stretch(p_tenant, k.item_id, k.place_id, k.lot, k.starts_at, k.ends_at) s
    WHERE (k.net, k.low) IS DISTINCT FROM (s.net, s.low)
$$;

CREATE OR REPLACE FUNCTION stock_refuse_short(p_tenant bigint, p_item bigint, p_place bigint, p_at timestamptz, p_document bigint, p_missing bigint, p_fits bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE item_code text; place_code text; number_ text; day date := local_day(p_tenant, p_at);
BEGIN
  SELECT code INTO item_code FROM item WHERE tenant_id = p_tenant AND id = p_item;
  SELECT code INTO place_code FROM place WHERE tenant_id = p_tenant AND id = p_place;
  SELECT number INTO number_ FROM record_ref WHERE tenant_id = p_tenant AND id = p_document;
  PERFORM refuse('ERP-1201',
    format('%s at %s goes short by %s on %s with %s: %s fit.', item_code, place_code, quantity_text(p_missing), day_text(day), number_, quantity_text(p_fits)),
    jsonb_build_object('item', item_code, 'place', place_code, 'short', quantity_text(p_missing), 'date', day, 'document', number_, 'fits', quantity_text(p_fits)));
END $$;

-- Invariant: returns only when every queue holds what the posting takes, line by line, from the posting's time on for ever.
-- Plain postings into the present need no more than the balances found under the locks.
CREATE OR REPLACE FUNCTION posting_check_quantities(p_tenant bigint, p_document bigint, p_at timestamptz, p_moves posting_move[], p_plain boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE m posting_move; sure boolean := p_plain;
BEGIN
  IF sure THEN
    FOREACH m IN ARRAY p_moves LOOP
      sure := sure AND (NOT m.from_kept OR m.held >= m.quantity AND coalesce(m.ends_at <= p_at, true));
    END LOOP;
  END IF;
  IF NOT sure THEN
    PERFORM posting_check_timeline(p_tenant, p_document, p_at, p_moves);
  END IF;
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION posting_check_timeline(p_tenant bigint, p_document bigint, p_at timestamptz, p_moves posting_move[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE r record; low record; held bigint;
BEGIN
  FOR r IN
    SELECT q.item_id, q.place_id, q.lot, q.taken, q.net, b FROM (
        SELECT d.item_id, d.place_id, d.lot, -min(d.running) AS taken, -sum(d.change)::bigint AS net FROM (
            SELECT c.item_id, c.place_id, c.lot, c.change,
                   sum(c.change) OVER (PARTITION BY c.item_id, c.place_id, c.lot ORDER BY c.line_no)::bigint AS running
            FROM (SELECT line_no, item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS change FROM unnest(p_moves) WHERE from_kept
                  UNION ALL SELECT line_no, item_id, to_place_id, to_lot, quantity FROM unnest(p_moves) WHERE to_kept) c) d
        GROUP BY d.item_id, d.place_id, d.lot HAVING min(d.running) < 0) q
      LEFT JOIN stock_balance b ON b.tenant_id = p_tenant AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot
      WHERE coalesce(b.on_hand, 0) < q.taken OR b.last_at > p_at ORDER BY q.item_id, q.place_id, q.lot LOOP
    held := coalesce((r.b).on_hand, 0);
    IF (r.b).last_at > p_at THEN
      SELECT * INTO low FROM stock_lowest(p_tenant, r.b, p_at, r.taken, r.net);
      CONTINUE WHEN low.short_at IS NULL;
      PERFORM stock_refuse_short(p_tenant, r.item_id, r.place_id, low.short_at, coalesce(low.short_document, p_document), r.taken - low.fits, low.fits);
    END IF;
    PERFORM stock_refuse_short(p_tenant, r.item_id, r.place_id, p_at, p_document, r.taken - held, held);
  END LOOP;
END $$;
