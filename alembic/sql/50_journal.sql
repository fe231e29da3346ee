-- Journals. Invariants: every entry has lines and balances; no line joins an entry of an earlier transaction; numbers of a year have
-- no gap, because they are given to what is committed.
DROP TYPE IF EXISTS journal_amount CASCADE;
CREATE TYPE journal_amount AS (account_id bigint, party_id bigint, amount bigint);  -- debit positive, credit negative

-- Net the amounts by account and party, drop what is zero, store the rest; NULL when nothing is left.
CREATE OR REPLACE FUNCTION journal_write(p_tenant bigint, p_document bigint, p_step int, p_kind text, p_cause bigint,
  p_at timestamptz, p_day date, p_text text, p_amounts journal_amount[], p_cuts cost_cut[] DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE entry bigint; net journal_amount[];
BEGIN
  SELECT array_agg(ROW(n.account_id, n.party_id, n.amount)::journal_amount ORDER BY n.amount < 0, n.account_id, n.party_id) INTO net
    FROM (SELECT x.account_id, x.party_id, sum(x.amount)::bigint AS amount FROM (
            SELECT account_id, party_id, amount FROM unnest(p_amounts)
            UNION ALL SELECT to_account_id, NULL, value FROM unnest(p_cuts)
            UNION ALL SELECT from_account_id, NULL, -value FROM unnest(p_cuts)) x GROUP BY 1, 2 HAVING sum(x.amount) <> 0) n;
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

-- Numbers without gaps, in the order of the entries, in a transaction of their own (the sealer's, or a reader's that wants them):
-- within the postings, all of a tenant's would wait for one another's commits. Returns how many were given.
DROP FUNCTION IF EXISTS journal_numbers_take(bigint, bigint[], int);
DROP FUNCTION IF EXISTS journal_number_take(bigint, bigint, int);
CREATE OR REPLACE FUNCTION journal_number_all(p_tenant bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE r record; given bigint := 0; last_ bigint;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM journal_number WHERE tenant_id = p_tenant AND seq IS NULL) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('journal_number:' || p_tenant, 0));
  FOR r IN SELECT year, array_agg(entry_id ORDER BY entry_id) AS ids FROM journal_number WHERE tenant_id = p_tenant AND seq IS NULL GROUP BY year LOOP
    INSERT INTO number_series (tenant_id, series, last) VALUES (p_tenant, 'journal:' || r.year, cardinality(r.ids))
      ON CONFLICT (tenant_id, series) DO UPDATE SET last = number_series.last + excluded.last RETURNING last INTO last_;
    UPDATE journal_number n SET seq = last_ - cardinality(r.ids) + e.n FROM unnest(r.ids) WITH ORDINALITY e(id, n)
      WHERE n.tenant_id = p_tenant AND n.entry_id = e.id;
    given := given + cardinality(r.ids);
  END LOOP;
  RETURN given;
END $$;

-- A number once given stays.
CREATE OR REPLACE FUNCTION journal_number_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'a journal keeps its number';
END $$;
DROP TRIGGER IF EXISTS journal_number_stays ON journal_number;
CREATE TRIGGER journal_number_stays BEFORE UPDATE ON journal_number FOR EACH ROW
  WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL OR (OLD.tenant_id, OLD.entry_id, OLD.year) <> (NEW.tenant_id, NEW.entry_id, NEW.year))
  EXECUTE FUNCTION journal_number_stays();
DROP TRIGGER IF EXISTS journal_number_stays_whole ON journal_number;
CREATE TRIGGER journal_number_stays_whole BEFORE DELETE OR TRUNCATE ON journal_number FOR EACH STATEMENT EXECUTE FUNCTION journal_number_stays();

-- Invariant: on return these entries balance, have lines of their own date, lie in open periods, and are sealed (`journal_number` has them).
-- (Each entry is looked up by its key, however many there are: OFFSET 0 keeps the planner from guessing by what the tables held before.)
CREATE OR REPLACE FUNCTION journal_seal(p_tenant bigint, p_entries bigint[]) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE r record; held boolean;
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
    held := period_guard(p_tenant, r.day);
    INSERT INTO journal_number (tenant_id, entry_id, year) SELECT p_tenant, x.id, r.year FROM unnest(r.ids) x(id);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION journal_unsealed(p_tenant bigint, p_first bigint) RETURNS bigint[] LANGUAGE sql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  SELECT array_agg(e.id) FROM (SELECT id FROM journal_entry WHERE tenant_id = p_tenant AND id >= p_first ORDER BY id OFFSET 0) e
    LEFT JOIN LATERAL (SELECT 1 AS sealed FROM journal_number n WHERE n.tenant_id = p_tenant AND n.entry_id = e.id OFFSET 0) n ON true
    WHERE n.sealed IS NULL
$$;

