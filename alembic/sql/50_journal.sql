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

CREATE OR REPLACE FUNCTION journal_number_take(p_tenant bigint, p_entry bigint, p_year int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  INSERT INTO number_series (tenant_id, series, last) VALUES (p_tenant, 'journal:' || p_year, 1)
    ON CONFLICT (tenant_id, series) DO UPDATE SET last = number_series.last + 1 RETURNING last INTO n;
  INSERT INTO journal_number (tenant_id, entry_id, year, seq) VALUES (p_tenant, p_entry, p_year, n);
END $$;

-- Invariant: at commit an entry balances, has lines of its own date, lies in an open period, and has its number.
CREATE OR REPLACE FUNCTION journal_entry_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE s record;
BEGIN
  SELECT count(*) AS lines, sum(debit) AS debit, sum(credit) AS credit, bool_and(date = NEW.date) AS dated INTO s
    FROM journal_line WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id;
  IF s.lines < 2 OR s.debit <> s.credit OR NOT s.dated THEN
    PERFORM refuse('ERP-1207', format('The journal does not balance: debit %s, credit %s.', coalesce(s.debit, 0), coalesce(s.credit, 0)),
      jsonb_build_object('entry', NEW.id, 'debit', s.debit, 'credit', s.credit));
  END IF;
  PERFORM period_guard(NEW.tenant_id, NEW.date);
  PERFORM journal_number_take(NEW.tenant_id, NEW.id, extract(year FROM NEW.date)::int);
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
