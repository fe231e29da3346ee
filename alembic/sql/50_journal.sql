-- Journals. Invariants: every entry has lines and balances; no line joins an entry of an earlier transaction; numbers of a year
-- have no gap, because they are taken at commit, when nothing can fail any more but the commit itself.
DROP TYPE IF EXISTS journal_amount CASCADE;
CREATE TYPE journal_amount AS (account_id bigint, party_id bigint, amount bigint);  -- debit positive, credit negative

-- Net the amounts by account and party, drop what is zero, store the rest; NULL when nothing is left.
CREATE OR REPLACE FUNCTION journal_write(p_tenant bigint, p_document bigint, p_step int, p_kind text, p_cause bigint,
  p_at timestamptz, p_day date, p_text text, p_amounts journal_amount[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE entry bigint; net journal_amount[];
BEGIN
  SELECT array_agg(ROW(n.account_id, n.party_id, n.amount)::journal_amount ORDER BY n.amount < 0, a.code, n.party_id) INTO net
    FROM (SELECT x.account_id, x.party_id, sum(x.amount)::bigint AS amount FROM unnest(p_amounts) x GROUP BY 1, 2 HAVING sum(x.amount) <> 0) n
    JOIN account a ON a.tenant_id = p_tenant AND a.id = n.account_id;
  IF net IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO journal_entry (tenant_id, document_id, step, kind, cause_document_id, date, effective_at, text)
    VALUES (p_tenant, p_document, p_step, p_kind, p_cause, p_day, p_at, p_text) RETURNING id INTO entry;
  INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, party_id, debit, credit, date)
    SELECT p_tenant, entry, n.line_no, n.account_id, n.party_id, greatest(n.amount, 0), greatest(-n.amount, 0), p_day
    FROM unnest(net) WITH ORDINALITY n(account_id, party_id, amount, line_no);
  RETURN entry;
END $$;

CREATE OR REPLACE FUNCTION journal_numbers_take(p_tenant bigint, p_entries bigint[], p_year int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE last_ bigint;
BEGIN
  INSERT INTO number_series (tenant_id, series, last) VALUES (p_tenant, 'journal:' || p_year, cardinality(p_entries))
    ON CONFLICT (tenant_id, series) DO UPDATE SET last = number_series.last + excluded.last RETURNING last INTO last_;
  INSERT INTO journal_number (tenant_id, entry_id, year, seq)
    SELECT p_tenant, e.id, p_year, last_ - cardinality(p_entries) + e.n FROM unnest(p_entries) WITH ORDINALITY e(id, n);
END $$;

-- Invariant: on return these entries balance, have lines of their own date, lie in open periods, and have their numbers.
-- (Each entry is looked up by its key, however many there are: OFFSET 0 keeps the planner from guessing by what the tables held before.)
CREATE OR REPLACE FUNCTION journal_seal(p_tenant bigint, p_entries bigint[]) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE r record;
BEGIN
  SELECT x.id, s.debit, s.credit INTO r FROM unnest(p_entries) x(id)
    CROSS JOIN LATERAL (SELECT e.date FROM journal_entry e WHERE e.tenant_id = p_tenant AND e.id = x.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT count(*) AS lines, sum(l.debit) AS debit, sum(l.credit) AS credit, bool_and(l.date = e.date) AS dated
      FROM journal_line l WHERE l.tenant_id = p_tenant AND l.entry_id = x.id OFFSET 0) s
    WHERE s.lines < 2 OR s.debit <> s.credit OR NOT s.dated LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('ERP-1207', format('The journal does not balance: debit %s, credit %s.', coalesce(r.debit, 0), coalesce(r.credit, 0)),
      jsonb_build_object('entry', r.id, 'debit', r.debit, 'credit', r.credit));
  END IF;
  FOR r IN SELECT extract(year FROM m.month)::int AS year, min(m.day) AS day, m.month, array_agg(m.id ORDER BY m.id) AS ids
      FROM (SELECT x.id, e.date AS day, date_trunc('month', e.date) AS month FROM unnest(p_entries) x(id)
        CROSS JOIN LATERAL (SELECT date FROM journal_entry e WHERE e.tenant_id = p_tenant AND e.id = x.id OFFSET 0) e) m
      GROUP BY m.month ORDER BY m.month LOOP
    PERFORM period_guard(p_tenant, r.day);
    PERFORM journal_numbers_take(p_tenant, r.ids, r.year);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION journal_unsealed(p_tenant bigint, p_first bigint) RETURNS bigint[] LANGUAGE sql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  SELECT array_agg(e.id) FROM (SELECT id FROM journal_entry WHERE tenant_id = p_tenant AND id >= p_first ORDER BY id OFFSET 0) e
    LEFT JOIN LATERAL (SELECT 1 AS sealed FROM journal_number n WHERE n.tenant_id = p_tenant AND n.entry_id = e.id OFFSET 0) n ON true
    WHERE n.sealed IS NULL
$$;

-- At commit the first entry of the transaction seals all of its later ones too (nobody else's is visible without a number), so that
-- thousands of corrections cost one statement, not one each.
CREATE OR REPLACE FUNCTION journal_entry_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM journal_number WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id) THEN
    PERFORM journal_seal(NEW.tenant_id, journal_unsealed(NEW.tenant_id, NEW.id));
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS journal_entry_sealed ON journal_entry;
CREATE CONSTRAINT TRIGGER journal_entry_sealed AFTER INSERT ON journal_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION journal_entry_seal();

CREATE OR REPLACE FUNCTION journal_line_joins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh f JOIN journal_number n ON n.tenant_id = f.tenant_id AND n.entry_id = f.entry_id) THEN
    PERFORM refuse('ERP-1208', 'A journal that is stored takes no further lines. Make a new one.');
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS journal_line_joins ON journal_line;
CREATE TRIGGER journal_line_joins AFTER INSERT ON journal_line REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION journal_line_joins();

-- Journals as people read them: with their number.
CREATE OR REPLACE VIEW journal WITH (security_invoker = true) AS
  SELECT e.*, format('JE-%s-%s', n.year, lpad(n.seq::text, 6, '0')) AS number
  FROM journal_entry e JOIN journal_number n ON n.tenant_id = e.tenant_id AND n.entry_id = e.id;
GRANT SELECT ON journal TO erp_app;
