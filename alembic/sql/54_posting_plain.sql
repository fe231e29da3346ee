-- Plain postings: the common document, in order and in the present, posted with few statements. Nothing but empty queues is written before
-- it is sure that a posting is plain; if it is not, the answer is NULL and the caller asks post_document, which does everything and refuses.
-- Invariant: what it stores is what post_document would store, row by row (tests/ledger/test_plain.py).
--
-- It runs as the owner, behind the same wall (row-level security is forced on the owner too), and is the only writer whom the checks on
-- stock_move, cost_piece and the journal tables let pass, because it carries each of their duties itself: where, is said below. Tables are
-- named with their schema, so that nobody's temporary table can stand in for one.

-- What stands beside the lines of a plain posting, as found under the locks; arrays by line.
DROP TYPE IF EXISTS plain_lines CASCADE;
CREATE TYPE plain_lines AS (from_kept boolean, to_kept boolean, from_account bigint[], to_account bigint[], head_at timestamptz[], head_move bigint[]);
-- What was cut off which layer, by cut; and by line, which layer a queue is read from now.
DROP TYPE IF EXISTS plain_cuts CASCADE;
CREATE TYPE plain_cuts AS (line int[], layer bigint[], origin bigint[], quantity bigint[], value bigint[], rank int[], head_at timestamptz[], head_move bigint[]);

-- The tenant's day of a moment, when the document is a record and the month is open; NULL otherwise. Open it stays until the transaction
-- ends: whoever locks a month waits for all who hold it. (This is the duty of the references to documents, which nobody may delete, and of
-- the checks of the period.)
CREATE OR REPLACE FUNCTION plain_day(t bigint, p_document bigint, p_at timestamptz) RETURNS date LANGUAGE plpgsql AS $$
DECLARE zone text; day date; month text; held text;
BEGIN
  SELECT coalesce(z.tz, 'Asia/Jakarta') INTO zone FROM public.record_ref d LEFT JOIN public.tenant z ON z.tenant_id = t AND z.id = t
    WHERE d.tenant_id = t AND d.id = p_document;
  day := (p_at AT TIME ZONE zone)::date;
  month := to_char(day, 'YYYY-MM');
  held := pg_advisory_xact_lock_shared(hashtextextended('period:' || t || ':' || month, 0));  -- period_key
  PERFORM 1 FROM public.accounting_period WHERE tenant_id = t AND code = month AND state = 'open';
  RETURN CASE WHEN FOUND THEN day END;
END $$;

