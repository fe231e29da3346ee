-- The movements of a posting, resolved. Invariant: every movement names an item that is stored, two places, and the two accounts
-- its value goes from and to; what the mapping says now is kept with the movement, so later corrections hit the same accounts.
DROP TYPE IF EXISTS posting_move CASCADE;
CREATE TYPE posting_move AS (
  line_no int, item_id bigint, from_place_id bigint, from_lot bigint, to_place_id bigint, to_lot bigint, quantity bigint, value bigint,
  keep_origin boolean, source_move_id bigint, transform boolean, weight bigint, weight_before bigint, from_account_id bigint, to_account_id bigint,
  from_kept boolean, to_kept boolean, effective_at timestamptz, move_id bigint, late boolean, head_at timestamptz, head_move_id bigint, to_head_at timestamptz);

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

CREATE OR REPLACE FUNCTION posting_resolve(p_tenant bigint, p_at timestamptz, p_moves jsonb) RETURNS posting_move[] LANGUAGE plpgsql AS $$
DECLARE resolved posting_move[];
BEGIN
  SELECT array_agg(ROW(m.line_no, i.id, f.id, coalesce(m.from_lot, 0), t.id, coalesce(m.to_lot, 0), m.quantity, m.value, m.keep_origin,
      m.source_move_id, m.transform, coalesce(m.weight, 0),
      m.weight_upto - coalesce(m.weight, 0),
      CASE WHEN m.from_account IS NULL THEN coalesce(f.account_id, fa.account_id) ELSE account_find(p_tenant, m.from_account) END,
      CASE WHEN m.to_account IS NULL THEN coalesce(t.account_id, ta.account_id) ELSE account_find(p_tenant, m.to_account) END,
      place_followed(f.kind), place_followed(t.kind), p_at, NULL, NULL, NULL, NULL, NULL)::posting_move ORDER BY m.line_no)
    INTO resolved
    FROM (SELECT r.*, sum(coalesce(r.weight, 0)) OVER (ORDER BY r.line_no)::bigint AS weight_upto FROM jsonb_to_recordset(p_moves)
      r(line_no int, item_id bigint, from_place_id bigint, from_lot bigint, to_place_id bigint, to_lot bigint, quantity bigint, value bigint,
      keep_origin boolean, source_move_id bigint, transform boolean, weight bigint, from_account text, to_account text)) m
    JOIN item i ON i.tenant_id = p_tenant AND i.id = m.item_id AND i.kind <> 'service'
    JOIN place f ON f.tenant_id = p_tenant AND f.id = m.from_place_id
    JOIN place t ON t.tenant_id = p_tenant AND t.id = m.to_place_id
    LEFT JOIN LATERAL (SELECT a.account_id FROM account_map a WHERE a.tenant_id = p_tenant AND a.event = 'stock' AND a.item_kind IN (i.kind, '')
      AND a.place_kind = f.kind ORDER BY a.item_kind DESC LIMIT 1) fa ON true
    LEFT JOIN LATERAL (SELECT a.account_id FROM account_map a WHERE a.tenant_id = p_tenant AND a.event = 'stock' AND a.item_kind IN (i.kind, '')
      AND a.place_kind = t.kind ORDER BY a.item_kind DESC LIMIT 1) ta ON true;
  IF coalesce(cardinality(resolved), 0) <> jsonb_array_length(p_moves) THEN
    PERFORM refuse('ERP-1202', 'A line names an item that is not stored (or a service), or a place that does not exist. Choose another.');
  END IF;
  PERFORM posting_check_accounts(p_tenant, resolved);
  RETURN resolved;
END $$;

