-- Quantities over time. Invariant: the balance of a followed place is never below zero at any time, so an issue fits only as far
-- as the lowest balance from its own time on.
CREATE OR REPLACE FUNCTION stock_changes_after(p_tenant bigint, p_item bigint, p_place bigint, p_lot bigint, p_at timestamptz)
RETURNS TABLE (id bigint, document_id bigint, effective_at timestamptz, change bigint) LANGUAGE sql STABLE AS $$
  SELECT id, document_id, effective_at, -quantity FROM stock_move WHERE tenant_id = p_tenant AND item_id = p_item AND from_place_id = p_place
    AND from_lot = p_lot AND effective_at > p_at
  UNION ALL SELECT id, document_id, effective_at, quantity FROM stock_move WHERE tenant_id = p_tenant AND item_id = p_item AND to_place_id = p_place
    AND to_lot = p_lot AND effective_at > p_at
$$;

-- The lowest balance from p_at on (fits), and the first moment at which taking p_taken at once, and p_net for good, would bring it
-- below zero (short_document is null when that is p_at itself).
CREATE OR REPLACE FUNCTION stock_lowest(p_tenant bigint, p_balance stock_balance, p_at timestamptz, p_taken bigint, p_net bigint,
  OUT fits bigint, OUT short_at timestamptz, OUT short_document bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE then_ bigint; total bigint; low bigint;
BEGIN
  SELECT coalesce(sum(c.change), 0), coalesce(min(c.running), 0) INTO total, low FROM (
    SELECT change, sum(change) OVER (ORDER BY effective_at, id) AS running
      FROM stock_changes_after(p_tenant, p_balance.item_id, p_balance.place_id, p_balance.lot, p_at)) c;
  then_ := p_balance.on_hand - total;
  fits := least(then_, then_ + low);
  IF then_ < p_taken THEN
    short_at := p_at;
  ELSIF then_ + low < p_net THEN
    SELECT c.effective_at, c.document_id INTO short_at, short_document FROM (
      SELECT effective_at, id, document_id, sum(change) OVER (ORDER BY effective_at, id) AS running
        FROM stock_changes_after(p_tenant, p_balance.item_id, p_balance.place_id, p_balance.lot, p_at)) c
      WHERE then_ + c.running < p_net ORDER BY c.effective_at, c.id LIMIT 1;
  END IF;
END $$;

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
