-- The posting of a document to all ledgers: one call, one transaction, everything or nothing.

-- Explicit lines: account by code or role; an account kept by party needs one.
CREATE OR REPLACE FUNCTION posting_lines(p_tenant bigint, p_lines jsonb) RETURNS journal_amount[] LANGUAGE plpgsql AS $$
DECLARE amounts journal_amount[]; bare text;
BEGIN
  IF jsonb_array_length(p_lines) = 0 THEN
    RETURN '{}';
  END IF;
  SELECT array_agg(ROW(account_find(p_tenant, l.account), l.party_id, coalesce(l.debit, 0) - coalesce(l.credit, 0))::journal_amount) INTO amounts
    FROM jsonb_to_recordset(p_lines) l(account text, debit bigint, credit bigint, party_id bigint);
  SELECT a.code INTO bare FROM unnest(amounts) x JOIN account a ON a.tenant_id = p_tenant AND a.id = x.account_id
    WHERE a.needs_party AND x.party_id IS NULL AND x.amount <> 0 LIMIT 1;
  IF bare IS NOT NULL THEN
    PERFORM refuse('ERP-1206', format('A line on %s needs the customer or supplier it belongs to.', bare), jsonb_build_object('account', bare));
  END IF;
  RETURN amounts;
END $$;

-- What the movements do to the accounts: their value goes from one account to the other; added cost enters production.
CREATE OR REPLACE FUNCTION posting_amounts(p_moves posting_move[], p_cuts cost_cut[], p_added bigint) RETURNS journal_amount[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(ROW(x.account_id, NULL, x.amount)::journal_amount) FROM (
    SELECT m.to_account_id AS account_id, c.value AS amount FROM unnest(p_cuts) c JOIN unnest(p_moves) m ON m.move_id = c.move_id
    UNION ALL SELECT m.from_account_id, -c.value FROM unnest(p_cuts) c JOIN unnest(p_moves) m ON m.move_id = c.move_id
    UNION ALL (SELECT m.from_account_id, p_added FROM unnest(p_moves) m WHERE m.transform AND NOT m.from_kept AND p_added <> 0 LIMIT 1)) x
$$;

CREATE OR REPLACE FUNCTION posting_transform(p_tenant bigint, p_document bigint, p_added bigint, p_moves posting_move[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE weight bigint := (SELECT sum(m.weight) FROM unnest(p_moves) m WHERE m.transform AND NOT m.from_kept);
BEGIN
  IF coalesce(weight, 0) <= 0 THEN
    PERFORM refuse('ERP-1215', 'What production makes needs a quantity, so that its cost can be shared.');
  END IF;
  INSERT INTO cost_transform (tenant_id, document_id, added, weight) VALUES (p_tenant, p_document, p_added, weight);
END $$;

-- The movements and their costs. Invariants of the parts stand with them.
CREATE OR REPLACE FUNCTION posting_goods(p_tenant bigint, p_document bigint, p_step int, p_at timestamptz, p_day date, p_added bigint, p_moves jsonb,
  OUT moves posting_move[], OUT costs posting_cost) LANGUAGE plpgsql AS $$
DECLARE locked stock_balance[];
BEGIN
  moves := posting_resolve(p_tenant, p_at, p_moves);
  locked := posting_lock(p_tenant, moves);
  PERFORM posting_check_sources(p_tenant, moves);
  PERFORM posting_check_quantities(p_tenant, p_document, p_at, moves, locked);
  moves := posting_store_moves(p_tenant, p_document, p_step, moves, locked);
  IF p_added IS NOT NULL THEN
    PERFORM posting_transform(p_tenant, p_document, p_added, moves);
  END IF;
  costs := posting_cost(p_tenant, p_document, p_at, p_day, p_added, moves);
END $$;

CREATE OR REPLACE FUNCTION posting_answer(p_moves posting_move[], p_costs posting_cost, p_journal bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('journal', p_journal, 'pending', coalesce(cardinality((p_costs).pending), 0) > 0, 'moves', coalesce((
    SELECT jsonb_agg(jsonb_build_array(m.line_no, m.move_id, c.value) ORDER BY m.line_no)
    FROM unnest(p_moves) m LEFT JOIN (SELECT move_id, sum(value) AS value FROM unnest((p_costs).cuts) GROUP BY move_id) c ON c.move_id = m.move_id), '[]'))
$$;

-- Invariant: on return, movements, balances, layers, pieces, journal and event all say the same about the document.
-- p_document: {document, step, kind, cause, at, text, added, soft}; added is null unless the document transforms goods.
CREATE OR REPLACE FUNCTION post_document(p_document jsonb, p_moves jsonb, p_lines jsonb) RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  tenant bigint := current_setting('app.tenant')::bigint; document bigint := (p_document ->> 'document')::bigint;
  step_ int := (p_document ->> 'step')::int; at_ timestamptz := (p_document ->> 'at')::timestamptz; added bigint := (p_document ->> 'added')::bigint;
  day date := local_day(tenant, at_); g record; amounts journal_amount[]; journal_id bigint; answer jsonb;
BEGIN
  PERFORM set_config('app.soft_period', coalesce(p_document ->> 'soft', ''), true);
  PERFORM period_guard(tenant, day);
  amounts := posting_lines(tenant, p_lines);
  IF jsonb_array_length(p_moves) > 0 THEN
    SELECT * INTO g FROM posting_goods(tenant, document, step_, at_, day, added, p_moves);
    amounts := amounts || posting_amounts(g.moves, (g.costs).cuts, coalesce(added, 0));
    answer := posting_answer(g.moves, g.costs, NULL);
  ELSE
    answer := '{"journal": null, "pending": false, "moves": []}';
  END IF;
  journal_id := journal_write(tenant, document, step_, p_document ->> 'kind', (p_document ->> 'cause')::bigint, at_, day, p_document ->> 'text', amounts);
  INSERT INTO outbox (tenant_id, name, payload, topics)
    VALUES (tenant, 'ledger.posted', jsonb_build_object('document_id', document, 'journal_id', journal_id, 'pending', answer -> 'pending'),
      CASE WHEN jsonb_array_length(p_moves) > 0 THEN '{stock,ledger}'::text[] ELSE '{ledger}' END || ('rec:' || document));
  RETURN answer || jsonb_build_object('journal', journal_id);
END $$;
