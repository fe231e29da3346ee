"""Margin: what deliveries brought at the order's price against what they cost (HPP), by item, customer or delivery."""

from __future__ import annotations

from typing import LiteralString

from erp_app.kernel.money import half_up
from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, units_text

# One row a delivered line: its movement into the customer's hands and the pieces that say what it cost.
_SOLD: LiteralString = (
    "WITH sold AS (SELECT d.id, d.number, d.customer_id, l.item_id, l.quantity, round(l.quantity * l.unit_price)::bigint AS net,"
    " (SELECT coalesce(sum(c.value), 0)::bigint FROM stock_move m JOIN cost_piece c ON c.move_id = m.id"
    "   WHERE m.document_id = d.id AND m.line_no = l.line_no AND c.date <= %(day)s AND c.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')) AS cogs"
    " FROM delivery_order d JOIN delivery_order_line l ON l.document_id = d.id"
    " WHERE d.state IN ('posted', 'invoiced', 'closed') AND d.effective_at < coalesce(%(until)s::timestamptz, 'infinity')"
    " AND (%(from)s::date IS NULL OR (d.effective_at AT TIME ZONE %(zone)s)::date >= %(from)s)"
    " AND EXISTS (SELECT 1 FROM stock_move m WHERE m.document_id = d.id AND m.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')))"
)
_BY: dict[str, LiteralString] = {
    "item": " SELECT i.code AS key, i.name AS name, sum(s.quantity) AS quantity, sum(s.net)::bigint AS net, sum(s.cogs)::bigint AS cogs FROM sold s"
    " JOIN item i ON i.id = s.item_id GROUP BY i.code, i.name ORDER BY 4 DESC, 1",
    "customer": " SELECT c.code AS key, c.name AS name, sum(s.quantity) AS quantity, sum(s.net)::bigint AS net, sum(s.cogs)::bigint AS cogs FROM sold s"
    " JOIN customer c ON c.id = s.customer_id GROUP BY c.code, c.name ORDER BY 4 DESC, 1",
    "delivery": " SELECT s.number AS key, c.name AS name, sum(s.quantity) AS quantity, sum(s.net)::bigint AS net, sum(s.cogs)::bigint AS cogs FROM sold s"
    " JOIN customer c ON c.id = s.customer_id GROUP BY s.number, c.name ORDER BY 1",
}


def run(work: Work, asked: Asked) -> Answer:
    """Return `rows` with net, HPP, margin and its percentage (one decimal), and the totals."""
    params = {
        "day": asked.day, "until": asked.until, "known": asked.known, "from": asked.values.get("from"), "zone": work.actor.tz,
    }
    query: LiteralString = _SOLD + _BY[asked.values.get("by", "item")]
    rows = [
        {
            "key": one["key"], "name": one["name"], "quantity": units_text(one["quantity"] * 10_000), "net": str(one["net"]), "cogs": str(one["cogs"]),
            "margin": str(one["net"] - one["cogs"]), "percent": percent(one["net"] - one["cogs"], one["net"]),
        }
        for one in work.rows(query, params)
    ]
    net, cogs = sum(int(row["net"]) for row in rows), sum(int(row["cogs"]) for row in rows)
    return {"rows": rows, "net": str(net), "cogs": str(cogs), "margin": str(net - cogs), "percent": percent(net - cogs, net)}


def percent(part: int, whole: int) -> str:
    """Write a share in percent with one decimal; nothing of nothing is empty."""
    if whole <= 0:
        return ""
    tenths = half_up(part * 1000, whole)
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


REPORT = Report(
    "margin", "Margin", run,
    (
        Column("key", "Code"), Column("name", "Name"), Column("quantity", "Quantity", "quantity"), Column("net", "Net", "money"),
        Column("cogs", "HPP", "money", cost=True), Column("margin", "Margin", "money", cost=True), Column("percent", "Margin %", "percent", cost=True),
    ),
    view=("manager", "sales_manager", "finance_manager"), see_cost=("manager", "sales_manager", "finance_manager"),
    parameters=(Parameter("by", "choice", "Grouped by", choices=("item", "customer", "delivery")), Parameter("from", "date", "From")),
    section="Sales", icon="percent",
)
