-- Plain postings: the common document, in order and in the present, posted with few statements and expressions: to begin with each of them
-- costs more than the rows they store. Whether a posting is plain is known only under the locks. If it is not, all is undone and let go
-- again, and the answer is NULL: then the caller asks post_document, which does everything and refuses.
-- Invariant: what it stores is what post_document would store, row by row (tests/ledger/test_plain.py).
--
-- It runs as the owner, behind the same wall (row-level security is forced on the owner too), and is the only writer whom the checks on
-- stock_move, cost_piece and the journal tables, and the keeper of balances, let pass, because it carries each of their duties itself: where,
-- is said below. Tables are named with their schema, so that nobody's temporary table can stand in for one.

-- What all lines of a plain posting have in common.
DROP TYPE IF EXISTS plain_way CASCADE;
CREATE TYPE plain_way AS (day date, from_kept boolean, to_kept boolean, from_kind text, to_kind text, own_from bigint, own_to bigint);
-- What stands beside the lines, as found under the locks: the accounts (arrays by line where they differ), and where FIFO begins to read.
DROP TYPE IF EXISTS plain_lines CASCADE;
CREATE TYPE plain_lines AS (from_account bigint, to_account bigint, from_accounts bigint[], to_accounts bigint[], head_at timestamptz[], head_move bigint[]);
-- What was cut off which layer, by cut; what each line is worth; and by line, where reading begins from now on (mostly nowhere else).
DROP TYPE IF EXISTS plain_cuts CASCADE;
CREATE TYPE plain_cuts AS (line int[], layer bigint[], quantity bigint[], value bigint[], worths bigint[], head_at timestamptz[], head_move bigint[]);

DROP FUNCTION IF EXISTS plain_day(bigint, bigint, timestamptz);
DROP FUNCTION IF EXISTS plain_lock(bigint, timestamptz, bigint[], bigint[], bigint, bigint, bigint, bigint);

CREATE OR REPLACE FUNCTION plain_not() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ERP02', MESSAGE = 'the posting is not plain';
END $$;

-- The tenant's day of a moment and the two places, when the document is a record, the month is open, and a place is followed. Open the month
-- stays until the transaction ends: whoever locks a month waits for all who hold it. (This is the duty of the references to documents and
-- places, which nobody may delete, and of the checks of the period.)
CREATE OR REPLACE FUNCTION plain_find(t bigint, p_document bigint, p_at timestamptz, p_from bigint, p_to bigint) RETURNS plain_way LANGUAGE plpgsql AS $$
DECLARE way plain_way; zone text; month text; held text;
BEGIN
  SELECT coalesce(z.tz, 'Asia/Jakarta') INTO zone FROM public.record_ref d LEFT JOIN public.tenant z ON z.tenant_id = t AND z.id = t
    WHERE d.tenant_id = t AND d.id = p_document;
  month := to_char(p_at AT TIME ZONE zone, 'YYYY-MM');
  held := pg_advisory_xact_lock_shared(hashtextextended('period:' || t || ':' || month, 0));  -- period_key
  SELECT (p_at AT TIME ZONE zone)::date, f.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer'),  -- place_followed
      g.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer'), f.kind, g.kind, f.account_id, g.account_id
    INTO way FROM public.accounting_period m
    JOIN public.place f ON f.tenant_id = t AND f.id = p_from JOIN public.place g ON g.tenant_id = t AND g.id = p_to
    WHERE m.tenant_id = t AND m.code = month AND m.state = 'open';
  IF way.from_kept OR way.to_kept THEN
    RETURN way;
  END IF;
  PERFORM plain_not();
END $$;

