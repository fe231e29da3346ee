"""Stock movements of one document with what they are worth now, and whether that is still being worked out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from erp_app.costing import repo
from erp_app.kernel.uow import Work
from erp_app.reports.report import units_text

_MOVES: LiteralString = (
    "SELECT m.line_no, m.item_id, i.code AS item, i.name, f.code AS source, t.code AS target, m.quantity, m.effective_at,"
    " (SELECT sum(c.value)::bigint FROM cost_piece c WHERE c.move_id = m.id) AS value,"
    " EXISTS (SELECT 1 FROM stock_balance b WHERE b.item_id = m.item_id AND b.place_id IN (m.from_place_id, m.to_place_id)"
    "  AND b.dirty_from <= m.effective_at) AS pending"
    " FROM stock_move m JOIN item i ON i.id = m.item_id JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id"
    " WHERE m.document_id = %s ORDER BY m.id LIMIT 2000"
)
_WAITING: LiteralString = "SELECT item_id, min(from_at) AS from_at FROM hpp_queue WHERE state <> 'done' GROUP BY item_id"


def moves(work: Work, document_id: int) -> list[dict[str, Any]]:
    """Return the movements in order: line_no, item, name, from, to, quantity, value (minor units, None while unknown), pending."""
    rows = work.rows(_MOVES, (document_id,))
    reached = _reached(work)
    return [
        {
            "line_no": row["line_no"],
            "item": row["item"],
            "name": row["name"],
            "from": row["source"],
            "to": row["target"],
            "quantity": units_text(row["quantity"]),
            "value": None if row["value"] is None else str(row["value"]),
            "pending": row["pending"] or reached.get(row["item_id"], row["effective_at"]) < row["effective_at"],
        }
        for row in rows
    ]


def _reached(work: Work) -> dict[int, datetime]:
    """Return the items whose costs are still to change because of what waits, and from when: what waits, and what was made of it."""
    waiting = {row["item_id"]: row["from_at"] for row in work.rows(_WAITING)}
    return repo.reach(work, waiting) if waiting else {}
