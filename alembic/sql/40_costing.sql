-- Costing inside a posting. Invariants (rules C1, C2): a layer's pieces add up to it however it is cut; a queue is consumed first
-- in first out by (effective_at, move_id, rank); only what is read is consumed, so the depth of a queue does not matter.
DROP TYPE IF EXISTS cost_cut CASCADE;
-- One piece on its way into the tables. lays: 'k' keeps its origin in a layer of its own, 'm' is merged with the movement's other
-- pieces, 'e' entered from outside (layer_id is then the new layer's own), ' ' leaves our places.
CREATE TYPE cost_cut AS (move_id bigint, layer_id bigint, origin_document_id bigint, quantity bigint, value bigint, rank int, lays "char",
  from_account_id bigint, to_account_id bigint);

-- As cost_portion, for what might not fit into 64 bits on the way, and for values below zero.
CREATE OR REPLACE FUNCTION cost_portion_wide(p_value bigint, p_quantity bigint, p_position bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN sign(p_value::numeric) * div(2 * abs(p_value)::numeric * p_position + p_quantity, 2 * p_quantity::numeric);
END $$;

-- What the first p_position units of a layer are worth: half_up(value x position / quantity). The same as costing/rules.py.
-- (It is put into every statement that calls it, and made ready there once a transaction: each operator counts.)
CREATE OR REPLACE FUNCTION cost_portion(p_value bigint, p_quantity bigint, p_position bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_position >= p_quantity THEN p_value
    WHEN p_value >= 0 AND p_value < 2000000000 AND p_position < 1000000000 THEN (2 * p_value * p_position + p_quantity) / p_quantity / 2
    ELSE cost_portion_wide(p_value, p_quantity, p_position) END
$$;

-- What a movement lays at its target.
CREATE OR REPLACE FUNCTION cost_lays(p_kept boolean, p_keep_origin boolean) RETURNS "char" LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN NOT p_kept THEN ' '::"char" WHEN p_keep_origin THEN 'k'::"char" ELSE 'm'::"char" END
$$;

-- The common case, all lines at once: the first layer of the queue still holds all that is wanted. The other lines are left over.
CREATE OR REPLACE FUNCTION cost_take_heads(p_tenant bigint, p_moves posting_move[], OUT cuts cost_cut[], OUT rest posting_move[]) LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(array_agg(ROW(m.move_id, y.id, y.origin_document_id, m.quantity,
        cost_portion(y.value, y.quantity, y.taken + m.quantity) - cost_portion(y.value, y.quantity, y.taken), 0, cost_lays(m.to_kept, m.keep_origin),
        m.from_account_id, m.to_account_id)::cost_cut) FILTER (WHERE y.id IS NOT NULL), '{}'),
      coalesce(array_agg(m ORDER BY m.move_id) FILTER (WHERE y.id IS NULL), '{}')
    INTO cuts, rest
    FROM unnest(p_moves) m
    LEFT JOIN cost_layer y ON NOT m.late AND m.from_kept AND y.tenant_id = p_tenant AND y.item_id = m.item_id AND y.place_id = m.from_place_id AND y.lot = m.from_lot
      AND y.effective_at = m.head_at AND y.move_id = m.head_move_id AND y.rank = 0 AND y.effective_at <= m.effective_at AND y.quantity - y.taken >= m.quantity;
END $$;

-- Cut what a movement wants off the layers of its queue, oldest first, not after the movement itself; remember where reading may begin.
CREATE OR REPLACE FUNCTION cost_take_first(p_tenant bigint, m posting_move, INOUT cuts cost_cut[], OUT missing bigint) LANGUAGE plpgsql AS $$
DECLARE l record; part bigint; n int := 0; lays "char" := cost_lays(m.to_kept, m.keep_origin);
BEGIN
  missing := m.quantity;
  FOR l IN SELECT y.id, y.origin_document_id, y.quantity, y.value, y.taken, y.effective_at, y.move_id FROM cost_layer y
      WHERE y.tenant_id = p_tenant AND y.item_id = m.item_id AND y.place_id = m.from_place_id AND y.lot = m.from_lot
        AND (y.effective_at, y.move_id) >= (m.head_at, m.head_move_id) AND y.effective_at <= m.effective_at AND y.taken < y.quantity
      ORDER BY y.effective_at, y.move_id, y.rank LOOP
    part := least(missing, l.quantity - l.taken);
    cuts := cuts || ROW(m.move_id, l.id, l.origin_document_id, part,
      cost_portion(l.value, l.quantity, l.taken + part) - cost_portion(l.value, l.quantity, l.taken), n, lays, m.from_account_id, m.to_account_id)::cost_cut;
    n := n + 1;
    missing := missing - part;
    EXIT WHEN missing = 0;
  END LOOP;
  IF l.move_id IS DISTINCT FROM m.head_move_id AND l.move_id IS NOT NULL THEN
    UPDATE stock_balance b SET head_at = l.effective_at, head_move_id = l.move_id
      WHERE b.tenant_id = p_tenant AND b.item_id = m.item_id AND b.place_id = m.from_place_id AND b.lot = m.from_lot;
  END IF;
END $$;

-- Cut off only what one movement laid (returns and reversals). Goods that left our places get their layers when they come back.
CREATE OR REPLACE FUNCTION cost_take_source(p_tenant bigint, m posting_move, INOUT cuts cost_cut[], OUT missing bigint) LANGUAGE plpgsql AS $$
DECLARE l record; part bigint; n int := 0; lays "char" := cost_lays(m.to_kept, m.keep_origin);
BEGIN
  missing := m.quantity;
  IF NOT m.from_kept THEN
    PERFORM cost_keep_what_left(p_tenant, m.source_move_id);
  END IF;
  FOR l IN SELECT y.id, y.origin_document_id, y.quantity, y.value, y.taken FROM cost_layer y
      WHERE y.tenant_id = p_tenant AND y.move_id = m.source_move_id AND y.item_id = m.item_id AND y.place_id = m.from_place_id
        AND y.lot = m.from_lot AND y.taken < y.quantity ORDER BY y.rank LOOP
    part := least(missing, l.quantity - l.taken);
    cuts := cuts || ROW(m.move_id, l.id, l.origin_document_id, part,
      cost_portion(l.value, l.quantity, l.taken + part) - cost_portion(l.value, l.quantity, l.taken), n, lays, m.from_account_id, m.to_account_id)::cost_cut;
    n := n + 1;
    missing := missing - part;
    EXIT WHEN missing = 0;
  END LOOP;
END $$;

-- Lay what a movement brought out of our places, now that something of it comes back. Safe to call again, and at the same time.
CREATE OR REPLACE FUNCTION cost_keep_what_left(p_tenant bigint, p_move bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('left:' || p_tenant || ':' || p_move, 0));
  INSERT INTO cost_layer (tenant_id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)
    SELECT p_tenant, p_move, y.id, y.origin_document_id, m.item_id, m.to_place_id, m.to_lot, m.effective_at,
           row_number() OVER (ORDER BY y.effective_at, y.move_id, y.rank) - 1, s.quantity, s.value
    FROM stock_move m
    JOIN (SELECT layer_id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM cost_piece
          WHERE tenant_id = p_tenant AND move_id = p_move GROUP BY layer_id HAVING sum(quantity) > 0) s ON true
    JOIN cost_layer y ON y.tenant_id = p_tenant AND y.id = s.layer_id AND y.move_id <> p_move
    WHERE m.tenant_id = p_tenant AND m.id = p_move
      AND NOT EXISTS (SELECT 1 FROM cost_layer k WHERE k.tenant_id = p_tenant AND k.move_id = p_move);
END $$;

-- Store cuts: take them off their layers, lay what was kept, merged or entered, and append the pieces.
CREATE OR REPLACE FUNCTION cost_store(p_tenant bigint, p_document bigint, p_day date, p_moves posting_move[], p_cuts cost_cut[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE c cost_cut; takes boolean := false; lays boolean := false;
BEGIN
  FOREACH c IN ARRAY p_cuts LOOP
    takes := takes OR c.lays <> 'e';
    lays := lays OR c.lays <> ' ';
  END LOOP;
  IF takes THEN
    UPDATE cost_layer y SET taken = y.taken + x.quantity FROM unnest(p_cuts) x
      WHERE x.lays <> 'e' AND y.tenant_id = p_tenant AND y.id = x.layer_id;
  END IF;
  IF lays THEN
    PERFORM cost_lay(p_tenant, p_document, p_moves, p_cuts);
  END IF;
  INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)
    SELECT p_tenant, move_id, layer_id, p_document, quantity, value, p_document, p_day FROM unnest(p_cuts);
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION cost_lay(p_tenant bigint, p_document bigint, p_moves posting_move[], p_cuts cost_cut[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM unnest(p_moves) m WHERE m.effective_at < m.to_head_at) THEN  -- it lies before where reading begins: now it begins there
    UPDATE stock_balance b SET head_at = f.effective_at, head_move_id = f.move_id
      FROM (SELECT DISTINCT ON (m.item_id, m.to_place_id, m.to_lot) m.* FROM unnest(p_moves) m JOIN unnest(p_cuts) c ON c.move_id = m.move_id
            WHERE m.effective_at < m.to_head_at AND c.lays <> ' ' ORDER BY m.item_id, m.to_place_id, m.to_lot, m.move_id) f
      WHERE b.tenant_id = p_tenant AND b.item_id = f.item_id AND b.place_id = f.to_place_id AND b.lot = f.to_lot
        AND (b.head_at, b.head_move_id) > (f.effective_at, f.move_id);
  END IF;
  INSERT INTO cost_layer (tenant_id, id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)
    SELECT p_tenant, CASE WHEN x.lays = 'e' THEN x.layer_id ELSE nextval('cost_layer_id_seq') END, x.move_id, CASE WHEN x.lays = 'k' THEN x.layer_id END,
           CASE WHEN x.lays = 'k' THEN x.origin ELSE p_document END, m.item_id, m.to_place_id, m.to_lot, m.effective_at, x.rank, x.quantity, x.value
    FROM (SELECT lays, move_id, layer_id, origin_document_id AS origin, rank, quantity, value FROM unnest(p_cuts) WHERE lays IN ('k', 'e')
          UNION ALL SELECT lays, move_id, NULL, NULL, 0, sum(quantity)::bigint, sum(value)::bigint FROM unnest(p_cuts) WHERE lays = 'm' GROUP BY 1, 2) x
    JOIN unnest(p_moves) m ON m.move_id = x.move_id;
END $$;

-- A queue whose costs wait for the worker, and the items it must replay.
CREATE OR REPLACE FUNCTION cost_defer(p_tenant bigint, p_document bigint, p_at timestamptz, p_moves posting_move[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stock_balance b SET dirty_from = least(b.dirty_from, p_at)
    FROM (SELECT DISTINCT item_id, from_place_id AS place_id, from_lot AS lot FROM unnest(p_moves) WHERE from_kept
          UNION SELECT item_id, to_place_id, to_lot FROM unnest(p_moves) WHERE to_kept) q
    WHERE b.tenant_id = p_tenant AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot;
  INSERT INTO hpp_queue (tenant_id, item_id, from_at, cause_document_id)
    SELECT DISTINCT p_tenant, item_id, p_at, p_document FROM unnest(p_moves);
  INSERT INTO outbox (tenant_id, name, payload, topics)
    SELECT DISTINCT p_tenant, 'hpp.queued', jsonb_build_object('item_id', item_id), ARRAY['queue'] FROM unnest(p_moves);
END $$;

-- A layer is cut again and again, in place as long as its page has room.
ALTER TABLE cost_layer SET (fillfactor = 80);

-- Invariant for every writer: a piece is of a movement and was cut off a layer, both of its tenant; neither can be deleted. Only a quantity of
-- nothing goes to another document than the movement's own (a revaluation). (One look for all rows; post_plain and cost_correct, which run as
-- the owner, store pieces of what they have just found or made. Looked up by key, however many there are.)
CREATE OR REPLACE FUNCTION cost_piece_check() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN cost_layer y ON y.tenant_id = f.tenant_id AND y.id = f.layer_id
      LEFT JOIN stock_move m ON m.tenant_id = f.tenant_id AND m.id = f.move_id
      WHERE y.id IS NULL OR m.id IS NULL OR m.document_id <> f.document_id AND f.quantity <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'cost_piece_refers', MESSAGE = 'a piece refers to no layer or movement of its tenant';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS cost_piece_checked ON cost_piece;
CREATE TRIGGER cost_piece_checked AFTER INSERT ON cost_piece REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (current_user::text <> 'erp_owner') EXECUTE FUNCTION cost_piece_check();
