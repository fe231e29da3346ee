"""Stock layers: what lies where, from which batches, and what each is worth; equal to the inventory accounts."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports import layers_then
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, moment_text, units_text

OURS = ["warehouse", "vendor", "in_transit", "quarantine"]

_FILTER: LiteralString = (
    " AND (%(item)s::bigint IS NULL OR y.item_id = %(item)s) AND (%(place)s::bigint IS NULL OR y.place_id = %(place)s)"
)
_SHOWN: LiteralString = (
    "SELECT i.code AS item, i.name AS item_name, p.code AS place, p.kind AS place_kind, r.number AS source, r.type AS source_type,"
    " o.id AS source_id, o.effective_at, o.quantity, o.value FROM open o JOIN item i ON i.id = o.item_id JOIN place p ON p.id = o.place_id"
    " LEFT JOIN record_ref r ON r.id = o.origin_document_id WHERE o.quantity <> 0 OR o.value <> 0"
    " ORDER BY i.code, p.code, o.effective_at, o.move_id, o.rank"
)
# The present: the layer cache knows what is cut off, and the balance where in a queue something is left. (CASE, not COALESCE: behind
# row-level security the planner enters an index only by what it knows not to leak.)
_NOW: LiteralString = (
    "WITH open AS (SELECT y.item_id, y.place_id, y.origin_document_id, y.origin_document_id AS id, y.effective_at, y.move_id, y.rank,"  # noqa: S608 - constants only
    " y.quantity - y.taken AS quantity, y.value - cost_portion(y.value, y.quantity, y.taken) AS value"
    " FROM stock_balance b JOIN place q ON q.id = b.place_id JOIN cost_layer y ON y.item_id = b.item_id AND y.place_id = b.place_id AND y.lot = b.lot"
    " AND y.effective_at >= CASE WHEN b.head_at IS NULL THEN '-infinity' ELSE b.head_at END AND y.taken < y.quantity"
    " WHERE (b.on_hand > 0 OR b.dirty_from IS NOT NULL) AND q.kind = ANY(%(ours)s)" + _FILTER + ") "
)


def open_layers(work: Work, asked: Asked) -> list[dict[str, Any]]:
    """Return every layer with something left, by item, place and queue order; quantities in ledger units, values in minor units."""
    params = {
        "ours": OURS, "item": asked.values.get("item"), "place": asked.values.get("place"), "day": asked.day, "until": asked.until, "known": asked.known,
    }
    if asked.is_now:
        return work.rows(_NOW + _SHOWN, params)
    return work.rows(layers_then.OPEN_THEN + _SHOWN, layers_then.begin(work, params))


def run(work: Work, asked: Asked) -> Answer:
    """Return `rows` by item and place with their `layers`; `pending` tells whether costs of late documents are still being worked out."""
    rows = []
    for (item, place, kind), group in groupby(open_layers(work, asked), key=lambda one: (one["item"], one["place"], one["place_kind"])):
        layers = list(group)
        rows.append({
            "item": item, "item_name": layers[0]["item_name"], "place": place, "place_kind": kind,
            "quantity": units_text(sum(one["quantity"] for one in layers)), "value": str(sum(one["value"] for one in layers)),
            "layers": [
                {
                    "source": one["source"], "source_type": one["source_type"], "source_id": one["source_id"],
                    "effective_at": moment_text(work, one["effective_at"]), "quantity": units_text(one["quantity"]), "value": str(one["value"]),
                }
                for one in layers
            ],
        })
    return {"rows": rows, "total": str(sum(int(row["value"]) for row in rows)), "pending": is_pending(work, asked.known)}


def is_pending(work: Work, known: datetime | None = None) -> bool:
    """Tell whether any queue waits for the costing worker, or waited at a moment."""
    if known is None:
        return bool(work.value("SELECT EXISTS (SELECT 1 FROM stock_balance WHERE dirty_from IS NOT NULL)"))
    waited = "SELECT EXISTS (SELECT 1 FROM hpp_queue WHERE created_at < %(known)s AND coalesce(done_at, 'infinity') >= %(known)s)"
    return bool(work.value(waited, {"known": known}))


def flat(answer: Answer) -> list[dict[str, Any]]:
    """Return one row for each layer, for files."""
    return [
        {"item": row["item"], "item_name": row["item_name"], "place": row["place"], **layer}
        for row in answer["rows"] for layer in row["layers"]
    ]


REPORT = Report(
    "stock-layers", "Stock layers", run,
    (
        Column("item", "Item"), Column("item_name", "Name"), Column("place", "Place"), Column("source", "Source"), Column("effective_at", "Date", "moment"),
        Column("quantity", "Quantity", "quantity"), Column("value", "Value", "money", cost=True),
    ),
    view=("manager", "warehouse", "finance", "finance_manager", "purchasing_manager", "sales_manager"),
    parameters=(Parameter("item", "ref", "Item", ref="items"), Parameter("place", "ref", "Place", ref="places")),
    rows_of=flat, section="Warehouse", icon="layers",
)
