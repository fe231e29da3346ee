-- Refusals, days and periods. Invariant: nothing becomes effective in a locked month, and a month that is being locked waits
-- for the postings already on their way into it (shared against exclusive advisory lock).
CREATE OR REPLACE FUNCTION refuse(p_code text, p_text text, p_data jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ERP01', MESSAGE = p_code || '|' || p_text, DETAIL = p_data::text;
END $$;

CREATE OR REPLACE FUNCTION quantity_text(p_units bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT trim_scale(p_units::numeric / 10000)::text
$$;

CREATE OR REPLACE FUNCTION day_text(p_day date) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(p_day, 'FMDD Mon YYYY')
$$;

-- The zone whose midnight ends a tenant's day. A ledger whose tenant has no row yet keeps Jakarta's time.
CREATE OR REPLACE FUNCTION tenant_zone(p_tenant bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE zone text;
BEGIN
  SELECT tz INTO zone FROM tenant WHERE tenant_id = p_tenant AND id = p_tenant;
  RETURN coalesce(zone, 'Asia/Jakarta');
END $$;

-- The tenant's calendar day of a moment.
CREATE OR REPLACE FUNCTION local_day(p_tenant bigint, p_at timestamptz) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (p_at AT TIME ZONE tenant_zone(p_tenant))::date;
END $$;

CREATE OR REPLACE FUNCTION period_key(p_tenant bigint, p_code text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT hashtextextended('period:' || p_tenant || ':' || p_code, 0)
$$;

-- Taken by whoever changes a period's state.
CREATE OR REPLACE FUNCTION period_lock(p_tenant bigint, p_code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(period_key(p_tenant, p_code));
END $$;

-- Months come into being with the first posting into them.
CREATE OR REPLACE FUNCTION period_open(p_tenant bigint, p_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE first date := date_trunc('month', p_day)::date;
BEGIN
  INSERT INTO accounting_period (tenant_id, code, name, state, starts_on, ends_on)
    VALUES (p_tenant, to_char(first, 'YYYY-MM'), to_char(first, 'FMMonth YYYY'), 'open', first, (first + interval '1 month' - interval '1 day')::date)
    ON CONFLICT (tenant_id, code) DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION period_first_open(p_tenant bigint, p_day date) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE month date := date_trunc('month', p_day)::date;
BEGIN
  WHILE EXISTS (SELECT 1 FROM accounting_period WHERE tenant_id = p_tenant AND code = to_char(month, 'YYYY-MM') AND state = 'locked') LOOP
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN greatest(month, p_day);
END $$;

-- Invariant: returns only when the month takes postings, and keeps it so until the transaction ends.
DROP FUNCTION IF EXISTS period_guard(bigint, date) CASCADE;
CREATE OR REPLACE FUNCTION period_guard(p_tenant bigint, p_day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE month text := to_char(p_day, 'YYYY-MM'); held boolean := period_hold(p_tenant, month); now_state text;
BEGIN
  SELECT state INTO now_state FROM accounting_period WHERE tenant_id = p_tenant AND code = month;
  IF now_state IS DISTINCT FROM 'open' THEN
    PERFORM period_refuse(p_tenant, p_day, month, now_state);
  END IF;
  RETURN held;
END $$;

-- Share the month with other postings; whoever locks it waits for all of them.
CREATE OR REPLACE FUNCTION period_hold(p_tenant bigint, p_code text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE nothing text;
BEGIN
  nothing := pg_advisory_xact_lock_shared(period_key(p_tenant, p_code));
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION period_refuse(p_tenant bigint, p_day date, p_month text, p_state text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_state IS NULL THEN
    PERFORM period_open(p_tenant, p_day);
  ELSIF p_state = 'locked' THEN
    PERFORM refuse('ERP-1203', format('%s lies in the locked period %s. The first open date is %s.', day_text(p_day), p_month,
      day_text(period_first_open(p_tenant, p_day))), jsonb_build_object('period', p_month, 'first_open', period_first_open(p_tenant, p_day)));
  ELSIF current_setting('app.soft_period', true) IS DISTINCT FROM 'yes' THEN
    PERFORM refuse('ERP-1204', format('The period %s is soft-locked: only finance may still post into it. Ask finance, or use a later date.', p_month),
      jsonb_build_object('period', p_month));
  END IF;
END $$;

-- Invariant: a locked month is opened by somebody else than the one who asked for it, whatever program writes the row.
CREATE OR REPLACE FUNCTION period_reopen_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE acting bigint := nullif(current_setting('app.user', true), '')::bigint;
BEGIN
  IF OLD.reopen_asked_by_id IS NULL THEN
    PERFORM refuse('ERP-3320', format('Nobody has asked to reopen %s. Ask first, with a reason; somebody else approves.', OLD.code));
  ELSIF OLD.reopen_asked_by_id = acting THEN
    PERFORM refuse('ERP-3320', format('%s is not reopened by one person: who asked for it does not approve it.', OLD.code));
  END IF;
  RETURN NEW;
END $$;

-- Invariant: a period is one month for ever. Renamed or moved, it would leave its month open for everybody.
CREATE OR REPLACE FUNCTION period_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('ERP-3323', format('The period %s is that month for ever: neither its code nor its days change.', OLD.code));
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS period_stays ON accounting_period;
CREATE TRIGGER period_stays BEFORE UPDATE ON accounting_period FOR EACH ROW
  WHEN ((OLD.code, OLD.starts_on, OLD.ends_on) IS DISTINCT FROM (NEW.code, NEW.starts_on, NEW.ends_on)) EXECUTE FUNCTION period_stays();

-- Invariant: the statements of closed months, and who owes what, stay as they were; so an account that has journals stays what it is.
CREATE OR REPLACE FUNCTION account_type_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_line WHERE tenant_id = NEW.tenant_id AND account_id = NEW.id) THEN
    PERFORM refuse('ERP-3324', format('%s has journals: its type, and whether it is kept by party, cannot change any more. Make a new account instead.', NEW.code));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS account_type_stays ON account;
CREATE TRIGGER account_type_stays BEFORE UPDATE ON account FOR EACH ROW
  WHEN ((OLD.type, OLD.needs_party) IS DISTINCT FROM (NEW.type, NEW.needs_party)) EXECUTE FUNCTION account_type_stays();

-- An account that postings go to stays in use.
CREATE OR REPLACE FUNCTION account_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM account_map WHERE tenant_id = NEW.tenant_id AND account_id = NEW.id)
      OR EXISTS (SELECT 1 FROM place WHERE tenant_id = NEW.tenant_id AND account_id = NEW.id AND active) THEN
    PERFORM refuse('ERP-3327', format('%s is in use: the account mapping or a place names it. Choose another account there first.', NEW.code));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS account_in_use ON account;
CREATE TRIGGER account_in_use BEFORE UPDATE OF active ON account FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION account_in_use();

-- Invariant: what amounts and days mean stays as it was when they were written.
CREATE OR REPLACE FUNCTION company_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM journal_entry WHERE tenant_id = NEW.tenant_id) OR EXISTS (SELECT 1 FROM stock_move WHERE tenant_id = NEW.tenant_id) THEN
    PERFORM refuse('ERP-3326', format('%s has journals: its currency and time zone cannot change any more.', OLD.code));
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS company_stays ON tenant;
CREATE TRIGGER company_stays BEFORE UPDATE ON tenant FOR EACH ROW
  WHEN ((OLD.currency, OLD.exponent, OLD.tz) IS DISTINCT FROM (NEW.currency, NEW.exponent, NEW.tz)) EXECUTE FUNCTION company_stays();

DROP TRIGGER IF EXISTS period_reopen ON accounting_period;
CREATE TRIGGER period_reopen BEFORE UPDATE ON accounting_period
  FOR EACH ROW WHEN (OLD.state = 'locked' AND NEW.state <> 'locked') EXECUTE FUNCTION period_reopen_guard();
