-- Costs of a posting. Invariant: each movement's cost is settled here when everything it touches is in order; otherwise its queues
-- are marked and the worker settles it. What is known anyway (a receipt's value) is stored at once either way.
DROP TYPE IF EXISTS posting_cost CASCADE;
CREATE TYPE posting_cost AS (cuts cost_cut[], stored int, pending posting_move[], consumed bigint);

CREATE OR REPLACE FUNCTION posting_refuse_source(p_tenant bigint, m posting_move, p_missing bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE item_code text; source text; taker text; fit text := quantity_text(m.quantity - p_missing);
BEGIN
  SELECT code INTO item_code FROM item WHERE tenant_id = p_tenant AND id = m.item_id;
  SELECT r.number INTO source FROM stock_move s JOIN record_ref r ON r.tenant_id = p_tenant AND r.id = s.document_id
    WHERE s.tenant_id = p_tenant AND s.id = m.source_move_id;
  SELECT r.number INTO taker FROM cost_layer y JOIN stock_move x ON x.tenant_id = p_tenant AND x.item_id = y.item_id AND x.from_place_id = y.place_id
      AND x.from_lot = y.lot AND x.effective_at >= y.effective_at
    JOIN cost_piece c ON c.tenant_id = p_tenant AND c.move_id = x.id AND c.layer_id = y.id JOIN record_ref r ON r.tenant_id = p_tenant AND r.id = x.document_id
    WHERE y.tenant_id = p_tenant AND y.move_id = m.source_move_id ORDER BY x.effective_at, x.id LIMIT 1;
  PERFORM refuse('ERP-1209', format('%s of %s can no longer be taken back from %s: %s fit.%s', quantity_text(m.quantity), item_code, source, fit,
      coalesce(format(' %s already took from it; reverse that first.', taker), '')),
    jsonb_build_object('item', item_code, 'source', source, 'consumed_by', taker, 'fits', fit));
END $$;

-- How much of what a movement laid may still be taken by name: what of it lies there, or never came back from outside. NULL when it comes late, or its
-- cost, or that of its queue, still waits: then the replay tells.
CREATE OR REPLACE FUNCTION posting_source_left(p_tenant bigint, m posting_move) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE s stock_move; held bigint;
BEGIN
  SELECT * INTO s FROM stock_move x WHERE x.tenant_id = p_tenant AND x.id = m.source_move_id;
  IF s.id IS NULL OR s.item_id <> m.item_id OR (s.to_place_id, s.to_lot) <> (m.from_place_id, m.from_lot) OR s.effective_at > m.effective_at THEN
    RETURN 0;
  ELSIF NOT m.from_kept THEN
    SELECT s.quantity - coalesce(sum(x.quantity), 0) INTO held FROM stock_move x WHERE x.tenant_id = p_tenant AND x.source_move_id = s.id;
  ELSIF NOT EXISTS (SELECT 1 FROM stock_balance b WHERE b.tenant_id = p_tenant AND b.item_id = m.item_id
      AND b.place_id = m.from_place_id AND b.lot = m.from_lot AND (b.dirty_from IS NOT NULL OR b.last_out_at > m.effective_at)) THEN
    SELECT coalesce(sum(y.quantity - y.taken), 0) INTO held FROM cost_layer y WHERE y.tenant_id = p_tenant AND y.move_id = s.id
      AND y.place_id = m.from_place_id AND y.lot = m.from_lot;
  END IF;
  RETURN held;
END $$;

-- Before quantities are looked at: goods to be taken back must still be where that movement put them, or the answer is who took them.
CREATE OR REPLACE FUNCTION posting_check_sources(p_tenant bigint, p_moves posting_move[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE m posting_move; held bigint;
BEGIN
  FOREACH m IN ARRAY p_moves LOOP
    IF m.source_move_id IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock(hashtextextended('left:' || p_tenant || ':' || m.source_move_id, 0));
      held := posting_source_left(p_tenant, m);
      IF held < m.quantity THEN
        PERFORM posting_refuse_source(p_tenant, m, m.quantity - held);
      END IF;
    END IF;
  END LOOP;
END $$;

-- Whether a movement takes back what another one moved whose cost still waits.
CREATE OR REPLACE FUNCTION posting_source_waits(p_tenant bigint, m posting_move) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT m.source_move_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cost_piece c WHERE c.tenant_id = p_tenant AND c.move_id = m.source_move_id)
$$;

CREATE OR REPLACE FUNCTION posting_take(p_tenant bigint, p_document bigint, m posting_move, p_cuts cost_cut[]) RETURNS cost_cut[] LANGUAGE plpgsql AS $$
DECLARE taken record;
BEGIN
  IF m.source_move_id IS NOT NULL THEN
    SELECT * INTO taken FROM cost_take_source(p_tenant, m, p_cuts);
    IF taken.missing > 0 THEN
      PERFORM posting_refuse_source(p_tenant, m, taken.missing);
    END IF;
  ELSE
    SELECT * INTO taken FROM cost_take_first(p_tenant, m, p_cuts);
    IF taken.missing > 0 THEN
      PERFORM stock_refuse_short(p_tenant, m.item_id, m.from_place_id, m.effective_at, p_document, taken.missing, m.quantity - taken.missing);
    END IF;
  END IF;
  RETURN taken.cuts;
END $$;

-- Goods that enter: their own layer, with the given value or their share of what the document transforms.
CREATE OR REPLACE FUNCTION posting_enter(p_tenant bigint, m posting_move, p_total bigint, p_weight bigint, p_cuts cost_cut[]) RETURNS cost_cut[]
LANGUAGE plpgsql AS $$
DECLARE worth bigint := coalesce(m.value, 0);
BEGIN
  IF m.transform THEN
    worth := cost_portion(p_total, p_weight, m.weight_before + m.weight) - cost_portion(p_total, p_weight, m.weight_before);
  END IF;
  RETURN p_cuts || ROW(m.move_id, nextval('cost_layer_id_seq'), NULL, m.quantity, worth, 0, 'e', m.from_account_id, m.to_account_id)::cost_cut;
END $$;

CREATE OR REPLACE FUNCTION posting_cost(p_tenant bigint, p_document bigint, p_at timestamptz, p_day date, p_added bigint, p_moves posting_move[], p_plain boolean)
RETURNS posting_cost LANGUAGE plpgsql AS $$
DECLARE s posting_cost := ROW('{}', 0, '{}', coalesce(p_added, 0))::posting_cost; rest posting_move[] := p_moves; m posting_move; weight bigint := 0; h record; stored boolean;
BEGIN
  IF p_plain THEN
    h := cost_take_heads(p_tenant, p_moves);
    s.cuts := h.cuts;
    rest := h.rest;
  END IF;
  IF p_added IS NOT NULL THEN
    weight := (SELECT sum(x.weight) FROM unnest(p_moves) x);
    s.consumed := s.consumed + coalesce((SELECT sum(c.value) FROM unnest(s.cuts) c JOIN unnest(p_moves) x ON x.move_id = c.move_id WHERE x.transform), 0);
  END IF;
  FOREACH m IN ARRAY rest LOOP
    s := posting_cost_one(p_tenant, p_document, m, weight, p_plain, s);
    IF NOT p_plain THEN
      stored := cost_store(p_tenant, p_document, p_day, p_moves, s.cuts[s.stored + 1:]);
      s.stored := cardinality(s.cuts);
    END IF;
  END LOOP;
  IF s.stored < cardinality(s.cuts) THEN
    stored := cost_store(p_tenant, p_document, p_day, p_moves, s.cuts[s.stored + 1:]);
  END IF;
  IF cardinality(s.pending) > 0 THEN
    PERFORM cost_defer(p_tenant, p_document, p_at, s.pending);
  END IF;
  RETURN s;
END $$;

-- One movement: taken, entered, or left to the worker, together with what is made of it.
CREATE OR REPLACE FUNCTION posting_cost_one(p_tenant bigint, p_document bigint, m posting_move, p_weight bigint, p_plain boolean, s posting_cost)
RETURNS posting_cost LANGUAGE plpgsql AS $$
DECLARE n int := cardinality(s.cuts);
BEGIN
  m.late := m.late OR NOT p_plain AND (posting_waits(m, s.pending) OR posting_source_waits(p_tenant, m))
    OR m.transform AND NOT m.from_kept AND EXISTS (SELECT 1 FROM unnest(s.pending) w WHERE w.transform);
  IF m.late THEN
    s.pending := s.pending || m;
  END IF;
  IF m.from_kept OR m.source_move_id IS NOT NULL THEN
    IF NOT m.late THEN
      s.cuts := posting_take(p_tenant, p_document, m, s.cuts);
    END IF;
    IF m.transform AND m.from_kept THEN
      s.consumed := s.consumed + coalesce((SELECT sum(c.value) FROM unnest(s.cuts[n + 1:]) c), 0);
    END IF;
  ELSIF NOT (m.late AND m.transform) THEN
    s.cuts := posting_enter(p_tenant, m, s.consumed, p_weight, s.cuts);
  END IF;
  RETURN s;
END $$;

-- Whether a movement takes from a queue that an earlier movement of the same document left waiting.
CREATE OR REPLACE FUNCTION posting_waits(m posting_move, p_pending posting_move[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT EXISTS (SELECT 1 FROM unnest(p_pending) w WHERE w.item_id = m.item_id AND m.from_kept
    AND ((w.to_place_id = m.from_place_id AND w.to_lot = m.from_lot) OR (w.from_place_id = m.from_place_id AND w.from_lot = m.from_lot)))
$$;
