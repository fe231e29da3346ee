"""The figures of the home page: each one a small query, each one only for those who may see the rows it is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, LiteralString

from erp_app.document import registry
from erp_app.kernel import clock
from erp_app.kernel.access import may
from erp_app.kernel.uow import Work

DAYS = 30
OPEN_ORDERS = ("confirmed", "credit_hold", "partly_delivered")
_WAITING_STATES = ("draft", "submitted", "credit_hold", "mismatch", "open", "verified", "counted", "frozen")

_BY_ROLE: LiteralString = (
    "SELECT CASE WHEN m.event = 'stock' THEN 'stock' ELSE m.event END AS role, sum(b.amount)::bigint AS amount FROM"
    " (SELECT DISTINCT event, account_id FROM account_map WHERE event IN ('ar', 'ap', 'grni', 'bank')"
    "  OR (event = 'stock' AND place_kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine'))) m"
    " JOIN (SELECT account_id, sum(debit - credit) AS amount FROM journal_line GROUP BY account_id) b USING (account_id) GROUP BY 1"
)
_BY_DAY: LiteralString = (
    "SELECT l.date, m.event AS role, sum(l.credit - l.debit)::bigint AS amount FROM journal_line l"
    " JOIN (SELECT DISTINCT event, account_id FROM account_map WHERE event IN ('sales', 'cogs')) m USING (account_id)"
    " WHERE l.date > %s AND l.date <= %s GROUP BY 1, 2"
)
_BY_PLACE: LiteralString = (
    "SELECT p.code AS place, sum(y.value - cost_portion(y.value, y.quantity, y.taken))::bigint AS value FROM cost_layer y"
    " JOIN place p ON p.id = y.place_id WHERE y.taken < y.quantity AND p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine')"
    " GROUP BY p.code ORDER BY 2 DESC LIMIT 8"
)
_SHORT: LiteralString = (
    "SELECT i.id, i.code, i.name, i.minimum, coalesce(sum(b.on_hand) FILTER (WHERE p.kind = 'warehouse'), 0)::bigint AS on_hand FROM item i"
    " LEFT JOIN stock_balance b ON b.item_id = i.id LEFT JOIN place p ON p.id = b.place_id WHERE i.active AND i.minimum > 0"
    " GROUP BY i.id, i.code, i.name, i.minimum HAVING coalesce(sum(b.on_hand) FILTER (WHERE p.kind = 'warehouse'), 0) < i.minimum * 10000"
    " ORDER BY i.code LIMIT 8"
)
_STATES: LiteralString = "SELECT state, count(*) AS count, sum(total)::bigint AS total FROM sales_order WHERE state <> 'deleted' GROUP BY state"


def figures(work: Work) -> dict[str, Any]:
    """Return what the actor may see of: `books` (stock, ar, ap, grni, bank in minor units), `orders` ([state, count, total]),
    `days` ([date, sales, margin] of the last month), `places` ([place, value]), `short` (items below their minimum), `postings`
    (journals recorded today), `waiting` (documents that wait for this person).
    """  # noqa: D205 - one sentence
    found: dict[str, Any] = {}
    finance = may(work.actor, "report-trial-balance", "view")
    if finance:
        books = {"stock": 0, "ar": 0, "ap": 0, "grni": 0, "bank": 0}
        found["books"] = books | {row["role"]: row["amount"] for row in work.rows(_BY_ROLE)}
        found["days"] = _days(work)
        found["postings"] = work.value(
            "SELECT count(*) FROM journal_entry WHERE recorded_at >= (%s::date)::timestamp AT TIME ZONE %s",
            (clock.today(work.actor.tz), work.actor.tz),
        )
    if may(work.actor, "report-stock-layers", "view"):
        found["short"] = work.rows(_SHORT)
        if may(work.actor, "report-stock-layers", "see_cost"):
            found["places"] = work.rows(_BY_PLACE)
    if may(work.actor, "sales-orders", "view"):
        found["orders"] = work.rows(_STATES)
    found["waiting"] = waiting(work)
    return found


_FINDINGS = "anomalies"  # rules find many; they wait for whom they were given to
_WAITING: LiteralString = (
    "(SELECT id, type, number, label, state, effective_at FROM record_ref WHERE type = ANY(%(kinds)s) AND state = ANY(%(states)s) ORDER BY id DESC"
    " LIMIT %(limit)s) UNION ALL (SELECT r.id, r.type, r.number, r.label, r.state, r.effective_at FROM anomaly a"
    " JOIN record_ref r ON r.tenant_id = a.tenant_id AND r.id = a.id WHERE a.assignee_id = %(user)s AND a.state = 'open' ORDER BY a.id DESC"
    " LIMIT %(limit)s) ORDER BY id DESC LIMIT %(limit)s"
)


def waiting(work: Work, limit: int = 8) -> list[dict[str, Any]]:
    """Return documents in a state from which this person may bring them on, newest first; of findings only those they own."""
    kinds: list[str] = []
    labels: dict[str, str] = {}
    for one in registry.all_types():
        rights = {step.permission for step in one.actions if set(step.sources) & set(_WAITING_STATES)} & {"approve", "post"}
        labels[one.plural] = one.label
        if one.is_document and one.plural != _FINDINGS and any(may(work.actor, one.plural, right) for right in rights):
            kinds.append(one.plural)
    asked = {"kinds": kinds, "states": list(_WAITING_STATES), "limit": limit, "user": work.actor.user_id}
    rows = work.rows(_WAITING, asked)
    return [{**row, "type_label": labels[row["type"]]} for row in rows]


def _days(work: Work) -> list[dict[str, Any]]:
    today = clock.today(work.actor.tz)
    first = today - timedelta(days=DAYS)
    latest = work.value("SELECT max(date) FROM journal_line WHERE date <= %s", (today,))
    if latest is not None and latest <= first:  # a quiet month: show the last one in which anything happened
        today, first = latest, latest - timedelta(days=DAYS)
    amounts = {(row["date"], row["role"]): row["amount"] for row in work.rows(_BY_DAY, (first, today))}
    days = [first + timedelta(days=number + 1) for number in range(DAYS)]
    return [
        {"date": one.isoformat(), "sales": amounts.get((one, "sales"), 0), "margin": amounts.get((one, "sales"), 0) + amounts.get((one, "cogs"), 0)}
        for one in days
    ]
