-- Plain postings: the common document, in order and in the present, posted with few statements. Nothing but empty queues is written before
-- it is sure that a posting is plain; if it is not, the answer is NULL and the caller asks post_document, which does everything and refuses.
-- Invariant: what it stores is what post_document would store, row by row (tests/ledger/test_plain.py).
--
-- It runs as the owner, behind the same wall (row-level security is forced on the owner too), and is the only writer whom the checks on
-- stock_move, cost_piece and the journal tables let pass, because it carries each of their duties itself: where, is said below. Tables are
-- named with their schema, so that nobody's temporary table can stand in for one.

-- What stands beside the lines of a plain posting, as found under the locks; all arrays by line.
DROP TYPE IF EXISTS plain_lines CASCADE;
CREATE TYPE plain_lines AS (from_kept boolean[], to_kept boolean[], from_account bigint[], to_account bigint[], head_at timestamptz[], head_move bigint[]);
-- What was cut off which layer, by cut; and by line, which layer a queue is read from now where that is another one than before.
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
CREATE OR REPLACE FUNCTION plain_arrive(t bigint, items bigint[], places bigint[], lots bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.stock_balance (tenant_id, item_id, place_id, lot)
    SELECT DISTINCT t, x.item_id, x.place_id, x.lot FROM unnest(items, places, lots) x(item_id, place_id, lot)
      JOIN public.item i ON i.tenant_id = t AND i.id = x.item_id AND i.kind <> 'service'
      WHERE NOT EXISTS (SELECT 1 FROM public.stock_balance b WHERE b.tenant_id = t AND b.item_id = x.item_id AND b.place_id = x.place_id AND b.lot = x.lot)
      ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING;
END $$;

-- Lock the queues of all lines in the order of their keys, and find what stands beside each line. NULL when the posting is not plain: a
-- queue is touched twice, short, late, waiting or without a row; a place or an account is not known; an item is a service.
-- (This is the duty of the references of a movement: an item cannot go as long as a balance row names it, places and accounts that are in
-- use cannot go either.)
CREATE OR REPLACE FUNCTION plain_lock(t bigint, p_at timestamptz, items bigint[], froms bigint[], from_lots bigint[], tos bigint[], to_lots bigint[],
  quantities bigint[]) RETURNS plain_lines LANGUAGE plpgsql AS $$
DECLARE
  r record; lines int := cardinality(items); n int; k int := 0; ends int := 0; f int; g int; last_item bigint; last_place bigint; last_lot bigint;
  places bigint[]; place_kinds text[]; place_accounts bigint[]; kinds text[]; from_kept boolean[]; to_kept boolean[]; arrives boolean := false;
  end_line int[]; end_item bigint[]; end_place bigint[]; end_lot bigint[]; heads_at timestamptz[]; heads bigint[]; from_account bigint[]; to_account bigint[];
BEGIN
  FOR r IN SELECT id, kind, account_id FROM public.place WHERE tenant_id = t AND id = ANY (froms || tos) LOOP
    k := k + 1;
    places[k] := r.id; place_kinds[k] := r.kind; place_accounts[k] := r.account_id;
  END LOOP;
  FOR n IN 1 .. lines LOOP
    IF n = 1 OR froms[n] <> froms[n - 1] OR tos[n] <> tos[n - 1] THEN
      f := array_position(places, froms[n]);
      g := array_position(places, tos[n]);
    END IF;
    from_kept[n] := place_kinds[f] IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer');  -- place_followed
    to_kept[n] := place_kinds[g] IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer');
    IF from_kept[n] THEN
      ends := ends + 1;
      end_line[ends] := n; end_item[ends] := items[n]; end_place[ends] := froms[n]; end_lot[ends] := from_lots[n];
    END IF;
    IF to_kept[n] THEN
      ends := ends + 1;
      end_line[ends] := -n; end_item[ends] := items[n]; end_place[ends] := tos[n]; end_lot[ends] := to_lots[n];
      arrives := true;
    ELSIF to_kept[n] IS NULL OR from_kept[n] IS NOT TRUE THEN
      RETURN NULL;
    END IF;
  END LOOP;
  IF arrives THEN
    PERFORM plain_arrive(t, end_item, end_place, end_lot);
  END IF;
  k := 0;
  FOR r IN SELECT e.line, i.kind, b.item_id, b.place_id, b.lot, b.on_hand, b.last_at, b.last_out_at, b.dirty_from, b.head_at, b.head_move_id
      FROM (SELECT x.line, end_item[x.n] AS item_id, end_place[x.n] AS place_id, end_lot[x.n] AS lot
          FROM unnest(end_line) WITH ORDINALITY x(line, n) OFFSET 0) e
      JOIN public.stock_balance b ON b.tenant_id = t AND b.item_id = e.item_id AND b.place_id = e.place_id AND b.lot = e.lot
      JOIN public.item i ON i.tenant_id = t AND i.id = b.item_id
      ORDER BY b.item_id, b.place_id, b.lot FOR NO KEY UPDATE OF b LOOP
    k := k + 1;
    n := abs(r.line);
    IF r.dirty_from IS NOT NULL OR p_at < r.last_out_at OR r.kind = 'service' OR (r.item_id = last_item AND r.place_id = last_place AND r.lot = last_lot) THEN
      RETURN NULL;
    ELSIF r.line < 0 THEN
      IF p_at < r.head_at THEN
        RETURN NULL;
      END IF;
    ELSIF r.on_hand < quantities[n] OR r.last_at > p_at THEN
      RETURN NULL;
    ELSE
      heads_at[n] := coalesce(r.head_at, '-infinity'); heads[n] := coalesce(r.head_move_id, 0);
    END IF;
    last_item := r.item_id; last_place := r.place_id; last_lot := r.lot;
    kinds[n] := r.kind;
  END LOOP;
  IF k <> ends THEN
    RETURN NULL;
  END IF;
  FOR n IN 1 .. lines LOOP
    IF n > 1 AND kinds[n] = kinds[n - 1] AND froms[n] = froms[n - 1] AND tos[n] = tos[n - 1] THEN
      from_account[n] := from_account[n - 1]; to_account[n] := to_account[n - 1];
    ELSE
      f := array_position(places, froms[n]);
      g := array_position(places, tos[n]);
      from_account[n] := NULL; to_account[n] := NULL;
      FOR r IN SELECT place_kind, account_id FROM public.account_map WHERE tenant_id = t AND event = 'stock' AND item_kind IN ('', kinds[n])
          AND place_kind IN (place_kinds[f], place_kinds[g]) ORDER BY item_kind LOOP  -- '' is all kinds; one of its own goes before it
        from_account[n] := CASE WHEN r.place_kind = place_kinds[f] THEN r.account_id ELSE from_account[n] END;
        to_account[n] := CASE WHEN r.place_kind = place_kinds[g] THEN r.account_id ELSE to_account[n] END;
      END LOOP;
      from_account[n] := coalesce(place_accounts[f], from_account[n]); to_account[n] := coalesce(place_accounts[g], to_account[n]);
      IF from_account[n] IS NULL OR to_account[n] IS NULL THEN
        RETURN NULL;
      END IF;
    END IF;
  END LOOP;
  RETURN ROW(from_kept, to_kept, from_account, to_account, heads_at, heads)::plain_lines;
END $$;

-- Cut what each line wants off the layers of its queue, oldest first (as cost_take_first does). Goods from outside get a layer of their
-- own. NULL when the layers hold less than the balance says. Two layers of every queue are read at once; further ones where they are needed.
CREATE OR REPLACE FUNCTION plain_cut(t bigint, p_at timestamptz, a plain_lines, items bigint[], froms bigint[], from_lots bigint[], quantities bigint[],
  entering bigint[]) RETURNS plain_cuts LANGUAGE plpgsql AS $$
DECLARE
  r record; want bigint[] := quantities; part bigint; k int := 0; lines int := cardinality(items); ranks int[] := array_fill(0, ARRAY[lines]);
  line int[]; layer bigint[]; origin bigint[]; quantity bigint[]; worth bigint[]; rank int[]; last_at timestamptz[]; last_move bigint[]; last_rank int[];
  heads_at timestamptz[] := (a).head_at; heads bigint[] := (a).head_move; from_kept boolean[] := (a).from_kept;
BEGIN
  FOR r IN SELECT m.n, y.id, y.origin_document_id, y.quantity, y.value, y.taken, y.effective_at, y.move_id, y.rank FROM unnest(items) WITH ORDINALITY m(item, n)
      CROSS JOIN LATERAL (SELECT x.id, x.origin_document_id, x.quantity, x.value, x.taken, x.effective_at, x.move_id, x.rank FROM public.cost_layer x
        WHERE x.tenant_id = t AND x.item_id = m.item AND x.place_id = froms[m.n] AND x.lot = from_lots[m.n] AND (x.effective_at, x.move_id) >= (heads_at[m.n], heads[m.n])
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
    IF NOT from_kept[n] THEN
      k := k + 1;
      line[k] := n; layer[k] := nextval('public.cost_layer_id_seq'); quantity[k] := quantities[n]; worth[k] := coalesce(entering[n], 0); rank[k] := 0;
    ELSIF want[n] > 0 THEN
      FOR r IN SELECT y.id, y.origin_document_id, y.quantity, y.value, y.taken, y.effective_at, y.move_id FROM public.cost_layer y
          WHERE y.tenant_id = t AND y.item_id = items[n] AND y.place_id = froms[n] AND y.lot = from_lots[n] AND y.effective_at <= p_at AND y.taken < y.quantity
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
CREATE OR REPLACE FUNCTION plain_lay(t bigint, p_document bigint, p_at timestamptz, a plain_lines, c plain_cuts, moves bigint[], items bigint[], tos bigint[],
  to_lots bigint[], keep_origin boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.cost_layer (tenant_id, id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)
    SELECT t, CASE WHEN x.enters THEN x.parent ELSE nextval('public.cost_layer_id_seq') END, moves[x.line], CASE WHEN NOT x.enters THEN x.parent END,
           CASE WHEN keep_origin AND NOT x.enters THEN x.origin ELSE p_document END, items[x.line], tos[x.line], to_lots[x.line], p_at, x.rank, x.quantity, x.worth
    FROM (SELECT u.line, NOT (a).from_kept[u.line] AS enters, CASE WHEN keep_origin OR NOT (a).from_kept[u.line] THEN u.layer END AS parent,
            min(u.origin) AS origin, min(u.rank) AS rank, sum(u.quantity)::bigint AS quantity, sum(u.worth)::bigint AS worth
          FROM unnest((c).line, (c).layer, (c).origin, (c).quantity, (c).value, (c).rank) u(line, layer, origin, quantity, worth, rank)
          WHERE (a).to_kept[u.line] GROUP BY 1, 2, 3) x
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

-- Invariant: as post_document. moves and worths are NULL when the posting is not plain. Nothing is taken by name, transformed or
-- booked besides, and lines come in the order of line_nos; the caller sees to that. Empty lots are 0, no values are NULL.
CREATE OR REPLACE FUNCTION post_plain(p_document bigint, p_step int, p_at timestamptz, p_text text, p_keep_origin boolean, line_nos int[], items bigint[],
  froms bigint[], tos bigint[], quantities bigint[], from_lots bigint[], to_lots bigint[], entering bigint[],
  OUT moves bigint[], OUT worths bigint[], OUT journal bigint) LANGUAGE plpgsql SECURITY DEFINER
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  t bigint := current_setting('app.tenant')::bigint; day date := plain_day(t, p_document, p_at); a plain_lines; c plain_cuts; ids bigint[]; cut_moves bigint[];
  lays boolean := false; shifts boolean := false; n int; lines int := cardinality(items); cut_lines int[]; values_ bigint[];
  quantity_ bigint[]; layer bigint[]; cuts int; from_account bigint[]; to_account bigint[]; to_kept boolean[]; was bigint[]; head bigint[];
BEGIN
  from_lots := coalesce(from_lots, array_fill(0, ARRAY[lines]));
  to_lots := coalesce(to_lots, array_fill(0, ARRAY[lines]));
  IF day IS NULL THEN
    RETURN;
  END IF;
  a := plain_lock(t, p_at, items, froms, from_lots, tos, to_lots, quantities);
  IF (a).from_kept IS NULL THEN
    RETURN;
  END IF;
  c := plain_cut(t, p_at, a, items, froms, from_lots, quantities, entering);
  IF (c).line IS NULL THEN
    RETURN;
  END IF;
  worths := array_fill(0, ARRAY[lines]);
  from_account := (a).from_account; to_account := (a).to_account; to_kept := (a).to_kept; was := (a).head_move; head := (c).head_move;
  cut_lines := (c).line; values_ := (c).value; quantity_ := (c).quantity; layer := (c).layer; cuts := cardinality(layer);
  FOR n IN 1 .. lines LOOP
    ids[n] := nextval('public.record_id_seq');  -- given under the locks
    lays := lays OR to_kept[n];
    shifts := shifts OR coalesce(head[n] <> was[n], false);
  END LOOP;
  FOR i IN 1 .. cuts LOOP
    n := cut_lines[i];
    cut_moves[i] := ids[n];
    worths[n] := worths[n] + values_[i];
  END LOOP;
  INSERT INTO public.stock_move (tenant_id, id, document_id, step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
      value, keep_origin, from_account_id, to_account_id)
    SELECT t, x.id, p_document, p_step, line_nos[x.n], items[x.n], froms[x.n], from_lots[x.n], tos[x.n], to_lots[x.n], quantities[x.n], p_at, entering[x.n],
      p_keep_origin, from_account[x.n], to_account[x.n] FROM unnest(ids) WITH ORDINALITY x(id, n);
  WITH taken AS (
    UPDATE public.cost_layer y SET taken = y.taken + quantity_[x.n] FROM unnest(layer) WITH ORDINALITY x(id, n) WHERE y.tenant_id = t AND y.id = x.id
  )
  INSERT INTO public.cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)
    SELECT t, cut_moves[x.n], x.id, p_document, quantity_[x.n], values_[x.n], p_document, day FROM unnest(layer) WITH ORDINALITY x(id, n);
  IF lays THEN
    PERFORM plain_lay(t, p_document, p_at, a, c, ids, items, tos, to_lots, p_keep_origin);
  END IF;
  IF shifts THEN
    UPDATE public.stock_balance b SET head_at = m.at, head_move_id = m.head FROM unnest(items, froms, from_lots, (a).head_move, (c).head_at, (c).head_move)
        m(item_id, place_id, lot, was, at, head)
      WHERE m.head <> m.was AND b.tenant_id = t AND b.item_id = m.item_id AND b.place_id = m.place_id AND b.lot = m.lot;
  END IF;
  journal := plain_journal(t, p_document, p_step, p_at, day, p_text, a, c);
  INSERT INTO public.outbox (tenant_id, name, payload, topics) VALUES (t, 'ledger.posted',
    jsonb_build_object('document_id', p_document, 'journal_id', journal, 'pending', false), ARRAY['stock', 'ledger', 'rec:' || p_document]);
  moves := ids;
END $$;
REVOKE ALL ON FUNCTION post_plain(bigint, int, timestamptz, text, boolean, int[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post_plain(bigint, int, timestamptz, text, boolean, int[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]) TO erp_app;
