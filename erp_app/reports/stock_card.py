"""Stock card: every movement of an item at a place in the order in which it happened, with running balance and value."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, moment_text, units_text

# Each movement counts where it arrives (+) and where it leaves (-); value pending until the pieces are there.
_MOVES: LiteralString = (
    "WITH side AS ("
    " SELECT m.*, m.to_place_id AS place_id, 1 AS sign FROM stock_move m JOIN place p ON p.id = m.to_place_id"
    " WHERE m.item_id = %(item)s AND (m.to_place_id = %(place)s OR %(place)s::bigint IS NULL AND p.kind = ANY(%(ours)s))"
    " UNION ALL SELECT m.*, m.from_place_id, -1 FROM stock_move m JOIN place p ON p.id = m.from_place_id"
    " WHERE m.item_id = %(item)s AND (m.from_place_id = %(place)s OR %(place)s::bigint IS NULL AND p.kind = ANY(%(ours)s)))"
    " SELECT s.effective_at, s.recorded_at, r.number AS document, r.type AS document_type, r.id AS document_id, p.code AS place, s.sign, s.quantity,"
    " (SELECT sum(c.value)::bigint FROM cost_piece c WHERE c.move_id = s.id"
    " AND c.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') AND c.date <= %(day)s) AS value"
    " FROM side s JOIN record_ref r ON r.id = s.document_id JOIN place p ON p.id = s.place_id"
    " WHERE s.effective_at < coalesce(%(until)s::timestamptz, 'infinity') AND s.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')"
    " ORDER BY s.effective_at, s.id, s.sign"
)
OURS = ["warehouse", "vendor", "in_transit", "quarantine"]


def run(work: Work, asked: Asked) -> Answer:
    """Return `rows` oldest first: in, out, running balance, value of the movement (signed) and running value."""
    found = work.rows(_MOVES, {
        "item": asked.values["item"], "place": asked.values.get("place"), "ours": OURS, "day": asked.day, "until": asked.until, "known": asked.known,
    })
    rows: list[dict[str, Any]] = []
    balance = worth = 0
    for one in found:
        quantity, value = one["sign"] * one["quantity"], one["sign"] * (one["value"] or 0)
        balance, worth = balance + quantity, worth + value
        rows.append({
            "effective_at": moment_text(work, one["effective_at"]), "recorded_at": moment_text(work, one["recorded_at"]), "document": one["document"],
            "document_type": one["document_type"], "document_id": one["document_id"], "place": one["place"],
            "in": units_text(max(quantity, 0)), "out": units_text(max(-quantity, 0)), "balance": units_text(balance),
            "value": str(value) if one["value"] is not None else None, "balance_value": str(worth),
        })
    return {"rows": rows, "balance": units_text(balance), "value": str(worth)}


REPORT = Report(
    "stock-card", "Stock card", run,
    (
        Column("effective_at", "Date", "moment"), Column("recorded_at", "Recorded", "moment"), Column("document", "Document"), Column("place", "Place"),
        Column("in", "In", "quantity"), Column("out", "Out", "quantity"), Column("balance", "Balance", "quantity"),
        Column("value", "Value", "money", cost=True), Column("balance_value", "Balance value", "money", cost=True),
    ),
    view=("manager", "warehouse", "production", "finance", "finance_manager", "purchasing_manager", "sales_manager"),
    parameters=(Parameter("item", "ref", "Item", required=True, ref="items"), Parameter("place", "ref", "Place", ref="places")),
    section="Warehouse", icon="notebook-text",
)
