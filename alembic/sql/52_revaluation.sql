-- Revaluations: landed cost, price difference. Invariant: the document's one journal is what its new pieces did to the accounts, with
-- the other side of its own amounts swapped from the movement's account to the one the document names.

-- Store the amounts.
DROP FUNCTION IF EXISTS revaluation_store(bigint, bigint, timestamptz, jsonb);
CREATE OR REPLACE FUNCTION revaluation_store(p_tenant bigint, p_document bigint, p_at timestamptz, p_revaluations jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE late text;
BEGIN
  SELECT r.number INTO late FROM jsonb_to_recordset(p_revaluations) v(move_id bigint)
    JOIN stock_move m ON m.tenant_id = p_tenant AND m.id = v.move_id AND m.effective_at > p_at
    JOIN record_ref r ON r.tenant_id = p_tenant AND r.id = m.document_id LIMIT 1;
  IF late IS NOT NULL THEN
    PERFORM refuse('ERP-1211', format('%s is later than this document: choose a date on or after it.', late), jsonb_build_object('document', late));
  END IF;
  INSERT INTO cost_revaluation (tenant_id, document_id, move_id, account_id, effective_at, amount)
    SELECT p_tenant, p_document, v.move_id, account_find(p_tenant, v.account), p_at, v.amount
    FROM jsonb_to_recordset(p_revaluations) v(move_id bigint, amount bigint, account text) WHERE v.amount <> 0;
END $$;

-- What the amounts do besides the pieces: they come from the account the document names, not from where the goods came.
CREATE OR REPLACE FUNCTION revaluation_swap(p_tenant bigint, p_document bigint) RETURNS journal_amount[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(ROW(x.account_id, NULL, x.amount)::journal_amount), '{}') FROM cost_revaluation v
    JOIN stock_move m ON m.tenant_id = p_tenant AND m.id = v.move_id
    CROSS JOIN LATERAL (VALUES (m.from_account_id, v.amount), (v.account_id, -v.amount)) x(account_id, amount)
    WHERE v.tenant_id = p_tenant AND v.document_id = p_document
$$;

DROP FUNCTION IF EXISTS revaluation_mark(bigint, bigint, timestamptz);

-- The journal of a revaluing document, when the replay has appended its pieces (amounts by account in p_pieces).
CREATE OR REPLACE FUNCTION post_revaluation(p_document jsonb, p_lines jsonb, p_pieces jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  tenant bigint := current_setting('app.tenant')::bigint; document bigint := (p_document ->> 'document')::bigint;
  at_ timestamptz := (p_document ->> 'at')::timestamptz; amounts journal_amount[]; entry bigint;
  soft text := set_config('app.soft_period', p_document ->> 'soft', true);
BEGIN
  SELECT coalesce(array_agg(ROW(v.account_id, NULL, v.amount)::journal_amount), '{}') INTO amounts
    FROM jsonb_to_recordset(p_pieces) v(account_id bigint, amount bigint);
  entry := journal_write(tenant, document, (p_document ->> 'step')::int, p_document ->> 'kind', (p_document ->> 'cause')::bigint, at_,
    local_day(tenant, at_), p_document ->> 'text', posting_lines(tenant, p_lines) || amounts || revaluation_swap(tenant, document));
  INSERT INTO outbox (tenant_id, name, payload, topics)
    VALUES (tenant, 'ledger.posted', jsonb_build_object('document_id', document, 'journal_id', entry, 'pending', false),
      ARRAY['stock', 'ledger', 'rec:' || document]);
  RETURN entry;
END $$;
