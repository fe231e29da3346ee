-- What a replay adds to the ledger: pieces, and one journal for each document they belong to, thousands at once. Both functions run as the
-- owner, behind the same wall (row-level security is forced on the owner too), and are the only writers besides post_plain whom the checks on
-- cost_piece and the journal tables let pass: each looks once, for all its rows, at what those would look at row by row or at commit; where, is
-- said below. Columns come as arrays, never by a temporary table: whoever makes one could put anything behind its name.

-- The company's day of each moment, in their order. Their months are open and stay so until the transaction ends: the duty of the periods.
CREATE OR REPLACE FUNCTION correction_days(t bigint, moments timestamptz[]) RETURNS date[] LANGUAGE plpgsql AS $$
DECLARE zone text := tenant_zone(t); days date[]; r record; held boolean;
BEGIN
  days := ARRAY(SELECT (x.at AT TIME ZONE zone)::date FROM unnest(moments) WITH ORDINALITY x(at, n) ORDER BY x.n);
  FOR r IN SELECT min(x.day) AS day FROM unnest(days) x(day) GROUP BY date_trunc('month', x.day) ORDER BY 1 LOOP
    held := period_guard(t, r.day);
  END LOOP;
  RETURN days;
END $$;

-- Invariant (the duty of cost_piece_check): pieces are of movements and layers of this tenant, which nobody can delete; only a quantity of
-- nothing goes to another document than the movement's own. And they are dated in months that are open and stay so until the transaction ends:
-- a correction whose journal comes to nothing changes what a locked month's layers say all the same.
CREATE OR REPLACE FUNCTION cost_correct(moves bigint[], layers bigint[], documents bigint[], quantities bigint[], amounts bigint[], causes bigint[],
  moments timestamptz[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  t bigint := current_setting('app.tenant')::bigint; days date[] := correction_days(t, moments); known_moves bigint[]; known_layers bigint[];
BEGIN
  known_moves := ARRAY(SELECT DISTINCT x.id FROM unnest(moves) x(id));
  known_layers := ARRAY(SELECT DISTINCT x.id FROM unnest(layers) x(id));
  IF (SELECT count(*) FROM unnest(moves, documents, quantities) x(move, document, quantity) JOIN public.stock_move m ON m.id = x.move
        WHERE m.tenant_id = t AND m.id = ANY(known_moves) AND (m.document_id = x.document OR x.quantity = 0)) <> cardinality(moves)
     OR (SELECT count(*) FROM public.cost_layer y WHERE y.tenant_id = t AND y.id = ANY(known_layers)) <> cardinality(known_layers) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'cost_piece_refers', MESSAGE = 'a piece refers to no layer or movement of its tenant';
  END IF;
  INSERT INTO public.cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)
    SELECT t, x.move, x.layer, x.document, x.quantity, x.amount, x.cause, x.day
    FROM unnest(moves, layers, documents, quantities, amounts, causes, days) x(move, layer, document, quantity, amount, cause, day);
END $$;

-- Invariant: each journal is of a document of this tenant and caused by one, balances (amounts: debit positive), lies in a month that is open and
-- stays so until the transaction ends, and is sealed at once with all its lines, which are of accounts of this tenant. `entries` names the
-- journal of each line by its place in `documents`; the ids are given here, so that no line can join an older journal.
CREATE OR REPLACE FUNCTION journal_correct(documents bigint[], causes bigint[], moments timestamptz[], entries bigint[], line_nos bigint[],
  accounts bigint[], amounts bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  t bigint := current_setting('app.tenant')::bigint; days date[] := correction_days(t, moments); count_ int := cardinality(documents);
  known bigint[]; ids bigint[]; r record;
BEGIN
  -- The duty of the seal: lines that add up to nothing, none of them zero (journal_line_one_side), are two at least.
  SELECT count(*) AS journals, min(s.entry) FILTER (WHERE s.amount <> 0) AS wrong INTO r
    FROM (SELECT x.entry, sum(x.amount) AS amount FROM unnest(entries, amounts) x(entry, amount) GROUP BY x.entry) s;
  IF r.wrong IS NOT NULL THEN
    SELECT coalesce(sum(greatest(x.amount, 0)), 0) AS debit, coalesce(sum(greatest(-x.amount, 0)), 0) AS credit INTO r
      FROM unnest(entries, amounts) x(entry, amount) WHERE x.entry = r.wrong;
    PERFORM refuse('ERP-1207', format('The journal does not balance: debit %s, credit %s.', r.debit, r.credit),
      jsonb_build_object('debit', r.debit, 'credit', r.credit));
  ELSIF r.journals <> count_ OR cardinality(causes) <> count_ OR array_position(causes, NULL) IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'data_exception', MESSAGE = 'each correction has a document, a cause and lines of its own';
  END IF;
  -- The duty of the references (journal_entry_check, journal_line_joins).
  known := ARRAY(SELECT DISTINCT x.id FROM unnest(documents || causes) x(id));
  IF (SELECT count(*) FROM public.record_ref d WHERE d.tenant_id = t AND d.id = ANY(known)) <> cardinality(known) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_entry_document', MESSAGE = 'a journal refers to no document of its tenant';
  END IF;
  known := ARRAY(SELECT DISTINCT x.id FROM unnest(accounts) x(id));
  IF (SELECT count(*) FROM public.account a WHERE a.tenant_id = t AND a.id = ANY(known)) <> cardinality(known) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_line_account', MESSAGE = 'a line refers to no account of its tenant';
  END IF;
  ids := ARRAY(SELECT nextval('public.journal_entry_id_seq') FROM generate_series(1, count_));
  WITH made AS (
    INSERT INTO public.journal_entry (tenant_id, id, document_id, kind, cause_document_id, date, effective_at)
      SELECT t, ids[x.n], x.document, 'correction', x.cause, days[x.n], x.at
      FROM unnest(documents, causes, moments) WITH ORDINALITY x(document, cause, at, n)
  ), sealed AS (
    INSERT INTO public.journal_number (tenant_id, entry_id, year) SELECT t, x.id, extract(year FROM x.day)::int FROM unnest(ids, days) x(id, day)
  )
  INSERT INTO public.journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date)
    SELECT t, ids[x.entry], x.line_no, x.account, greatest(x.amount, 0), greatest(-x.amount, 0), days[x.entry]
    FROM unnest(entries, line_nos, accounts, amounts) x(entry, line_no, account, amount);
END $$;

REVOKE ALL ON FUNCTION cost_correct(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cost_correct(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], timestamptz[]) TO erp_app;
REVOKE ALL ON FUNCTION journal_correct(bigint[], bigint[], timestamptz[], bigint[], bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_correct(bigint[], bigint[], timestamptz[], bigint[], bigint[], bigint[], bigint[]) TO erp_app;