-- A queue gets its row before any lock is held.
CREATE OR REPLACE FUNCTION plain_arrive(t bigint, items bigint[], p_place bigint, p_lot bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.stock_balance (tenant_id, item_id, place_id, lot)
    SELECT DISTINCT t, i.id, p_place, p_lot FROM unnest(items) x(item_id) JOIN public.item i ON i.tenant_id = t AND i.id = x.item_id AND i.kind <> 'service'
      WHERE NOT EXISTS (SELECT 1 FROM public.stock_balance b WHERE b.tenant_id = t AND b.item_id = i.id AND b.place_id = p_place AND b.lot = p_lot)
      ORDER BY 2 ON CONFLICT DO NOTHING;
END $$;

-- Lock the queues of all lines in the order of their keys, and find what stands beside each line. NULL when the posting is not plain: a
-- queue is touched twice, short, late, waiting or without a row; a place or an account is not known; an item is a service.
-- (This is the duty of the references of a movement: an item cannot go as long as a balance row names it, places and accounts that are in
-- use cannot go either.)
CREATE OR REPLACE FUNCTION plain_lock(t bigint, p_at timestamptz, items bigint[], quantities bigint[], p_from bigint, p_from_lot bigint, p_to bigint,
  p_to_lot bigint) RETURNS plain_lines LANGUAGE plpgsql AS $$
DECLARE
  r record; n int; found int := 0; last_item bigint; last_place bigint; from_kind text; to_kind text; own_from bigint; own_to bigint;
  from_kept boolean := false; to_kept boolean := false; heads_at timestamptz[]; heads bigint[]; kind text; account_from bigint; account_to bigint;
  from_account bigint[]; to_account bigint[]; lines int := cardinality(items);
BEGIN
  FOR r IN SELECT p.id, p.kind, p.account_id, p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer') AS kept  -- place_followed
      FROM public.place p WHERE p.tenant_id = t AND p.id IN (p_from, p_to) LOOP
    IF r.id = p_from THEN
      from_kind := r.kind; own_from := r.account_id; from_kept := r.kept;
    END IF;
    IF r.id = p_to THEN
      to_kind := r.kind; own_to := r.account_id; to_kept := r.kept;
    END IF;
  END LOOP;
  IF from_kind IS NULL OR to_kind IS NULL OR NOT (from_kept OR to_kept) THEN
    RETURN NULL;
  END IF;
  IF p_at < now() - interval '10 minutes' THEN  -- (asked by itself: a condition with a query in it costs a query each time)
    IF EXISTS (SELECT 1 FROM unnest(items) i(id) CROSS JOIN (VALUES (p_from, p_from_lot), (p_to, p_to_lot)) q(place_id, lot) JOIN public.stock_balance b
          ON b.tenant_id = t AND b.item_id = i.id AND b.place_id = q.place_id AND b.lot = q.lot AND (b.dirty_from IS NOT NULL OR p_at < b.last_out_at)) THEN
      RETURN NULL;  -- late: no row is locked yet, for what may have to be settled first wants to lock much more, all at once
    END IF;
  END IF;
  IF to_kept THEN
    PERFORM plain_arrive(t, items, p_to, p_to_lot);
  END IF;
  FOR r IN SELECT e.n, e.leaves, i.kind, b.item_id, b.place_id, b.on_hand, b.last_at, b.last_out_at, b.dirty_from,
        b.head_at, b.head_move_id
      FROM (SELECT x.item_id, (x.n - 1) % lines + 1 AS n, from_kept AND x.n <= lines AS leaves, CASE WHEN from_kept AND x.n <= lines THEN p_from ELSE p_to END AS place_id,
            CASE WHEN from_kept AND x.n <= lines THEN p_from_lot ELSE p_to_lot END AS lot
          FROM unnest(CASE WHEN from_kept AND to_kept THEN items || items ELSE items END) WITH ORDINALITY x(item_id, n) OFFSET 0) e
      JOIN public.stock_balance b ON b.tenant_id = t AND b.item_id = e.item_id AND b.place_id = e.place_id AND b.lot = e.lot
      JOIN public.item i ON i.tenant_id = t AND i.id = e.item_id
      ORDER BY b.item_id, b.place_id, b.lot FOR NO KEY UPDATE OF b LOOP
    found := found + 1;
    n := r.n;
    IF r.dirty_from IS NOT NULL OR p_at < r.last_out_at OR r.kind = 'service' OR r.item_id = last_item AND (r.place_id = last_place OR NOT (from_kept AND to_kept)) THEN
      RETURN NULL;
    ELSIF r.leaves THEN
      IF r.on_hand < quantities[n] OR r.last_at > p_at THEN
        RETURN NULL;
      END IF;
      heads_at[n] := coalesce(r.head_at, '-infinity'); heads[n] := coalesce(r.head_move_id, 0);
    ELSIF p_at < r.head_at THEN
      RETURN NULL;
    END IF;
    last_item := r.item_id; last_place := r.place_id;
    IF kind IS DISTINCT FROM r.kind THEN
      kind := r.kind; account_from := NULL; account_to := NULL;
      SELECT coalesce(own_from, max(m.account_id) FILTER (WHERE m.place_kind = from_kind AND m.item_kind <> ''), max(m.account_id) FILTER (WHERE m.place_kind = from_kind)),
             coalesce(own_to, max(m.account_id) FILTER (WHERE m.place_kind = to_kind AND m.item_kind <> ''), max(m.account_id) FILTER (WHERE m.place_kind = to_kind))
        INTO account_from, account_to FROM public.account_map m
        WHERE m.tenant_id = t AND m.event = 'stock' AND m.item_kind IN ('', kind) AND m.place_kind IN (from_kind, to_kind);
      IF account_from IS NULL OR account_to IS NULL THEN
        RETURN NULL;
      END IF;
    END IF;
    from_account[n] := account_from; to_account[n] := account_to;
  END LOOP;
  IF found <> lines * (from_kept::int + to_kept::int) THEN
    RETURN NULL;
  END IF;
  RETURN ROW(from_kept, to_kept, from_account, to_account, heads_at, heads)::plain_lines;
END $$;

-- Cut what each line wants off the layers of its queue, oldest first (as cost_take_first does). Goods from outside get a layer of their
-- own. NULL when the layers hold less than the balance says. Two layers of every queue are read at once; further ones where they are needed.
CREATE OR REPLACE FUNCTION plain_cut(t bigint, p_at timestamptz, a plain_lines, items bigint[], quantities bigint[], p_from bigint, p_from_lot bigint,
  entering bigint[]) RETURNS plain_cuts LANGUAGE plpgsql AS $$
DECLARE
  r record; want bigint[] := quantities; part bigint; k int := 0; lines int := cardinality(items); ranks int[] := array_fill(0, ARRAY[lines]);
  line int[]; layer bigint[]; origin bigint[]; quantity bigint[]; worth bigint[]; rank int[]; last_at timestamptz[]; last_move bigint[]; last_rank int[];
  heads_at timestamptz[] := (a).head_at; heads bigint[] := (a).head_move; from_kept boolean := (a).from_kept;
BEGIN
  IF NOT from_kept THEN
    FOR n IN 1 .. lines LOOP
      line[n] := n; layer[n] := nextval('public.cost_layer_id_seq'); quantity[n] := quantities[n]; worth[n] := coalesce(entering[n], 0); rank[n] := 0;
    END LOOP;
    RETURN ROW(line, layer, NULL, quantity, worth, rank, NULL, NULL)::plain_cuts;
  END IF;
  FOR r IN SELECT m.n, y.id, y.origin_document_id, y.quantity, y.value, y.taken, y.effective_at, y.move_id, y.rank FROM unnest(items) WITH ORDINALITY m(item, n)
      CROSS JOIN LATERAL (SELECT x.id, x.origin_document_id, x.quantity, x.value, x.taken, x.effective_at, x.move_id, x.rank FROM public.cost_layer x
        WHERE x.tenant_id = t AND x.item_id = m.item AND x.place_id = p_from AND x.lot = p_from_lot AND (x.effective_at, x.move_id) >= (heads_at[m.n], heads[m.n])
          AND x.effective_at <= p_at AND x.taken < x.quantity ORDER BY x.effective_at, x.move_id, x.rank LIMIT 2) y LOOP
    CONTINUE WHEN want[r.n] = 0;
    k := k + 1;
    part := least(want[r.n], r.quantity - r.taken);
    line[k] := r.n; layer[k] := r.id; origin[k] := r.origin_document_id; quantity[k] := part; rank[k] := ranks[r.n];
    worth[k] := cost_portion(r.value, r.quantity, r.taken + part) - cost_portion(r.value, r.quantity, r.taken);
    want[r.n] := want[r.n] - part; ranks[r.n] := ranks[r.n] + 1;
    last_at[r.n] := r.effective_at; last_move[r.n] := r.move_id; last_rank[r.n] := r.rank;
  END LOOP;
  FOR n IN 1 .. lines LOOP
    IF want[n] > 0 THEN
      FOR r IN SELECT y.id, y.origin_document_id, y.quantity, y.value, y.taken, y.effective_at, y.move_id FROM public.cost_layer y
          WHERE y.tenant_id = t AND y.item_id = items[n] AND y.place_id = p_from AND y.lot = p_from_lot AND y.effective_at <= p_at AND y.taken < y.quantity
            AND (y.effective_at, y.move_id, y.rank) > (last_at[n], last_move[n], last_rank[n]) ORDER BY y.effective_at, y.move_id, y.rank LOOP
        k := k + 1;
        part := least(want[n], r.quantity - r.taken);
        line[k] := n; layer[k] := r.id; origin[k] := r.origin_document_id; quantity[k] := part; rank[k] := ranks[n];
        worth[k] := cost_portion(r.value, r.quantity, r.taken + part) - cost_portion(r.value, r.quantity, r.taken);
        want[n] := want[n] - part; ranks[n] := ranks[n] + 1; last_at[n] := r.effective_at; last_move[n] := r.move_id;
        EXIT WHEN want[n] = 0;
      END LOOP;
      IF want[n] > 0 THEN
        RETURN NULL;
      END IF;
    END IF;
  END LOOP;
  RETURN ROW(line, layer, origin, quantity, worth, rank, last_at, last_move)::plain_cuts;
END $$;

-- Lay what arrives at followed places: a layer for each piece that keeps its origin, one for a movement whose goods are merged or entered.
CREATE OR REPLACE FUNCTION plain_lay(t bigint, p_document bigint, p_at timestamptz, a plain_lines, c plain_cuts, moves bigint[], items bigint[], p_to bigint,
  p_to_lot bigint, keep_origin boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.cost_layer (tenant_id, id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)
    SELECT t, CASE WHEN x.enters THEN x.parent ELSE nextval('public.cost_layer_id_seq') END, moves[x.line], CASE WHEN NOT x.enters THEN x.parent END,
           CASE WHEN keep_origin AND NOT x.enters THEN x.origin ELSE p_document END, items[x.line], p_to, p_to_lot, p_at, x.rank, x.quantity, x.worth
    FROM (SELECT u.line, NOT (a).from_kept AS enters, CASE WHEN keep_origin OR NOT (a).from_kept THEN u.layer END AS parent,
            min(u.origin) AS origin, min(u.rank) AS rank, sum(u.quantity)::bigint AS quantity, sum(u.worth)::bigint AS worth
          FROM unnest((c).line, (c).layer, (c).origin, (c).quantity, (c).value, (c).rank) u(line, layer, origin, quantity, worth, rank)
          GROUP BY 1, 2, 3) x
    ORDER BY x.line, x.rank;
END $$;

-- The journal, written whole and sealed: what the cuts move between accounts, netted by account, zeroes left out. NULL when nothing is left.
-- (This is the duty of the checks on journals: each cut is added once and taken once, so that it balances; the month is open and held;
-- accounts were found by plain_lock; entry, lines and seal are stored by one statement.)
CREATE OR REPLACE FUNCTION plain_journal(t bigint, p_document bigint, p_step int, p_at timestamptz, p_day date, p_text text, a plain_lines, c plain_cuts)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE accounts bigint[] := '{}'; sums bigint[] := '{}'; n int; k int := 0; f int; g int; was int := 0; entry bigint; moved boolean := false;
  lines int[] := (c).line; worth bigint[] := (c).value; from_account bigint[] := (a).from_account; to_account bigint[] := (a).to_account;
BEGIN
  FOR i IN 1 .. cardinality(lines) LOOP
    n := lines[i];
    IF was = 0 OR from_account[n] <> from_account[was] OR to_account[n] <> to_account[was] THEN
      g := array_position(accounts, to_account[n]);
      IF g IS NULL THEN
        k := k + 1; g := k; accounts[k] := to_account[n]; sums[k] := 0;
      END IF;
      f := array_position(accounts, from_account[n]);
      IF f IS NULL THEN
        k := k + 1; f := k; accounts[k] := from_account[n]; sums[k] := 0;
      END IF;
      was := n;
    END IF;
    sums[g] := sums[g] + worth[i];
    sums[f] := sums[f] - worth[i];
  END LOOP;
  FOR i IN 1 .. k LOOP
    moved := moved OR sums[i] <> 0;
  END LOOP;
  IF NOT moved THEN
    RETURN NULL;
  END IF;
  entry := nextval('public.journal_entry_id_seq');
  WITH made AS (
    INSERT INTO public.journal_entry (tenant_id, id, document_id, step, date, effective_at, text) VALUES (t, entry, p_document, p_step, p_day, p_at, p_text)
  ), sealed AS (
    INSERT INTO public.journal_number (tenant_id, entry_id, year) VALUES (t, entry, extract(year FROM p_day)::int)
  )
  INSERT INTO public.journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date)
    SELECT t, entry, row_number() OVER (ORDER BY x.amount < 0, x.account), x.account, greatest(x.amount, 0), greatest(-x.amount, 0), p_day
    FROM (SELECT y.account, sums[y.n] AS amount FROM unnest(accounts) WITH ORDINALITY y(account, n)) x WHERE x.amount <> 0;
  RETURN entry;
END $$;

-- Invariant: as post_document. moves and worths are NULL when the posting is not plain. All lines go one way, nothing is taken by name,
-- transformed or booked besides, and lines come in the order of line_nos: the caller sees to that.
DROP FUNCTION IF EXISTS post_plain(bigint, int, timestamptz, text, boolean, int[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]);
CREATE OR REPLACE FUNCTION post_plain(p_document bigint, p_step int, p_at timestamptz, p_text text, p_from bigint, p_from_lot bigint, p_to bigint,
  p_to_lot bigint, p_keep_origin boolean, line_nos int[], items bigint[], quantities bigint[], entering bigint[],
  OUT moves bigint[], OUT worths bigint[], OUT journal bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  t bigint := current_setting('app.tenant')::bigint; day date := plain_day(t, p_document, p_at); a plain_lines; c plain_cuts; n int; lines int := cardinality(items);
  ids bigint[]; cut_moves bigint[]; cut_lines int[]; values_ bigint[]; quantity_ bigint[]; layer bigint[]; from_account bigint[]; to_account bigint[];
  was bigint[]; head bigint[]; shifts boolean := false;
BEGIN
  IF day IS NULL THEN
    RETURN;
  END IF;
  a := plain_lock(t, p_at, items, quantities, p_from, p_from_lot, p_to, p_to_lot);
  from_account := (a).from_account;
  IF from_account IS NULL THEN
    RETURN;
  END IF;
  c := plain_cut(t, p_at, a, items, quantities, p_from, p_from_lot, entering);
  cut_lines := (c).line;
  IF cut_lines IS NULL THEN
    RETURN;
  END IF;
  worths := array_fill(0, ARRAY[lines]);
  to_account := (a).to_account; was := (a).head_move; head := (c).head_move; values_ := (c).value; quantity_ := (c).quantity; layer := (c).layer;
  FOR n IN 1 .. lines LOOP
    ids[n] := nextval('public.record_id_seq');  -- given under the locks
    shifts := shifts OR coalesce(head[n] <> was[n] AND head[n] % 4 = 0, false);
  END LOOP;
  FOR i IN 1 .. cardinality(cut_lines) LOOP
    n := cut_lines[i];
    cut_moves[i] := ids[n];
    worths[n] := worths[n] + values_[i];
  END LOOP;
  INSERT INTO public.stock_move (tenant_id, id, document_id, step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
      value, keep_origin, from_account_id, to_account_id)
    SELECT t, x.id, p_document, p_step, line_nos[x.n], items[x.n], p_from, p_from_lot, p_to, p_to_lot, quantities[x.n], p_at, entering[x.n], p_keep_origin,
      from_account[x.n], to_account[x.n] FROM unnest(ids) WITH ORDINALITY x(id, n);
  WITH taken AS (
    UPDATE public.cost_layer y SET taken = y.taken + quantity_[x.n] FROM unnest(layer) WITH ORDINALITY x(id, n) WHERE y.tenant_id = t AND y.id = x.id
  )
  INSERT INTO public.cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)
    SELECT t, cut_moves[x.n], x.id, p_document, quantity_[x.n], values_[x.n], p_document, day FROM unnest(layer) WITH ORDINALITY x(id, n);
  IF (a).to_kept THEN
    PERFORM plain_lay(t, p_document, p_at, a, c, ids, items, p_to, p_to_lot, p_keep_origin);
  END IF;
  IF shifts THEN  -- now and then: to read over a few layers that are used up is cheaper than to write where reading begins each time
    UPDATE public.stock_balance b SET head_at = (c).head_at[x.n], head_move_id = head[x.n] FROM unnest(items) WITH ORDINALITY x(item_id, n)
      WHERE head[x.n] <> was[x.n] AND head[x.n] % 4 = 0 AND b.tenant_id = t AND b.item_id = x.item_id AND b.place_id = p_from AND b.lot = p_from_lot;
  END IF;
  journal := plain_journal(t, p_document, p_step, p_at, day, p_text, a, c);
  INSERT INTO public.outbox (tenant_id, name, payload, topics) VALUES (t, 'ledger.posted',
    jsonb_build_object('document_id', p_document, 'journal_id', journal, 'pending', false), ARRAY['stock', 'ledger', 'rec:' || p_document]);
  moves := ids;
END $$;
REVOKE ALL ON FUNCTION post_plain(bigint, int, timestamptz, text, bigint, bigint, bigint, bigint, boolean, int[], bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post_plain(bigint, int, timestamptz, text, bigint, bigint, bigint, bigint, boolean, int[], bigint[], bigint[], bigint[]) TO erp_app;