-- A queue gets its row before any lock is held.
CREATE OR REPLACE FUNCTION plain_arrive(t bigint, items bigint[], p_place bigint, p_lot bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.stock_balance (tenant_id, item_id, place_id, lot)
    SELECT DISTINCT t, i.id, p_place, p_lot FROM unnest(items) x(item_id) JOIN public.item i ON i.tenant_id = t AND i.id = x.item_id AND i.kind <> 'service'
      WHERE NOT EXISTS (SELECT 1 FROM public.stock_balance b WHERE b.tenant_id = t AND b.item_id = i.id AND b.place_id = p_place AND b.lot = p_lot)
      ORDER BY 2 ON CONFLICT DO NOTHING;
END $$;

-- The accounts of one kind of item.
CREATE OR REPLACE FUNCTION plain_accounts(t bigint, way plain_way, p_kind text, OUT from_account bigint, OUT to_account bigint) LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(way.own_from, max(m.account_id) FILTER (WHERE m.place_kind = way.from_kind AND m.item_kind <> ''), max(m.account_id) FILTER (WHERE m.place_kind = way.from_kind)),
         coalesce(way.own_to, max(m.account_id) FILTER (WHERE m.place_kind = way.to_kind AND m.item_kind <> ''), max(m.account_id) FILTER (WHERE m.place_kind = way.to_kind))
    INTO from_account, to_account FROM public.account_map m
    WHERE m.tenant_id = t AND m.event = 'stock' AND m.item_kind IN ('', p_kind) AND m.place_kind IN (way.from_kind, way.to_kind);
  IF from_account IS NULL OR to_account IS NULL THEN
    PERFORM plain_not();
  END IF;
END $$;

-- Change the balances of all queues, in the order of their keys, which locks them; and find what stands beside each line. Not plain: a
-- queue is touched twice, short, late, waiting or without a row; an account is not known; an item is a service.
-- (This is the duty of the keeper of balances, and of the references of a movement: an item cannot go as long as a balance row names it,
-- places and accounts that are in use cannot go either.)
CREATE OR REPLACE FUNCTION plain_move(t bigint, p_at timestamptz, way plain_way, items bigint[], quantities bigint[], p_from bigint, p_from_lot bigint,
  p_to bigint, p_to_lot bigint) RETURNS plain_lines LANGUAGE plpgsql AS $$
DECLARE r record; a plain_lines; lines int := cardinality(items); ends int := 0; leaving int := CASE WHEN way.from_kept THEN lines ELSE 0 END;
  kinds text[]; head_at timestamptz[]; head_move bigint[];
BEGIN
  FOR r IN
    UPDATE public.stock_balance b SET on_hand = b.on_hand + e.change, last_at = greatest(b.last_at, p_at),
        last_out_at = CASE WHEN e.change < 0 THEN p_at ELSE b.last_out_at END
      FROM (SELECT x.item_id, CASE WHEN x.n <= leaving THEN p_from ELSE p_to END AS place_id, CASE WHEN x.n <= leaving THEN p_from_lot ELSE p_to_lot END AS lot,
              (x.n - 1) % lines + 1 AS n, CASE WHEN x.n <= leaving THEN -quantities[x.n] ELSE quantities[x.n - leaving] END AS change
            FROM unnest(CASE WHEN way.from_kept AND way.to_kept THEN items || items ELSE items END) WITH ORDINALITY x(item_id, n) ORDER BY 1, 2, 3) e
      JOIN public.item i ON i.tenant_id = t AND i.id = e.item_id AND i.kind <> 'service'
      WHERE b.tenant_id = t AND b.item_id = e.item_id AND b.place_id = e.place_id AND b.lot = e.lot
        AND b.dirty_from IS NULL AND coalesce(b.last_out_at <= p_at, true)
        AND CASE WHEN e.change < 0 THEN b.on_hand + e.change >= 0 AND coalesce(b.last_at <= p_at, true) ELSE coalesce(b.head_at <= p_at, true) END
      RETURNING e.n, e.change < 0 AS leaves, i.kind, coalesce(b.head_at, '-infinity') AS head_at, coalesce(b.head_move_id, 0) AS head_move LOOP
    ends := ends + 1;
    kinds[r.n] := r.kind;
    IF r.leaves THEN
      head_at[r.n] := r.head_at; head_move[r.n] := r.head_move;
    END IF;
  END LOOP;
  IF ends < lines * (way.from_kept::int + way.to_kept::int) THEN
    PERFORM plain_not();
  END IF;
  a := plain_accounts(t, way, kinds[1]);
  IF array_remove(kinds, kinds[1]) <> '{}' THEN
    SELECT NULL, NULL, array_agg(c.from_account ORDER BY k.n), array_agg(c.to_account ORDER BY k.n) INTO a
      FROM unnest(kinds) WITH ORDINALITY k(kind, n) CROSS JOIN LATERAL plain_accounts(t, way, k.kind) c;
  END IF;
  a.head_at := head_at; a.head_move := head_move;
  RETURN a;
END $$;

-- Goods from outside get a layer of their own, worth what the document says.
CREATE OR REPLACE FUNCTION plain_enter(quantities bigint[], entering bigint[]) RETURNS plain_cuts LANGUAGE plpgsql AS $$
DECLARE c plain_cuts;
BEGIN
  SELECT array_agg(x.n ORDER BY x.n), array_agg(nextval('public.cost_layer_id_seq') ORDER BY x.n), quantities, array_agg(coalesce(entering[x.n], 0) ORDER BY x.n)
    INTO c FROM unnest(quantities) WITH ORDINALITY x(quantity, n);
  c.worths := c.value;
  RETURN c;
END $$;

-- Cut what each line wants off the layers of its queue, oldest first (as cost_take_first does). Two layers of every queue are read; all over
-- again and many more, when that is not enough. Not plain: the layers hold less than the balance says.
CREATE OR REPLACE FUNCTION plain_cut(t bigint, p_at timestamptz, a plain_lines, items bigint[], quantities bigint[], p_from bigint, p_from_lot bigint)
RETURNS plain_cuts LANGUAGE plpgsql AS $$
DECLARE
  r record; depth int := 2; nothing bigint[] := array_fill(0::bigint, ARRAY[cardinality(items)]); k int; want bigint[]; part bigint; worth bigint; line int[];
  layer bigint[]; quantity bigint[]; value_ bigint[]; worths bigint[]; was bigint[] := a.head_move; from_at timestamptz[] := a.head_at; head_at timestamptz[]; head_move bigint[];
BEGIN
  LOOP
    k := 0; want := quantities; worths := nothing;
    FOR r IN SELECT m.n, y.id, y.quantity, y.value, y.taken, y.effective_at, y.move_id FROM unnest(items) WITH ORDINALITY m(item, n)
        CROSS JOIN LATERAL (SELECT x.id, x.quantity, x.value, x.taken, x.effective_at, x.move_id FROM public.cost_layer x
          WHERE x.tenant_id = t AND x.item_id = m.item AND x.place_id = p_from AND x.lot = p_from_lot AND (x.effective_at, x.move_id) >= (from_at[m.n], was[m.n])
            AND x.effective_at <= p_at AND x.taken < x.quantity ORDER BY x.effective_at, x.move_id, x.rank LIMIT depth) y LOOP
      part := least(want[r.n], r.quantity - r.taken);
      CONTINUE WHEN part = 0;
      k := k + 1;
      worth := cost_portion(r.value, r.quantity, r.taken + part) - cost_portion(r.value, r.quantity, r.taken);
      line[k] := r.n; layer[k] := r.id; quantity[k] := part; value_[k] := worth; worths[r.n] := worths[r.n] + worth;
      want[r.n] := want[r.n] - part;
      IF r.move_id <> was[r.n] AND hashint8(r.move_id) % 4 = 0 THEN  -- now and then: to read over a few used up layers is cheaper than to write each time
        head_at[r.n] := r.effective_at; head_move[r.n] := r.move_id;
      END IF;
    END LOOP;
    IF want = nothing THEN
      RETURN ROW(line, layer, quantity, value_, worths, head_at, head_move)::plain_cuts;
    ELSIF depth > 1000000 THEN
      PERFORM plain_not();
    END IF;
    depth := depth * 100;
  END LOOP;
END $$;

-- Lay what arrives at followed places: a layer for each piece that keeps its origin, one for a movement whose goods are merged or entered.
CREATE OR REPLACE FUNCTION plain_lay(t bigint, p_document bigint, p_at timestamptz, way plain_way, c plain_cuts, moves bigint[], items bigint[], p_to bigint,
  p_to_lot bigint, keep_origin boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF keep_origin AND way.from_kept THEN
    INSERT INTO public.cost_layer (tenant_id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)
      SELECT t, moves[u.line], u.layer, y.origin_document_id, items[u.line], p_to, p_to_lot, p_at, row_number() OVER (PARTITION BY u.line ORDER BY u.n) - 1,
        u.quantity, u.value FROM unnest(c.line, c.layer, c.quantity, c.value) WITH ORDINALITY u(line, layer, quantity, value, n)
      JOIN public.cost_layer y ON y.tenant_id = t AND y.id = u.layer;
    RETURN;
  END IF;
  INSERT INTO public.cost_layer (tenant_id, id, move_id, origin_document_id, item_id, place_id, lot, effective_at, quantity, value)
    SELECT t, CASE WHEN way.from_kept THEN nextval('public.cost_layer_id_seq') ELSE x.layer END, moves[x.line], p_document, items[x.line], p_to, p_to_lot, p_at,
      x.quantity, x.value FROM (SELECT u.line, min(u.layer) AS layer, sum(u.quantity)::bigint AS quantity, sum(u.value)::bigint AS value
        FROM unnest(c.line, c.layer, c.quantity, c.value) u(line, layer, quantity, value) GROUP BY 1) x
    ORDER BY x.line;
END $$;

-- What lines of several accounts move between them, netted by account, debits first, zeroes left out; NULL when nothing is left.
CREATE OR REPLACE FUNCTION plain_net(a plain_lines, worths bigint[], OUT accounts bigint[], OUT amounts bigint[]) LANGUAGE plpgsql AS $$
BEGIN
  SELECT array_agg(n.account ORDER BY n.amount < 0, n.account), array_agg(n.amount ORDER BY n.amount < 0, n.account) INTO accounts, amounts
    FROM (SELECT x.account, sum(x.amount)::bigint AS amount FROM unnest(worths) WITH ORDINALITY w(worth, n)
          CROSS JOIN LATERAL (VALUES (a.to_accounts[w.n], w.worth), (a.from_accounts[w.n], -w.worth)) x(account, amount) GROUP BY 1 HAVING sum(x.amount) <> 0) n;
END $$;

-- Invariant: as post_document. moves and worths are NULL when the posting is not plain. All lines go one way, nothing is taken by name,
-- transformed or booked besides, and lines come in the order of line_nos: the caller sees to that.
-- (Storing all in one statement is the duty of the checks on journals: each line is added once and taken once, so that it balances; the
-- month is open and held; accounts were found by plain_accounts; entry, lines and seal come together.)
CREATE OR REPLACE FUNCTION post_plain(p_document bigint, p_step int, p_at timestamptz, p_text text, p_from bigint, p_from_lot bigint, p_to bigint,
  p_to_lot bigint, p_keep_origin boolean, line_nos int[], items bigint[], quantities bigint[], entering bigint[],
  OUT moves bigint[], OUT worths bigint[], OUT journal bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  t bigint := current_setting('app.tenant')::bigint; kept text; way plain_way; a plain_lines; c plain_cuts; ids bigint[]; total bigint := 0; worth bigint;
  accounts bigint[]; amounts bigint[];
BEGIN
  kept := set_config('app.balances', 'kept', true);  -- by plain_move, until we return
  way := plain_find(t, p_document, p_at, p_from, p_to);
  IF way.to_kept THEN
    PERFORM plain_arrive(t, items, p_to, p_to_lot);
  END IF;
  a := plain_move(t, p_at, way, items, quantities, p_from, p_from_lot, p_to, p_to_lot);
  c := CASE WHEN way.from_kept THEN plain_cut(t, p_at, a, items, quantities, p_from, p_from_lot) ELSE plain_enter(quantities, entering) END;
  FOR n IN 1 .. cardinality(items) LOOP
    ids[n] := nextval('public.record_id_seq');  -- given under the locks
  END LOOP;
  FOREACH worth IN ARRAY c.worths LOOP
    total := total + worth;
  END LOOP;
  IF a.from_account IS NULL THEN
    SELECT n.accounts, n.amounts INTO accounts, amounts FROM plain_net(a, c.worths) n;
  ELSIF total > 0 AND a.from_account <> a.to_account THEN
    accounts := ARRAY[a.to_account, a.from_account]; amounts := ARRAY[total, -total];
  ELSIF total < 0 AND a.from_account <> a.to_account THEN
    accounts := ARRAY[a.from_account, a.to_account]; amounts := ARRAY[-total, total];
  END IF;
  IF accounts IS NOT NULL THEN
    journal := nextval('public.journal_entry_id_seq');
  END IF;
  WITH moved AS (
    INSERT INTO public.stock_move (tenant_id, id, document_id, step, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at,
        value, keep_origin, from_account_id, to_account_id)
      SELECT t, x.id, p_document, p_step, line_nos[x.n], items[x.n], p_from, p_from_lot, p_to, p_to_lot, quantities[x.n], p_at, entering[x.n], p_keep_origin,
        coalesce(a.from_account, a.from_accounts[x.n]), coalesce(a.to_account, a.to_accounts[x.n]) FROM unnest(ids) WITH ORDINALITY x(id, n)
  ), taken AS (
    UPDATE public.cost_layer y SET taken = y.taken + c.quantity[x.n] FROM unnest(c.layer) WITH ORDINALITY x(id, n)
      WHERE way.from_kept AND y.tenant_id = t AND y.id = x.id
  ), cut AS (
    INSERT INTO public.cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)
      SELECT t, ids[c.line[x.n]], x.id, p_document, c.quantity[x.n], c.value[x.n], p_document, way.day FROM unnest(c.layer) WITH ORDINALITY x(id, n)
  ), written AS (
    INSERT INTO public.journal_entry (tenant_id, id, document_id, step, date, effective_at, text)
      SELECT t, journal, p_document, p_step, way.day, p_at, p_text WHERE journal IS NOT NULL
  ), sealed AS (
    INSERT INTO public.journal_number (tenant_id, entry_id, year) SELECT t, journal, extract(year FROM way.day)::int WHERE journal IS NOT NULL
  ), booked AS (
    INSERT INTO public.journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date)
      SELECT t, journal, x.n, x.account, greatest(amounts[x.n], 0), greatest(-amounts[x.n], 0), way.day FROM unnest(accounts) WITH ORDINALITY x(account, n)
  )
  INSERT INTO public.outbox (tenant_id, name, payload, topics) VALUES (t, 'ledger.posted',
    jsonb_build_object('document_id', p_document, 'journal_id', journal, 'pending', false), ARRAY['stock', 'ledger', 'rec:' || p_document]);
  IF way.to_kept THEN
    PERFORM plain_lay(t, p_document, p_at, way, c, ids, items, p_to, p_to_lot, p_keep_origin);
  END IF;
  IF c.head_move IS NOT NULL THEN
    UPDATE public.stock_balance b SET head_at = c.head_at[x.n], head_move_id = c.head_move[x.n] FROM unnest(items) WITH ORDINALITY x(item_id, n)
      WHERE c.head_move[x.n] IS NOT NULL AND b.tenant_id = t AND b.item_id = x.item_id AND b.place_id = p_from AND b.lot = p_from_lot;
  END IF;
  kept := set_config('app.balances', '', true);
  moves := ids; worths := c.worths;
EXCEPTION WHEN SQLSTATE 'ERP02' THEN
  journal := NULL;
END $$;
REVOKE ALL ON FUNCTION post_plain(bigint, int, timestamptz, text, bigint, bigint, bigint, bigint, boolean, int[], bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post_plain(bigint, int, timestamptz, text, bigint, bigint, bigint, bigint, boolean, int[], bigint[], bigint[], bigint[]) TO erp_app;
