"""Cost trace: where the cost of a document comes from, back to the receipts, with quantity and money on every edge."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, units_text

MAX_EDGES = 2000

# From the document's movements to the layers they took from, from each layer to the movements that laid it, and so on. Goods that
# a document made come from everything it consumed.
_WALK: LiteralString = (
    "WITH RECURSIVE walk AS ("
    " SELECT c.move_id, c.layer_id FROM stock_move m JOIN cost_piece c ON c.move_id = m.id WHERE m.document_id = %(document)s"
    " UNION"
    " SELECT c.move_id, c.layer_id FROM walk w JOIN cost_layer y ON y.id = w.layer_id JOIN stock_move m ON m.id = y.move_id"
    " JOIN stock_move f ON f.document_id = m.document_id AND (f.id = m.id OR m.transform AND f.transform)"
    " JOIN cost_piece c ON c.move_id = f.id AND (f.id <> m.id OR y.parent_layer_id IS NULL OR c.layer_id IN (y.id, y.parent_layer_id)))"
    " SELECT w.move_id, w.layer_id, p.quantity, p.value, m.document_id AS to_id, i.code AS item, y.move_id = w.move_id AS entered,"
    " CASE WHEN y.move_id = w.move_id THEN NULL ELSE s.document_id END AS from_id, y.origin_document_id AS origin_id, pl.code AS place"
    " FROM walk w CROSS JOIN LATERAL (SELECT sum(c.quantity)::bigint AS quantity, sum(c.value)::bigint AS value FROM cost_piece c"
    "  WHERE c.move_id = w.move_id AND c.layer_id = w.layer_id AND c.date <= %(day)s AND c.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')) p"
    " JOIN stock_move m ON m.id = w.move_id JOIN item i ON i.id = m.item_id"
    " JOIN cost_layer y ON y.id = w.layer_id JOIN stock_move s ON s.id = y.move_id JOIN place pl ON pl.id = y.place_id"
    " WHERE p.quantity <> 0 OR p.value <> 0 ORDER BY m.effective_at DESC, m.id DESC, y.effective_at, y.id LIMIT %(limit)s"
)
_NODES: LiteralString = "SELECT id, type, number, label, state, effective_at FROM record_ref WHERE id = ANY(%s)"


def run(work: Work, asked: Asked) -> Answer:
    """Return `nodes` (documents), `edges` (from, to, item, quantity, value) and `sources`: what the document's goods consist of."""
    plural, document_id = asked.values["document"]
    found = work.rows(_WALK, {"document": document_id, "day": asked.day, "known": asked.known, "limit": MAX_EDGES})
    ids = {one["to_id"] for one in found} | {one["from_id"] for one in found if one["from_id"]} | {one["origin_id"] for one in found} | {document_id}
    nodes = {row["id"]: row for row in work.rows(_NODES, [sorted(ids)])}
    edges = [
        {
            "from": one["from_id"], "to": one["to_id"], "from_number": nodes[one["from_id"]]["number"], "to_number": nodes[one["to_id"]]["number"],
            "item": one["item"], "place": one["place"], "quantity": units_text(one["quantity"]), "value": str(one["value"]),
        }
        for one in found if not one["entered"] and one["from_id"] != one["to_id"]
    ]
    drawn = {one["from"] for one in edges} | {one["to"] for one in edges} | {one["to_id"] for one in found}
    return {
        "document": {"type": plural, "id": document_id, "number": nodes[document_id]["number"]},
        "nodes": [
            {**row, "effective_at": row["effective_at"].isoformat() if row["effective_at"] else None, **_entered(found, key)}
            for key, row in nodes.items() if key in drawn or key == document_id
        ],
        "edges": edges, "sources": _sources(found, document_id, nodes), "more": len(found) == MAX_EDGES,
    }


def _entered(found: list[dict[str, Any]], document_id: int) -> dict[str, str]:
    """Return what came in from outside with a document: a receipt's quantity and value."""
    mine = [one for one in found if one["entered"] and one["to_id"] == document_id]
    return {"quantity": units_text(sum(one["quantity"] for one in mine)), "value": str(sum(one["value"] for one in mine))} if mine else {}


def _sources(found: list[dict[str, Any]], document_id: int, nodes: dict[int, dict[str, Any]]) -> list[dict[str, str]]:
    """Return what the document itself took, by the origin of the layers, in the order in which they were taken."""
    total: dict[tuple[int, str], list[int]] = {}
    for one in found:
        if one["to_id"] == document_id and not one["entered"] and one["from_id"] != document_id:  # not what it passed on to itself
            sums = total.setdefault((one["origin_id"], one["item"]), [0, 0])
            sums[0] += one["quantity"]
            sums[1] += one["value"]
    return [
        {"source": nodes[origin]["number"], "item": item, "quantity": units_text(quantity), "value": str(value)}
        for (origin, item), (quantity, value) in total.items()
    ]


REPORT = Report(
    "cost-trace", "Cost trace", run,
    (
        Column("from_number", "From"), Column("to_number", "To"), Column("item", "Item"), Column("place", "Out of"), Column("quantity", "Quantity", "quantity"),
        Column("value", "Value", "money"),
    ),
    view=("manager", "finance", "finance_manager"), parameters=(Parameter("document", "document", "Document", required=True),),
    rows_of=lambda answer: list(answer["edges"]), section="Accounting", icon="route",
)
