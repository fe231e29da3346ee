-- Reversals. Invariant: a reversal takes the goods back from exactly where the document put them, and its journal undoes what the
-- document's own journals (corrections included) did beside the goods.

-- Movements that undo a document's, last first. Goods from outside and goods that were made go back at the worth they have now; what that
-- differs from what the document booked (a landed cost, a bill's difference) is variance, now and after every later correction.
CREATE OR REPLACE FUNCTION reversal_moves(p_tenant bigint, p_document bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(jsonb_build_object('line_no', x.n, 'item_id', x.item_id, 'from_place_id', x.to_place_id, 'from_lot', x.to_lot,
      'to_place_id', x.from_place_id, 'to_lot', x.from_lot, 'quantity', x.quantity, 'keep_origin', true, 'transform', false,
      'source_move_id', CASE WHEN NOT x.passed_on THEN x.id END,
      'from_account', CASE WHEN x.transform AND NOT x.enters THEN 'variance' ELSE x.to_code END,
      'to_account', CASE WHEN x.enters THEN 'variance' ELSE x.from_code END) ORDER BY x.n)
  FROM (
    SELECT m.*, row_number() OVER (ORDER BY m.effective_at DESC, m.id DESC) AS n, fa.code AS from_code, ta.code AS to_code,
      NOT place_followed(f.kind) AND m.source_move_id IS NULL AS enters,
      m.to_lot = m.document_id AND EXISTS (SELECT 1 FROM stock_move o WHERE o.tenant_id = p_tenant AND o.document_id = p_document
        AND o.item_id = m.item_id AND o.from_place_id = m.to_place_id AND o.from_lot = m.to_lot) AS passed_on
    FROM stock_move m JOIN place f ON f.tenant_id = p_tenant AND f.id = m.from_place_id
    JOIN account fa ON fa.tenant_id = p_tenant AND fa.id = m.from_account_id JOIN account ta ON ta.tenant_id = p_tenant AND ta.id = m.to_account_id
    WHERE m.tenant_id = p_tenant AND m.document_id = p_document) x
$$;

-- What the document's journals did beside its goods, undone; its receipts at the value it booked for them, and what it added in production,
-- against variance (see above).
CREATE OR REPLACE FUNCTION reversal_lines(p_tenant bigint, p_document bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT m.id, m.from_account_id, m.transform, coalesce(m.value, 0) AS value FROM stock_move m
    JOIN place f ON f.tenant_id = p_tenant AND f.id = m.from_place_id AND NOT place_followed(f.kind)
    WHERE m.tenant_id = p_tenant AND m.document_id = p_document AND m.source_move_id IS NULL
  ), booked AS (
    SELECT from_account_id AS account_id, value FROM moved WHERE NOT transform
    UNION ALL SELECT (SELECT max(from_account_id) FROM moved WHERE transform), added FROM cost_transform WHERE tenant_id = p_tenant AND document_id = p_document
  ), piece AS (  -- of its own movements, and what it revalued in those of others
    SELECT c.value, m.from_account_id, m.to_account_id FROM stock_move m JOIN cost_piece c ON c.tenant_id = p_tenant AND c.move_id = m.id AND c.document_id = p_document
      WHERE m.tenant_id = p_tenant AND m.document_id = p_document
    UNION ALL SELECT c.value, m.from_account_id, m.to_account_id FROM cost_piece c JOIN stock_move m ON m.tenant_id = p_tenant AND m.id = c.move_id
      WHERE c.tenant_id = p_tenant AND c.document_id = p_document AND c.quantity = 0 AND m.document_id <> p_document
  ), amount AS (
    SELECT l.account_id, l.party_id, l.credit - l.debit AS amount FROM journal_entry e
      JOIN journal_line l ON l.tenant_id = p_tenant AND l.entry_id = e.id WHERE e.tenant_id = p_tenant AND e.document_id = p_document
    UNION ALL SELECT x.account_id, NULL, x.amount FROM piece c
      CROSS JOIN LATERAL (VALUES (c.to_account_id, c.value), (c.from_account_id, -c.value)) x(account_id, amount)
    UNION ALL SELECT s.account_id, NULL, s.amount FROM unnest(revaluation_swap(p_tenant, p_document)) s
    UNION ALL SELECT account_id, NULL, value FROM booked
    UNION ALL SELECT account_find(p_tenant, 'variance'), NULL, -value FROM booked
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('account', a.code, 'party_id', n.party_id, 'debit', greatest(n.amount, 0), 'credit', greatest(-n.amount, 0))), '[]')
  FROM (SELECT account_id, party_id, sum(amount)::bigint AS amount FROM amount GROUP BY 1, 2 HAVING sum(amount) <> 0) n
  JOIN account a ON a.tenant_id = p_tenant AND a.id = n.account_id
$$;

-- Everything a reversal must know: refuses what is not posted, is reversed already, or still waits for its cost.
CREATE OR REPLACE FUNCTION reversal_of(p_document bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE tenant bigint := current_setting('app.tenant')::bigint; name text; other text; at_ timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('reversal:' || tenant || ':' || p_document, 0));
  SELECT number INTO name FROM record_ref WHERE tenant_id = tenant AND id = p_document;
  SELECT r.number INTO other FROM record_link l JOIN record_ref r ON r.tenant_id = tenant AND r.id = l.to_id
    WHERE l.tenant_id = tenant AND l.from_id = p_document AND l.kind = 'reversed_by' LIMIT 1;
  IF other IS NOT NULL THEN
    PERFORM refuse('ERP-1212', format('%s is already reversed by %s.', name, other), jsonb_build_object('document', name, 'reversal', other));
  END IF;
  SELECT max(x.at) INTO at_ FROM (SELECT effective_at AS at FROM stock_move WHERE tenant_id = tenant AND document_id = p_document
    UNION ALL SELECT effective_at FROM journal_entry WHERE tenant_id = tenant AND document_id = p_document AND kind <> 'correction') x;
  IF at_ IS NULL THEN
    PERFORM refuse('ERP-1213', format('%s has posted nothing that could be reversed.', coalesce(name, p_document::text)), jsonb_build_object('document', name));
  END IF;
  IF EXISTS (SELECT 1 FROM stock_move m WHERE m.tenant_id = tenant AND m.document_id = p_document
      AND NOT EXISTS (SELECT 1 FROM cost_piece c WHERE c.tenant_id = tenant AND c.move_id = m.id)) THEN
    PERFORM refuse('ERP-1210', format('The cost of %s is still being worked out. Try again in a moment.', name), jsonb_build_object('document', name));
  END IF;
  RETURN jsonb_build_object('number', name, 'at', at_, 'moves', coalesce(reversal_moves(tenant, p_document), '[]'), 'lines', reversal_lines(tenant, p_document),
    'revaluations', coalesce((SELECT jsonb_agg(jsonb_build_object('move_id', v.move_id, 'amount', -v.amount, 'account', a.code))
      FROM cost_revaluation v JOIN account a ON a.tenant_id = tenant AND a.id = v.account_id WHERE v.tenant_id = tenant AND v.document_id = p_document), '[]'));
END $$;
