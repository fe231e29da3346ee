-- The posting of a document to all ledgers: one call, one transaction, everything or nothing.

-- Explicit lines: account by code or role; an account kept by party needs one. Invariant: accounts of goods change with the goods only, so that
-- they are always worth what their layers are.
CREATE OR REPLACE FUNCTION posting_lines(p_tenant bigint, p_lines jsonb) RETURNS journal_amount[] LANGUAGE plpgsql AS $$
DECLARE amounts journal_amount[]; bare text; goods text;
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
  SELECT a.code INTO goods FROM unnest(amounts) x JOIN account a ON a.tenant_id = p_tenant AND a.id = x.account_id WHERE x.amount <> 0
    AND (EXISTS (SELECT 1 FROM account_map m WHERE m.tenant_id = p_tenant AND m.account_id = a.id AND m.event = 'stock'
        AND m.place_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine'))
      OR EXISTS (SELECT 1 FROM place p WHERE p.tenant_id = p_tenant AND p.account_id = a.id
        AND p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine'))) LIMIT 1;
  IF goods IS NOT NULL THEN
    PERFORM refuse('ERP-1223', format('%s is the account of goods: it changes with receipts, counts and transfers, not by itself. Choose another account.',
      goods), jsonb_build_object('account', goods));
  END IF;
  RETURN amounts;
END $$;

-- Added cost enters production: the journal line for it, and the row a replay reads.
CREATE OR REPLACE FUNCTION posting_transform(p_tenant bigint, p_document bigint, p_added bigint, p_moves posting_move[]) RETURNS journal_amount[]
LANGUAGE plpgsql AS $$
DECLARE made record;
BEGIN
  SELECT coalesce(sum(m.weight), 0) AS weight, max(m.from_account_id) AS account_id INTO made FROM unnest(p_moves) m WHERE m.transform AND NOT m.from_kept;
  IF made.weight <= 0 THEN
    PERFORM refuse('ERP-1215', 'What production makes needs a quantity, so that its cost can be shared.');
  END IF;
  INSERT INTO cost_transform (tenant_id, document_id, added, weight) VALUES (p_tenant, p_document, p_added, made.weight);
  RETURN ARRAY[ROW(made.account_id, NULL, p_added)::journal_amount];
END $$;

-- The movements and their costs. Invariants of the parts stand with them.
CREATE OR REPLACE FUNCTION posting_goods(p_tenant bigint, p_document bigint, p_step int, p_at timestamptz, p_day date, p_added bigint, p_moves jsonb,
  INOUT amounts journal_amount[], OUT moves posting_move[], OUT costs posting_cost) LANGUAGE plpgsql AS $$
DECLARE locked record; fits boolean;
BEGIN
  locked := posting_lock(p_tenant, posting_resolve(p_tenant, p_at, p_moves));
  IF NOT locked.plain THEN
    PERFORM posting_check_sources(p_tenant, locked.moves);
  END IF;
  fits := posting_check_quantities(p_tenant, p_document, p_at, locked.moves, locked.plain);
  moves := posting_store_moves(p_tenant, p_document, p_step, locked.moves);
  IF p_added IS NOT NULL THEN
    amounts := amounts || posting_transform(p_tenant, p_document, p_added, moves);
  END IF;
  costs := posting_cost(p_tenant, p_document, p_at, p_day, p_added, moves, locked.plain);
END $$;

CREATE OR REPLACE FUNCTION posting_answer(p_moves posting_move[], p_costs posting_cost) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('pending', cardinality(p_costs.pending) > 0, 'moves', (
    SELECT jsonb_agg(jsonb_build_array(m.line_no, m.move_id, c.value) ORDER BY m.line_no)
    FROM unnest(p_moves) m LEFT JOIN (SELECT move_id, sum(value) AS value FROM unnest(p_costs.cuts) GROUP BY move_id) c ON c.move_id = m.move_id));
END $$;

-- Invariant: on return, movements, balances, layers, pieces, journal and event all say the same about the document.
-- p_document: {document, step, kind, cause, at, text, added, soft}; added is null unless the document transforms goods.
CREATE OR REPLACE FUNCTION post_document(p_document jsonb, p_moves jsonb, p_lines jsonb) RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  tenant bigint := current_setting('app.tenant')::bigint; h record; day date; g record; amounts journal_amount[]; cuts cost_cut[] := '{}';
  journal_id bigint; held boolean; soft text; answer jsonb := '{"pending": false, "moves": []}'; topics text[] := '{ledger}';
BEGIN
  SELECT * INTO h FROM jsonb_to_record(p_document) x(document bigint, step int, kind text, cause bigint, at timestamptz, text text, added bigint, soft text);
  soft := set_config('app.soft_period', h.soft, true);
  day := local_day(tenant, h.at);
  held := period_guard(tenant, day);
  amounts := posting_lines(tenant, p_lines);
  IF jsonb_array_length(p_moves) > 0 THEN
    g := posting_goods(tenant, h.document, h.step, h.at, day, h.added, p_moves, amounts);
    amounts := g.amounts;
    cuts := (g.costs).cuts;
    answer := posting_answer(g.moves, g.costs);
    topics := '{stock,ledger}';
  END IF;
  journal_id := journal_write(tenant, h.document, h.step, h.kind, h.cause, h.at, day, h.text, amounts, cuts);
  INSERT INTO outbox (tenant_id, name, payload, topics) VALUES (tenant, 'ledger.posted',
    jsonb_build_object('document_id', h.document, 'journal_id', journal_id, 'pending', answer -> 'pending'), topics || ('rec:' || h.document));
  RETURN answer || jsonb_build_object('journal', journal_id);
END $$;