-- At commit the first entry of the transaction seals all of its later ones too (nobody else's is visible unsealed), so that thousands
-- of corrections cost one statement, not one each. A single one, the common case, is looked at directly.
CREATE OR REPLACE FUNCTION journal_entry_seal() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE s record; held boolean;
BEGIN
  IF EXISTS (SELECT 1 FROM journal_number WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id) THEN
    RETURN NULL;
  END IF;
  SELECT count(*) AS lines, sum(l.debit) AS debit, sum(l.credit) AS credit, bool_and(l.date = NEW.date) AS dated,
      EXISTS (SELECT 1 FROM journal_entry e WHERE e.tenant_id = NEW.tenant_id AND e.id > NEW.id
        AND NOT EXISTS (SELECT 1 FROM journal_number n WHERE n.tenant_id = e.tenant_id AND n.entry_id = e.id)) AS more
    INTO s FROM journal_line l WHERE l.tenant_id = NEW.tenant_id AND l.entry_id = NEW.id;
  IF s.more OR s.lines < 2 OR s.debit <> s.credit OR NOT s.dated THEN
    PERFORM journal_seal(NEW.tenant_id, journal_unsealed(NEW.tenant_id, NEW.id));
    RETURN NULL;
  END IF;
  held := period_guard(NEW.tenant_id, NEW.date);
  INSERT INTO journal_number (tenant_id, entry_id, year) VALUES (NEW.tenant_id, NEW.id, extract(year FROM NEW.date)::int);
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS journal_entry_sealed ON journal_entry;
CREATE CONSTRAINT TRIGGER journal_entry_sealed AFTER INSERT ON journal_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (current_user::text <> 'erp_owner') EXECUTE FUNCTION journal_entry_seal();

-- Only the seal at commit seals, and the two writers that run as the owner, post_plain and journal_correct: they store balanced journals whole,
-- with their seal.
CREATE OR REPLACE FUNCTION journal_number_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'journals are sealed at commit, by nobody else';
END $$;
DROP TRIGGER IF EXISTS journal_number_guard ON journal_number;
CREATE TRIGGER journal_number_guard BEFORE INSERT ON journal_number FOR EACH STATEMENT
  WHEN (current_user::text <> 'erp_owner' AND pg_trigger_depth() < 1) EXECUTE FUNCTION journal_number_refuse();

-- Invariant for every writer: a journal is of a document of its tenant, and caused by one if by any; nobody can delete them (one look for all;
-- post_plain and journal_correct have looked themselves).
CREATE OR REPLACE FUNCTION journal_entry_check() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh f LEFT JOIN record_ref d ON d.tenant_id = f.tenant_id AND d.id = f.document_id
      LEFT JOIN record_ref c ON c.tenant_id = f.tenant_id AND c.id = f.cause_document_id
      WHERE d.id IS NULL OR c.id IS NULL AND f.cause_document_id IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_entry_document', MESSAGE = 'a journal refers to no document of its tenant';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS journal_entry_checked ON journal_entry;
CREATE TRIGGER journal_entry_checked AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (current_user::text <> 'erp_owner') EXECUTE FUNCTION journal_entry_check();

-- Invariant: lines are of this tenant's accounts, and of an entry that exists (it can never be deleted) and is not sealed.
CREATE OR REPLACE FUNCTION journal_line_joins() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE s record;
BEGIN
  SELECT count(n.entry_id) AS sealed, count(*) - count(a.id) AS unknown, count(*) - count(e.id) AS homeless INTO s FROM fresh f
    LEFT JOIN account a ON a.tenant_id = f.tenant_id AND a.id = f.account_id
    LEFT JOIN journal_entry e ON e.tenant_id = f.tenant_id AND e.id = f.entry_id
    LEFT JOIN journal_number n ON n.tenant_id = f.tenant_id AND n.entry_id = f.entry_id;
  IF s.sealed > 0 THEN
    PERFORM refuse('ERP-1208', 'A journal that is stored takes no further lines. Make a new one.');
  ELSIF s.unknown > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_line_account', MESSAGE = 'a line refers to no account of its tenant';
  ELSIF s.homeless > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_line_entry', MESSAGE = 'a line refers to no journal of its tenant';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS journal_line_joins ON journal_line;
CREATE TRIGGER journal_line_joins AFTER INSERT ON journal_line REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (current_user::text <> 'erp_owner') EXECUTE FUNCTION journal_line_joins();

-- Journals as people read them: with their number (null for the moment until it is given).
CREATE OR REPLACE VIEW journal WITH (security_invoker = true) AS
  SELECT e.*, CASE WHEN n.seq IS NOT NULL THEN format('JE-%s-%s', n.year, lpad(n.seq::text, 6, '0')) END AS number
  FROM journal_entry e JOIN journal_number n ON n.tenant_id = e.tenant_id AND n.entry_id = e.id;
GRANT SELECT ON journal TO erp_app;

-- An account that was used stays, whoever wants to delete it.
CREATE OR REPLACE FUNCTION account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_line WHERE tenant_id = OLD.tenant_id AND account_id = OLD.id)
     OR EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = OLD.tenant_id AND OLD.id IN (from_account_id, to_account_id)) THEN
    RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journal_line_account', MESSAGE = 'the account was posted to';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER IF EXISTS account_stays ON account;
CREATE TRIGGER account_stays BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION account_stays();
