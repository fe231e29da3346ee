"""The invariants of the ledgers as questions to the database: each answers with the rows it looked at and those that break it.

Every query is one SELECT of (rows checked, violations, first offenders as JSON). Items whose costs wait for the worker are looked
at once it is done: their movements stand, their pieces are still to come.
"""

from __future__ import annotations

from typing import LiteralString, NamedTuple


class Check(NamedTuple):
    """One invariant, in words and as a query over the tenant `%(tenant)s`."""

    name: str
    query: LiteralString


_DONE: LiteralString = (
    "SELECT (SELECT count(*) FROM checked), (SELECT count(*) FROM bad),"
    " coalesce((SELECT jsonb_agg(to_jsonb(b)) FROM (SELECT * FROM bad LIMIT 5) b), '[]')"
)

_JOURNALS: LiteralString = (
    "WITH checked AS (SELECT entry_id, count(*) AS lines, sum(debit) AS debit, sum(credit) AS credit, min(date) AS first, max(date) AS last"
    " FROM journal_line WHERE tenant_id = %(tenant)s GROUP BY entry_id),"
    " bad AS (SELECT e.id AS entry, r.number AS document, c.debit, c.credit FROM journal_entry e"
    " LEFT JOIN checked c ON c.entry_id = e.id LEFT JOIN record_ref r ON r.tenant_id = e.tenant_id AND r.id = e.document_id"
    " WHERE e.tenant_id = %(tenant)s AND (c.entry_id IS NULL OR c.lines < 2 OR c.debit <> c.credit OR c.first <> e.date OR c.last <> e.date))"
)
_TOTAL: LiteralString = (
    "WITH checked AS (SELECT debit, credit FROM journal_line WHERE tenant_id = %(tenant)s),"
    " bad AS (SELECT sum(debit) AS debit, sum(credit) AS credit FROM checked HAVING sum(debit) <> sum(credit))"
)
_DOCUMENTS: LiteralString = (
    "WITH checked AS (SELECT id, document_id, cause_document_id FROM journal_entry WHERE tenant_id = %(tenant)s),"
    " bad AS (SELECT c.id AS entry, c.document_id, c.cause_document_id FROM checked c"
    " LEFT JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = c.document_id"
    " LEFT JOIN record_ref y ON y.tenant_id = %(tenant)s AND y.id = c.cause_document_id"
    " WHERE r.id IS NULL OR y.id IS NULL AND c.cause_document_id IS NOT NULL)"
)
# Where foreign keys would cost every posting more than the rest of it, references are looked at when rows are stored, and proved here.
_REFERENCES: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT 'movement' AS kind, m.id, num_nonnulls(d.id, i.id, f.id, t.id, a.id, b.id) = 6"
    "  AND (m.source_move_id IS NULL OR s.id IS NOT NULL) AS whole FROM stock_move m"
    "  LEFT JOIN record_ref d ON d.tenant_id = m.tenant_id AND d.id = m.document_id LEFT JOIN item i ON i.tenant_id = m.tenant_id AND i.id = m.item_id"
    "  LEFT JOIN place f ON f.tenant_id = m.tenant_id AND f.id = m.from_place_id LEFT JOIN place t ON t.tenant_id = m.tenant_id AND t.id = m.to_place_id"
    "  LEFT JOIN account a ON a.tenant_id = m.tenant_id AND a.id = m.from_account_id"
    "  LEFT JOIN account b ON b.tenant_id = m.tenant_id AND b.id = m.to_account_id"
    "  LEFT JOIN stock_move s ON s.tenant_id = m.tenant_id AND s.id = m.source_move_id WHERE m.tenant_id = %(tenant)s"
    " UNION ALL SELECT 'piece', c.id, num_nonnulls(m.id, y.id) = 2 AND (c.document_id = m.document_id OR c.quantity = 0 AND v.document_id IS NOT NULL)"
    "  FROM cost_piece c LEFT JOIN stock_move m ON m.tenant_id = c.tenant_id AND m.id = c.move_id"
    "  LEFT JOIN (SELECT DISTINCT document_id FROM cost_revaluation WHERE tenant_id = %(tenant)s) v ON v.document_id = c.document_id"
    "  LEFT JOIN cost_layer y ON y.tenant_id = c.tenant_id AND y.id = c.layer_id WHERE c.tenant_id = %(tenant)s"
    " UNION ALL SELECT 'journal line', l.entry_id, num_nonnulls(e.id, n.entry_id, a.id) = 3 FROM journal_line l"
    "  LEFT JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id"
    "  LEFT JOIN journal_number n ON n.tenant_id = l.tenant_id AND n.entry_id = l.entry_id"
    "  LEFT JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id WHERE l.tenant_id = %(tenant)s),"
    " bad AS (SELECT kind, id FROM checked WHERE NOT whole)"
)
_NUMBERS: LiteralString = (
    "WITH checked AS (SELECT e.id, n.year, n.seq FROM journal_entry e LEFT JOIN journal_number n ON n.tenant_id = e.tenant_id AND n.entry_id = e.id"
    " WHERE e.tenant_id = %(tenant)s),"
    " bad AS (SELECT year, count(seq) AS journals, max(seq) AS last FROM checked GROUP BY year HAVING year IS NULL OR count(seq) <> coalesce(max(seq), 0))"
)
_BALANCES: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT b.item_id, b.place_id, b.lot, b.on_hand FROM stock_balance b WHERE b.tenant_id = %(tenant)s),"
    " moved AS (SELECT x.item_id, x.place_id, x.lot, sum(x.quantity)::bigint AS quantity FROM ("
    "  SELECT item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity FROM stock_move WHERE tenant_id = %(tenant)s"
    "  UNION ALL SELECT item_id, to_place_id, to_lot, quantity FROM stock_move WHERE tenant_id = %(tenant)s) x"
    " JOIN place p ON p.tenant_id = %(tenant)s AND p.id = x.place_id AND place_followed(p.kind) GROUP BY 1, 2, 3),"
    " bad AS (SELECT i.code AS item, p.code AS place, c.on_hand / 10000.0 AS balance, m.quantity / 10000.0 AS movements"
    " FROM checked c FULL JOIN moved m USING (item_id, place_id, lot)"
    " LEFT JOIN item i ON i.tenant_id = %(tenant)s AND i.id = item_id LEFT JOIN place p ON p.tenant_id = %(tenant)s AND p.id = place_id"
    " WHERE coalesce(c.on_hand, 0) <> coalesce(m.quantity, 0))"
)
_NEVER_NEGATIVE: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT x.*, sum(x.quantity) OVER (PARTITION BY x.item_id, x.place_id, x.lot ORDER BY x.effective_at, x.id) AS balance"
    " FROM (SELECT item_id, from_place_id AS place_id, from_lot AS lot, effective_at, id, document_id, -quantity AS quantity FROM stock_move"
    "  WHERE tenant_id = %(tenant)s UNION ALL SELECT item_id, to_place_id, to_lot, effective_at, id, document_id, quantity FROM stock_move"
    "  WHERE tenant_id = %(tenant)s) x JOIN place p ON p.tenant_id = %(tenant)s AND p.id = x.place_id AND place_followed(p.kind)),"
    " bad AS (SELECT i.code AS item, p.code AS place, c.effective_at, r.number AS document, c.balance / 10000.0 AS balance FROM checked c"
    " JOIN item i ON i.tenant_id = %(tenant)s AND i.id = c.item_id JOIN place p ON p.tenant_id = %(tenant)s AND p.id = c.place_id"
    " JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = c.document_id WHERE c.balance < 0 ORDER BY c.effective_at)"
)
_LAYERS_ON_HAND: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT item_id, place_id, lot, on_hand FROM stock_balance WHERE tenant_id = %(tenant)s AND dirty_from IS NULL),"
    " held AS (SELECT item_id, place_id, lot, sum(quantity - taken)::bigint AS quantity FROM cost_layer WHERE tenant_id = %(tenant)s GROUP BY 1, 2, 3),"
    " bad AS (SELECT i.code AS item, p.code AS place, c.on_hand / 10000.0 AS balance, h.quantity / 10000.0 AS layers FROM checked c"
    " LEFT JOIN held h USING (item_id, place_id, lot) JOIN item i ON i.tenant_id = %(tenant)s AND i.id = c.item_id"
    " JOIN place p ON p.tenant_id = %(tenant)s AND p.id = c.place_id WHERE c.on_hand <> coalesce(h.quantity, 0))"
)
_LAYERS_ACCOUNTS: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT m.to_account_id AS account_id, y.value - cost_portion(y.value, y.quantity, y.taken) AS value"
    "  FROM cost_layer y JOIN stock_move m ON m.tenant_id = y.tenant_id AND m.id = y.move_id"
    "  JOIN place p ON p.tenant_id = y.tenant_id AND p.id = y.place_id AND p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine')"
    "  WHERE y.tenant_id = %(tenant)s AND y.quantity > 0),"
    " stock AS (SELECT account_id, sum(value)::bigint AS value FROM checked GROUP BY account_id),"
    " books AS (SELECT l.account_id, sum(l.debit - l.credit)::bigint AS value FROM journal_line l WHERE l.tenant_id = %(tenant)s"
    "  AND l.account_id IN (SELECT account_id FROM stock) GROUP BY l.account_id),"
    " bad AS (SELECT a.code AS account, s.value AS layers, b.value AS journals FROM stock s LEFT JOIN books b USING (account_id)"
    " JOIN account a ON a.tenant_id = %(tenant)s AND a.id = s.account_id WHERE s.value <> coalesce(b.value, 0))"
)
_LAYERS_CUT: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT id, move_id, quantity, value, taken FROM cost_layer WHERE tenant_id = %(tenant)s),"
    " cut AS (SELECT c.layer_id, sum(c.quantity)::bigint AS quantity, sum(c.value)::bigint AS value FROM cost_piece c"
    "  JOIN checked y ON y.id = c.layer_id AND y.move_id <> c.move_id WHERE c.tenant_id = %(tenant)s GROUP BY c.layer_id),"
    " bad AS (SELECT y.id AS layer, r.number AS document, y.taken / 10000.0 AS taken, c.quantity / 10000.0 AS pieces, c.value FROM checked y"
    " LEFT JOIN cut c ON c.layer_id = y.id JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.id = y.move_id"
    " JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = m.document_id"
    " WHERE y.taken <> coalesce(c.quantity, 0) OR (y.quantity > 0 AND cost_portion(y.value, y.quantity, y.taken) <> coalesce(c.value, 0))"
    "  OR (y.quantity = 0 AND coalesce(c.value, 0) <> 0))"
)
_LAYERS_MADE: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT id, move_id, parent_layer_id, quantity, value FROM cost_layer WHERE tenant_id = %(tenant)s),"
    " made AS (SELECT y.id, sum(c.quantity)::bigint AS quantity, sum(c.value)::bigint AS value FROM checked y JOIN cost_piece c"
    "  ON c.tenant_id = %(tenant)s AND c.move_id = y.move_id AND (y.parent_layer_id IS NULL OR c.layer_id IN (y.parent_layer_id, y.id)) GROUP BY y.id),"
    " bad AS (SELECT y.id AS layer, r.number AS document, y.quantity / 10000.0 AS quantity, m.quantity / 10000.0 AS pieces, y.value, m.value AS worth"
    " FROM checked y LEFT JOIN made m ON m.id = y.id JOIN stock_move s ON s.tenant_id = %(tenant)s AND s.id = y.move_id"
    " JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = s.document_id"
    " WHERE y.quantity <> coalesce(m.quantity, 0) OR y.value <> coalesce(m.value, 0))"
)
_PIECES: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT id, document_id, item_id, quantity FROM stock_move WHERE tenant_id = %(tenant)s),"
    " worth AS (SELECT move_id, sum(quantity)::bigint AS quantity FROM cost_piece WHERE tenant_id = %(tenant)s GROUP BY move_id),"
    " bad AS (SELECT m.id AS movement, r.number AS document, i.code AS item, m.quantity / 10000.0 AS moved, w.quantity / 10000.0 AS pieces"
    " FROM checked m LEFT JOIN worth w ON w.move_id = m.id JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = m.document_id"
    " JOIN item i ON i.tenant_id = %(tenant)s AND i.id = m.item_id WHERE m.quantity <> coalesce(w.quantity, 0)"
    "  AND NOT EXISTS (SELECT 1 FROM hpp_queue q WHERE q.tenant_id = %(tenant)s AND q.cause_document_id = m.document_id AND q.state <> 'done'))"
)
_WAITING: LiteralString = (
    "WITH checked AS (SELECT q.* FROM hpp_queue q WHERE q.tenant_id = %(tenant)s),"
    " bad AS (SELECT i.code AS item, r.number AS document, q.error FROM checked q JOIN item i ON i.tenant_id = %(tenant)s AND i.id = q.item_id"
    " JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = q.cause_document_id WHERE q.state = 'failed'"
    " UNION ALL SELECT i.code, NULL, 'its costs wait, but nothing is queued' FROM stock_balance b JOIN item i ON i.tenant_id = b.tenant_id AND i.id = b.item_id"
    " WHERE b.tenant_id = %(tenant)s AND b.dirty_from IS NOT NULL AND NOT EXISTS (SELECT 1 FROM checked q WHERE q.item_id = b.item_id AND q.state <> 'done'))"
)
_PARTIES: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT l.entry_id, l.account_id, l.party_id, l.debit - l.credit AS amount FROM journal_line l"
    "  JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id AND a.needs_party WHERE l.tenant_id = %(tenant)s),"
    " bad AS (SELECT a.code AS account, r.number AS document, c.amount FROM checked c JOIN account a ON a.tenant_id = %(tenant)s AND a.id = c.account_id"
    " JOIN journal_entry e ON e.tenant_id = %(tenant)s AND e.id = c.entry_id JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = e.document_id"
    " WHERE c.party_id IS NULL)"
)
# What bills and invoices say is unpaid (less what was paid ahead), against what they, their payments and reversals left on the account.
_SUBLEDGERS: LiteralString = (
    "WITH checked AS MATERIALIZED (SELECT l.party_id, l.debit - l.credit AS amount FROM journal_line l"
    "  JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id"
    "  JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id AND a.needs_party"
    "  JOIN record_ref r ON r.tenant_id = l.tenant_id AND r.id = CASE WHEN e.kind = 'reversal' THEN e.cause_document_id ELSE e.document_id END"
    "   AND r.type IN ('sales-invoices', 'customer-receipts', 'supplier-bills', 'supplier-payments')"
    "  WHERE l.tenant_id = %(tenant)s AND l.account_id NOT IN (SELECT account_id FROM account_map WHERE tenant_id = %(tenant)s AND event = 'advances')),"
    " books AS (SELECT party_id, sum(amount)::bigint AS amount FROM checked GROUP BY 1),"
    " papers AS (SELECT party_id, sum(amount)::bigint AS amount FROM ("
    "  SELECT customer_id AS party_id, total - paid AS amount FROM sales_invoice"
    "   WHERE tenant_id = %(tenant)s AND state IN ('posted', 'part_paid', 'paid')"
    "  UNION ALL SELECT supplier_id, paid - total FROM supplier_bill WHERE tenant_id = %(tenant)s AND state IN ('posted', 'part_paid', 'paid')"
    "  UNION ALL SELECT supplier_id, amount - allocated FROM supplier_payment WHERE tenant_id = %(tenant)s AND state = 'posted') x GROUP BY 1),"
    " bad AS (SELECT r.number AS party, coalesce(b.amount, 0) AS ledger, coalesce(p.amount, 0) AS documents FROM books b FULL JOIN papers p USING (party_id)"
    " LEFT JOIN record_ref r ON r.tenant_id = %(tenant)s AND r.id = party_id WHERE coalesce(b.amount, 0) <> coalesce(p.amount, 0))"
)
_AUDIT: LiteralString = (
    "WITH checked AS (SELECT seq FROM audit_chain WHERE tenant_id = %(tenant)s),"
    " bad AS (SELECT v.seq, v.problem FROM audit_verify(%(tenant)s) v)"
)
_SEALED: LiteralString = (
    "WITH checked AS (SELECT id, at FROM audit_event WHERE tenant_id = %(tenant)s),"
    " newest AS (SELECT max(sealed_at) AS at FROM audit_chain WHERE tenant_id = %(tenant)s),"
    " bad AS (SELECT c.id AS audit_row, c.at FROM checked c, newest n WHERE c.at < n.at - interval '1 minute'"
    " AND NOT EXISTS (SELECT 1 FROM audit_chain a WHERE a.tenant_id = %(tenant)s AND a.audit_id = c.id))"
)
_OUTBOX: LiteralString = (
    "WITH checked AS (SELECT id, created_at, sent_at FROM outbox WHERE tenant_id = %(tenant)s),"
    " newest AS (SELECT max(sent_at) AS at FROM checked),"
    " bad AS (SELECT c.id AS event, c.created_at FROM checked c, newest n WHERE c.sent_at IS NULL AND c.created_at < n.at - interval '1 minute')"
)

