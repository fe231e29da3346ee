-- The movements of a posting, resolved. Invariant: every movement names an item that is stored, two places, and the two accounts
-- its value goes from and to; what the mapping says now is kept with the movement, so later corrections hit the same accounts.
DROP TYPE IF EXISTS posting_move CASCADE;
-- Beside the row's own columns: whether each end is followed; the source queue's balance, last moment and first layer, and the target
-- queue's first layer, as found under the locks; late: its cost is left to the worker.
CREATE TYPE posting_move AS (
  line_no int, item_id bigint, from_place_id bigint, from_lot bigint, to_place_id bigint, to_lot bigint, quantity bigint, value bigint,
  keep_origin boolean, source_move_id bigint, transform boolean, weight bigint, weight_before bigint, from_account_id bigint, to_account_id bigint,
  from_kept boolean, to_kept boolean, effective_at timestamptz, move_id bigint, late boolean, head_at timestamptz, head_move_id bigint,
  to_head_at timestamptz, held bigint, ends_at timestamptz);

-- An account by its code, or by the role the mapping gives it.
CREATE OR REPLACE FUNCTION account_find(p_tenant bigint, p_name text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE found_id bigint;
BEGIN
  SELECT id INTO found_id FROM account WHERE tenant_id = p_tenant AND code = p_name;
  IF found_id IS NULL THEN
    SELECT account_id INTO found_id FROM account_map WHERE tenant_id = p_tenant AND event = p_name AND item_kind = '' AND place_kind = '';
  END IF;
  IF found_id IS NULL THEN
    PERFORM refuse('ERP-1205', format('There is no account %s, and no mapping of that name. Finance can add it.', p_name), jsonb_build_object('account', p_name));
  END IF;
  RETURN found_id;
END $$;

-- In the order they happen: what production makes comes after what it uses.
CREATE OR REPLACE FUNCTION posting_resolve(p_tenant bigint, p_at timestamptz, p_moves jsonb) RETURNS posting_move[] LANGUAGE plpgsql AS $$
DECLARE resolved posting_move[];
BEGIN
  SELECT array_agg(ROW(m.line_no, m.item_id, m.from_place_id, m.from_lot, m.to_place_id, m.to_lot, m.quantity, m.value, m.keep_origin,
      m.source_move_id, m.transform, coalesce(m.weight, 0), 0,
      CASE WHEN m.from_account IS NULL THEN coalesce(f.account_id, fa.account_id) ELSE account_find(p_tenant, m.from_account) END,
      CASE WHEN m.to_account IS NULL THEN coalesce(t.account_id, ta.account_id) ELSE account_find(p_tenant, m.to_account) END,
      place_followed(f.kind), place_followed(t.kind), p_at, NULL, false, NULL, NULL, NULL, NULL, NULL)::posting_move
      ORDER BY m.transform AND NOT place_followed(f.kind), m.line_no)
    INTO resolved
    FROM jsonb_to_recordset(p_moves) m(line_no int, item_id bigint, from_place_id bigint, from_lot bigint, to_place_id bigint, to_lot bigint,
      quantity bigint, value bigint, keep_origin boolean, source_move_id bigint, transform boolean, weight bigint, from_account text, to_account text)
    JOIN item i ON i.tenant_id = p_tenant AND i.id = m.item_id AND i.kind <> 'service'
    JOIN place f ON f.tenant_id = p_tenant AND f.id = m.from_place_id
    JOIN place t ON t.tenant_id = p_tenant AND t.id = m.to_place_id
    LEFT JOIN account_map fa ON fa.tenant_id = p_tenant AND fa.event = 'stock' AND fa.item_kind = i.kind AND fa.place_kind = f.kind
    LEFT JOIN account_map ta ON ta.tenant_id = p_tenant AND ta.event = 'stock' AND ta.item_kind = i.kind AND ta.place_kind = t.kind;
  IF coalesce(cardinality(resolved), 0) <> jsonb_array_length(p_moves) THEN
    PERFORM refuse('ERP-1202', 'A line names an item that is not stored (or a service), or a place that does not exist. Choose another.');
  END IF;
  RETURN posting_weigh(p_tenant, resolved);
END $$;

-- Complete the accounts from the mapping for all item kinds, and say of each output how much weight comes before it.
CREATE OR REPLACE FUNCTION posting_weigh(p_tenant bigint, p_moves posting_move[]) RETURNS posting_move[] LANGUAGE plpgsql AS $$
DECLARE m posting_move; n int := 0; before bigint := 0;
BEGIN
  FOREACH m IN ARRAY p_moves LOOP
    n := n + 1;
    IF m.from_account_id IS NULL THEN
      p_moves[n].from_account_id := account_of_place(p_tenant, m.item_id, m.from_place_id);
    END IF;
    IF m.to_account_id IS NULL THEN
      p_moves[n].to_account_id := account_of_place(p_tenant, m.item_id, m.to_place_id);
    END IF;
    IF m.weight > 0 THEN
      p_moves[n].weight_before := before;
      before := before + m.weight;
    END IF;
  END LOOP;
  RETURN p_moves;
END $$;

CREATE OR REPLACE FUNCTION account_of_place(p_tenant bigint, p_item bigint, p_place bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
  SELECT a.account_id, format('%s at %s', i.kind, p.kind) AS what INTO found FROM item i JOIN place p ON p.tenant_id = p_tenant AND p.id = p_place
    LEFT JOIN account_map a ON a.tenant_id = p_tenant AND a.event = 'stock' AND a.item_kind = '' AND a.place_kind = p.kind
    WHERE i.tenant_id = p_tenant AND i.id = p_item;
  IF found.account_id IS NULL THEN
    PERFORM refuse('ERP-1205', format('No account is mapped for %s. Finance can add it to the mapping.', found.what));
  END IF;
  RETURN found.account_id;
END $$;

-- Lock the balance rows of all queues a posting touches, in the order of their keys: two postings can never wait for each other. Every
-- queue gets its row first, before any lock is held, the ones goods are to leave too: a row that another posting is about to commit could
-- not be locked, but what it brought would be seen, by the statements that follow. (Making it waits for that posting.)
-- Plain: no queue is touched twice, and nothing is taken by name.
CREATE OR REPLACE FUNCTION posting_lock(p_tenant bigint, INOUT moves posting_move[], OUT plain boolean) LANGUAGE plpgsql AS $$
DECLARE m posting_move; ends int := 0; named boolean := false; queues int;
BEGIN
  FOREACH m IN ARRAY moves LOOP
    ends := ends + m.from_kept::int + m.to_kept::int;
    named := named OR m.source_move_id IS NOT NULL;
  END LOOP;
  INSERT INTO stock_balance (tenant_id, item_id, place_id, lot)
    SELECT DISTINCT p_tenant, x.item_id, q.place_id, q.lot FROM unnest(moves) x
      CROSS JOIN LATERAL (VALUES (x.from_place_id, x.from_lot, x.from_kept), (x.to_place_id, x.to_lot, x.to_kept)) q (place_id, lot, kept)
      WHERE q.kept AND NOT EXISTS (SELECT 1 FROM stock_balance b WHERE b.tenant_id = p_tenant AND b.item_id = x.item_id AND b.place_id = q.place_id AND b.lot = q.lot)
      ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING;
  WITH queue AS MATERIALIZED (
    SELECT item_id, from_place_id AS place_id, from_lot AS lot FROM unnest(moves) WHERE from_kept
    UNION SELECT item_id, to_place_id, to_lot FROM unnest(moves) WHERE to_kept
  ), held AS MATERIALIZED (
    SELECT b.item_id, b.place_id, b.lot, b.on_hand, b.last_at, b.last_out_at, b.dirty_from, b.head_at, b.head_move_id
      FROM stock_balance b JOIN queue q ON b.tenant_id = p_tenant AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot
      ORDER BY b.item_id, b.place_id, b.lot FOR NO KEY UPDATE OF b)
  SELECT array_agg(ROW(x.line_no, x.item_id, x.from_place_id, x.from_lot, x.to_place_id, x.to_lot, x.quantity, x.value, x.keep_origin, x.source_move_id,
        x.transform, x.weight, x.weight_before, x.from_account_id, x.to_account_id, x.from_kept, x.to_kept, x.effective_at, NULL,
        coalesce(f.dirty_from IS NOT NULL OR x.effective_at < f.last_out_at, false) OR coalesce(t.dirty_from IS NOT NULL OR x.effective_at < t.last_out_at, false),
        coalesce(f.head_at, '-infinity'), coalesce(f.head_move_id, 0), t.head_at, coalesce(f.on_hand, 0), f.last_at)::posting_move
        ORDER BY x.transform AND NOT x.from_kept, x.line_no), (SELECT count(*) FROM queue)
    INTO moves, queues FROM unnest(moves) x
    LEFT JOIN held f ON x.from_kept AND f.item_id = x.item_id AND f.place_id = x.from_place_id AND f.lot = x.from_lot
    LEFT JOIN held t ON x.to_kept AND t.item_id = x.item_id AND t.place_id = x.to_place_id AND t.lot = x.to_lot;
  plain := queues = ends AND NOT named;
END $$;

-- Store the movements with ids given under the locks, so that (effective_at, id) is the order in which a queue was changed.
CREATE OR REPLACE FUNCTION posting_store_moves(p_tenant bigint, p_document bigint, p_step int, p_moves posting_move[]) RETURNS posting_move[] LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. cardinality(p_moves) LOOP
    p_moves[n].move_id := nextval('record_id_seq');
  END LOOP;
  INSERT INTO stock_move (tenant_id, id, document_id, step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
      value, keep_origin, source_move_id, transform, weight, weight_before, from_account_id, to_account_id)
    SELECT p_tenant, move_id, p_document, p_step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
      value, keep_origin, source_move_id, transform, weight, weight_before, from_account_id, to_account_id FROM unnest(p_moves);
  RETURN p_moves;
END $$;