CREATE OR REPLACE FUNCTION posting_check_accounts(p_tenant bigint, p_moves posting_move[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE m posting_move; what text;
BEGIN
  FOREACH m IN ARRAY p_moves LOOP
    IF m.from_account_id IS NULL OR m.to_account_id IS NULL THEN
      SELECT format('%s at %s', i.kind, p.kind) INTO what FROM item i JOIN place p ON p.tenant_id = p_tenant
        AND p.id = CASE WHEN m.from_account_id IS NULL THEN m.from_place_id ELSE m.to_place_id END WHERE i.tenant_id = p_tenant AND i.id = m.item_id;
      PERFORM refuse('ERP-1205', format('No account is mapped for %s. Finance can add it to the mapping.', what));
    END IF;
  END LOOP;
END $$;

-- Lock the balance rows of all queues a posting touches, in the order of their keys: two postings can never wait for each other.
-- A queue of lot 0 gets its row first, before any lock is held; a queue of one delivery belongs to this document alone.
CREATE OR REPLACE FUNCTION posting_lock(p_tenant bigint, p_moves posting_move[]) RETURNS stock_balance[] LANGUAGE plpgsql AS $$
DECLARE locked stock_balance[];
BEGIN
  INSERT INTO stock_balance (tenant_id, item_id, place_id, lot)
    SELECT DISTINCT p_tenant, m.item_id, m.to_place_id, 0 FROM unnest(p_moves) m WHERE m.to_kept AND m.to_lot = 0
      AND NOT EXISTS (SELECT 1 FROM stock_balance b WHERE b.tenant_id = p_tenant AND b.item_id = m.item_id AND b.place_id = m.to_place_id AND b.lot = 0)
    ORDER BY 2, 3 ON CONFLICT DO NOTHING;
  SELECT array_agg(x.b) INTO locked FROM (
    SELECT b FROM stock_balance b JOIN (
        SELECT item_id, from_place_id AS place_id, from_lot AS lot FROM unnest(p_moves) WHERE from_kept
        UNION SELECT item_id, to_place_id, to_lot FROM unnest(p_moves) WHERE to_kept) q
      ON b.tenant_id = p_tenant AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot
    ORDER BY b.item_id, b.place_id, b.lot FOR NO KEY UPDATE OF b) x;
  RETURN locked;
END $$;

-- Store the movements, in the order of their lines, with ids given under the locks; say of each whether its cost comes too late.
CREATE OR REPLACE FUNCTION posting_store_moves(p_tenant bigint, p_document bigint, p_step int, p_moves posting_move[], p_locked stock_balance[])
RETURNS posting_move[] LANGUAGE plpgsql AS $$
DECLARE stored posting_move[];
BEGIN
  WITH ins AS (
    INSERT INTO stock_move (tenant_id, document_id, step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
        value, keep_origin, source_move_id, transform, weight, weight_before, from_account_id, to_account_id)
      SELECT p_tenant, p_document, p_step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
        value, keep_origin, source_move_id, transform, weight, weight_before, from_account_id, to_account_id FROM unnest(p_moves) ORDER BY line_no
    RETURNING id, line_no)
  SELECT array_agg(ROW(m.line_no, m.item_id, m.from_place_id, m.from_lot, m.to_place_id, m.to_lot, m.quantity, m.value, m.keep_origin,
      m.source_move_id, m.transform, m.weight, m.weight_before, m.from_account_id, m.to_account_id, m.from_kept, m.to_kept, m.effective_at, ins.id,
      coalesce(f.dirty_from IS NOT NULL OR m.effective_at < f.last_out_at, false) OR coalesce(t.dirty_from IS NOT NULL OR m.effective_at < t.last_out_at, false),
      coalesce(f.head_at, '-infinity'), coalesce(f.head_move_id, 0), t.head_at)::posting_move ORDER BY m.line_no)
    INTO stored
    FROM ins JOIN unnest(p_moves) m ON m.line_no = ins.line_no
    LEFT JOIN unnest(p_locked) f ON m.from_kept AND f.item_id = m.item_id AND f.place_id = m.from_place_id AND f.lot = m.from_lot
    LEFT JOIN unnest(p_locked) t ON m.to_kept AND t.item_id = m.item_id AND t.place_id = m.to_place_id AND t.lot = m.to_lot;
  RETURN stored;
END $$;