_BLOCKS: LiteralString = (
    "WITH checked AS (SELECT item_id, ends_at FROM stock_block WHERE tenant_id = %(tenant)s),"
    " bad AS (SELECT i.code AS item, p.code AS place, w.ends_at FROM stock_block_wrong(%(tenant)s) w"
    " JOIN item i ON i.tenant_id = %(tenant)s AND i.id = w.item_id JOIN place p ON p.tenant_id = %(tenant)s AND p.id = w.place_id)"
)

CHECKS: tuple[Check, ...] = (
    Check("every journal balances", _JOURNALS + " " + _DONE),
    Check("debits equal credits in all", _TOTAL + " " + _DONE),
    Check("every journal belongs to a document", _DOCUMENTS + " " + _DONE),
    Check("movements, pieces and journal lines refer to what exists", _REFERENCES + " " + _DONE),
    Check("journals are numbered without gaps", _NUMBERS + " " + _DONE),
    Check("receivables and payables name their party", _PARTIES + " " + _DONE),
    Check("receivables and payables are the open documents of each party", _SUBLEDGERS + " " + _DONE),
    Check("every balance is the sum of its movements", _BALANCES + " " + _DONE),
    Check("blocks of the past say what their movements say", _BLOCKS + " " + _DONE),
    Check("nothing is below zero at any time", _NEVER_NEGATIVE + " " + _DONE),
    Check("layers hold what is on hand", _LAYERS_ON_HAND + " " + _DONE),
    Check("layers are worth what the inventory accounts say", _LAYERS_ACCOUNTS + " " + _DONE),
    Check("what was cut from a layer is its pieces", _LAYERS_CUT + " " + _DONE),
    Check("a layer is made of its pieces", _LAYERS_MADE + " " + _DONE),
    Check("every movement has its pieces", _PIECES + " " + _DONE),
    Check("no late cost is stuck", _WAITING + " " + _DONE),
    Check("the audit chain is whole", _AUDIT + " " + _DONE),
    Check("every audit row is sealed", _SEALED + " " + _DONE),
    Check("every event was handed on", _OUTBOX + " " + _DONE),
)
