"""Reading what a cost trace needs: the movements and layers behind some goods, as they are or as they were known on a day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports.report import Asked

MAX_PIECES = 20_000

# From the movements asked for to the layers they took from, from each layer to the movements that laid it, and so on. Goods that
# a document made come from everything it consumed.
_WALK: LiteralString = (
    "WITH RECURSIVE walk AS ("
    " SELECT c.move_id, c.layer_id FROM stock_move m JOIN cost_piece c ON c.move_id = m.id WHERE m.id = ANY(%(moves)s)"
    " UNION"
    " SELECT c.move_id, c.layer_id FROM walk w JOIN cost_layer y ON y.id = w.layer_id JOIN stock_move m ON m.id = y.move_id"
    " JOIN stock_move f ON f.document_id = m.document_id AND (f.id = m.id OR m.transform AND f.transform)"
    " JOIN cost_piece c ON c.move_id = f.id AND (f.id <> m.id OR y.parent_layer_id IS NULL OR c.layer_id IN (y.id, y.parent_layer_id)))"
    " SELECT w.move_id, w.layer_id, p.quantity, p.value, i.code AS item, m.document_id, m.line_no, m.effective_at, m.transform, m.weight,"
    " m.value AS given, m.quantity AS moved, t.kind AS to_kind, y.move_id AS laid_by, y.parent_layer_id AS parent, y.rank, pl.code AS place"
    " FROM walk w CROSS JOIN LATERAL (SELECT sum(c.quantity)::bigint AS quantity, sum(c.value)::bigint AS value FROM cost_piece c"
    "  WHERE c.move_id = w.move_id AND c.layer_id = w.layer_id AND c.date <= %(day)s AND c.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')) p"
    " JOIN stock_move m ON m.id = w.move_id JOIN item i ON i.id = m.item_id JOIN place t ON t.id = m.to_place_id"
    " JOIN cost_layer y ON y.id = w.layer_id JOIN place pl ON pl.id = y.place_id"
    " WHERE p.quantity <> 0 OR p.value <> 0 ORDER BY m.effective_at, m.id, y.effective_at, y.move_id, y.rank LIMIT %(limit)s"
)
_NODES: LiteralString = "SELECT id, type, number, label, state, effective_at FROM record_ref WHERE id = ANY(%s)"
# The movements of a document; of one without any (an invoice), those of the deliveries it bills.
_MOVES: LiteralString = (
    "WITH own AS (SELECT m.id, m.document_id, m.line_no, 0 AS of_line FROM stock_move m WHERE m.document_id = %(document)s),"
    " billed AS (SELECT m.id, m.document_id, m.line_no, l.line_no AS of_line FROM sales_invoice_line l"
    "  JOIN stock_move m ON m.document_id = l.source_id AND m.line_no = l.source_line WHERE l.document_id = %(document)s)"
    " SELECT x.id, x.document_id, CASE WHEN x.of_line > 0 THEN x.of_line ELSE x.line_no END AS line_no, i.code AS item, i.name, m.quantity"
    " FROM (SELECT * FROM own UNION ALL SELECT * FROM billed) x JOIN stock_move m ON m.id = x.id JOIN item i ON i.id = m.item_id"
    " WHERE m.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') ORDER BY x.id"
)
_REVALUED: LiteralString = (
    "SELECT v.move_id, v.document_id, v.amount FROM cost_revaluation v WHERE v.move_id = ANY(%(moves)s)"
    " AND v.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') AND (v.effective_at AT TIME ZONE %(zone)s)::date <= %(day)s ORDER BY v.id"
)
_ADDED: LiteralString = (
    "SELECT x.document_id, x.added, x.weight, coalesce((SELECT jsonb_object_agg(a.code || ' ' || a.name, s.amount) FROM ("
    "  SELECT l.account_id, sum(l.credit - l.debit) AS amount FROM journal_entry e JOIN journal_line l ON l.tenant_id = e.tenant_id AND l.entry_id = e.id"
    "  WHERE e.document_id = x.document_id AND e.kind = 'original' AND l.account_id IN"
    "   (SELECT p.account_id FROM account_map p WHERE p.event IN ('outsource_fee', 'overhead')) GROUP BY l.account_id) s"
    " JOIN account a ON a.id = s.account_id), '{}') AS accounts FROM cost_transform x WHERE x.document_id = ANY(%s)"
)


def moves(work: Work, asked: Asked, document: int) -> list[dict[str, Any]]:
    """Return the movements a document's goods are in: id, document_id, line_no, item, name, quantity (ledger units)."""
    return work.rows(_MOVES, {"document": document, "known": asked.known})


def pieces(work: Work, asked: Asked, move_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return everything behind some movements: one row for each piece, in order of time, at most 20,000."""
    return work.rows(_WALK, {"moves": list(move_ids), "day": asked.day, "known": asked.known, "limit": MAX_PIECES})


def revaluations(work: Work, asked: Asked, move_ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Return by receipt movement what documents added to it: (document, amount)."""
    found: dict[int, list[tuple[int, int]]] = {}
    for row in work.rows(_REVALUED, {"moves": list(move_ids), "known": asked.known, "day": asked.day, "zone": work.actor.tz}):
        found.setdefault(row["move_id"], []).append((row["document_id"], row["amount"]))
    return found


def added(work: Work, documents: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return by document what it added to what it consumed: `added`, `weight` of all outputs, and the amounts by account."""
    return {row["document_id"]: row for row in work.rows(_ADDED, (list(documents),))}


def records(work: Work, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return records by id as the picture shows them."""
    return {row["id"]: row for row in work.rows(_NODES, (sorted(ids),))}
