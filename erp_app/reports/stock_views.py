"""Stock at a glance: on hand, reserved and available by item and place, and how long goods have been lying."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.kernel import clock
from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, moment_text, units_text
from erp_app.reports.stock_layers import OURS, open_layers

_VIEW = ("manager", "staff", "warehouse", "production", "sales", "sales_manager", "purchasing", "purchasing_manager", "finance", "finance_manager")
_BALANCES: LiteralString = (
    "SELECT i.id AS item_id, i.code AS item, i.name, i.minimum, p.id AS place_id, p.code AS place, p.kind AS place_kind,"
    " sum(b.on_hand)::bigint AS on_hand, bool_or(b.dirty_from IS NOT NULL) AS pending, max(b.last_at) AS last_at,"
    " coalesce((SELECT sum(v.quantity) FROM reservation v WHERE v.item_id = i.id AND v.place_id = p.id), 0)::bigint AS reserved,"
    " sum(w.value)::bigint AS value FROM stock_balance b JOIN item i ON i.id = b.item_id JOIN place p ON p.id = b.place_id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(y.value - cost_portion(y.value, y.quantity, y.taken)), 0) AS value FROM cost_layer y"
    "   WHERE y.item_id = b.item_id AND y.place_id = b.place_id AND y.lot = b.lot"
    "   AND y.effective_at >= CASE WHEN b.head_at IS NULL THEN '-infinity' ELSE b.head_at END"
    "   AND y.taken < y.quantity AND (b.on_hand > 0 OR b.dirty_from IS NOT NULL)) w WHERE p.kind = ANY(%(ours)s)"
    " AND (%(item)s::bigint IS NULL OR i.id = %(item)s) AND (%(place)s::bigint IS NULL OR p.id = %(place)s)"
    " GROUP BY i.id, i.tenant_id, p.id, p.tenant_id HAVING sum(b.on_hand) > 0"
    " OR EXISTS (SELECT 1 FROM reservation v WHERE v.item_id = i.id AND v.place_id = p.id)"
    " ORDER BY i.code, p.code"
)
# The past: what the movements up to a moment, as far as they were known then, left where.
_THEN: LiteralString = (
    "SELECT i.id AS item_id, i.code AS item, i.name, i.minimum, p.id AS place_id, p.code AS place, p.kind AS place_kind, x.on_hand, x.last_at,"
    " false AS pending FROM (SELECT item_id, place_id, sum(quantity)::bigint AS on_hand, max(effective_at) AS last_at FROM ("
    "  SELECT item_id, to_place_id AS place_id, quantity, effective_at, recorded_at FROM stock_move"
    "  UNION ALL SELECT item_id, from_place_id, -quantity, effective_at, recorded_at FROM stock_move) m"
    "  WHERE m.effective_at < coalesce(%(until)s::timestamptz, 'infinity') AND m.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') GROUP BY 1, 2) x"
    " JOIN item i ON i.id = x.item_id JOIN place p ON p.id = x.place_id WHERE p.kind = ANY(%(ours)s) AND x.on_hand > 0"
    " AND (%(item)s::bigint IS NULL OR i.id = %(item)s) AND (%(place)s::bigint IS NULL OR p.id = %(place)s) ORDER BY i.code, p.code"
)
AGES = ("days_0_30", "days_31_60", "days_61_90", "over_90")
_LIMITS = (30, 60, 90)


def quick_view(work: Work, asked: Asked) -> Answer:
    """Return `rows` by item and place: on hand, reserved, available, value; `below_minimum` where it is. The past knows no reservations."""
    rows = []
    for one in _balances(work, asked):
        low = one["minimum"] is not None and one["place_kind"] == "warehouse" and one["on_hand"] < one["minimum"] * 10_000
        rows.append({
            "item": one["item"], "item_id": one["item_id"], "name": one["name"], "place": one["place"], "place_id": one["place_id"],
            "place_kind": one["place_kind"], "on_hand": units_text(one["on_hand"]), "reserved": units_text(one["reserved"]),
            "available": units_text(one["on_hand"] - one["reserved"]), "value": str(one["value"]), "pending": one["pending"], "below_minimum": low,
            "last_at": moment_text(work, one["last_at"]) or None,
        })
    return {"rows": rows, "total": str(sum(int(row["value"]) for row in rows))}


def _balances(work: Work, asked: Asked) -> list[dict[str, Any]]:
    """Return what lies where now, or what lay there then: for the past the layers of that time say what it was worth."""
    given = {"ours": OURS, "item": asked.values.get("item"), "place": asked.values.get("place"), "until": asked.until, "known": asked.known}
    if asked.is_now:
        return work.rows(_BALANCES, given)
    worth: dict[tuple[str, str], int] = {}
    for layer in open_layers(work, asked):
        key = (layer["item"], layer["place"])
        worth[key] = worth.get(key, 0) + layer["value"]
    return [{**one, "reserved": 0, "value": worth.get((one["item"], one["place"]), 0)} for one in work.rows(_THEN, given)]


def ageing(work: Work, asked: Asked) -> Answer:
    """Return `rows` by item and place with quantity and value by age of the layers."""
    end = asked.until or clock.now()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for layer in open_layers(work, asked):
        key = (layer["item"], layer["place"])
        row = rows.setdefault(key, {"item": key[0], "name": layer["item_name"], "place": key[1], "quantity": 0, "value": 0, **dict.fromkeys(AGES, 0)})
        age = (end - layer["effective_at"]).days
        row["quantity"] += layer["quantity"]
        row["value"] += layer["value"]
        row[AGES[sum(age > limit for limit in _LIMITS)]] += layer["value"]
    texts = [{**row, "quantity": units_text(row["quantity"]), **{name: str(row[name]) for name in (*AGES, "value")}} for row in rows.values()]
    return {"rows": texts, "total": str(sum(row["value"] for row in rows.values()))}


_WHERE = (Parameter("item", "ref", "Item", ref="items"), Parameter("place", "ref", "Place", ref="places"))
QUICK_VIEW = Report(
    "stock", "Stock", quick_view,
    (
        Column("item", "Item"), Column("name", "Name"), Column("place", "Place"), Column("on_hand", "On hand", "quantity"),
        Column("reserved", "Reserved", "quantity"), Column("available", "Available", "quantity"), Column("value", "Value", "money", cost=True),
    ),
    view=_VIEW, parameters=_WHERE, section="Warehouse", icon="boxes",
)
AGEING = Report(
    "stock-ageing", "Stock ageing", ageing,
    (
        Column("item", "Item"), Column("name", "Name"), Column("place", "Place"), Column("quantity", "Quantity", "quantity"),
        Column("days_0_30", "0-30 days", "money", cost=True), Column("days_31_60", "31-60 days", "money", cost=True),
        Column("days_61_90", "61-90 days", "money", cost=True), Column("over_90", "Over 90 days", "money", cost=True),
        Column("value", "Value", "money", cost=True),
    ),
    view=("manager", "warehouse", "finance", "finance_manager", "purchasing_manager"), parameters=_WHERE, section="Warehouse", icon="hourglass",
)
