"""Aged receivables and payables: what is open by customer or supplier, by how long it is overdue; the total equals the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString

from erp_app.kernel import clock
from erp_app.kernel.uow import Work
from erp_app.reports.report import FOREVER, Answer, Asked, Column, Parameter, Report

BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "over_90")
_LIMITS = (0, 30, 60, 90)

# A document's lines on the party's account, its reversal with it, less what was settled of it and what it settled elsewhere.
_OPEN: LiteralString = (
    "WITH owed AS (SELECT CASE WHEN e.kind = 'reversal' THEN e.cause_document_id ELSE e.document_id END AS document_id, l.party_id,"
    " %(sign)s * sum(l.debit - l.credit)::bigint AS amount, min(l.date) AS date"
    " FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id"
    " JOIN account_map m ON m.account_id = l.account_id AND m.event = %(role)s"
    " WHERE l.party_id IS NOT NULL AND (%(party)s::bigint IS NULL OR l.party_id = %(party)s) AND l.date <= %(day)s"
    " AND e.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') GROUP BY 1, 2),"
    " paid AS (SELECT document_id, sum(amount)::bigint AS amount FROM ("
    " SELECT document_id, amount FROM settlement WHERE date <= %(day)s AND recorded_at < coalesce(%(known)s::timestamptz, 'infinity')"
    " UNION ALL SELECT by_document_id, -amount FROM settlement WHERE date <= %(day)s"
    " AND recorded_at < coalesce(%(known)s::timestamptz, 'infinity')) s GROUP BY 1)"
    " SELECT p.number AS party, p.label AS party_name, p.id AS party_id, p.type AS party_type, r.number AS document,"
    " r.type AS document_type, r.id AS document_id, o.date, coalesce(i.due_on, b.due_on, o.date) AS due_on, o.amount AS total,"
    " o.amount - coalesce(s.amount, 0) AS open FROM owed o JOIN record_ref p ON p.id = o.party_id"
    " JOIN record_ref r ON r.id = o.document_id LEFT JOIN paid s ON s.document_id = o.document_id"
    " LEFT JOIN sales_invoice i ON i.id = o.document_id LEFT JOIN supplier_bill b ON b.id = o.document_id"
    " WHERE o.amount - coalesce(s.amount, 0) <> 0 ORDER BY p.number, due_on, r.number"
)


def bucket(days: int) -> str:
    """Return the bucket of a document that is overdue by so many days."""
    return BUCKETS[sum(days > limit for limit in _LIMITS)]


def open_documents(work: Work, asked: Asked, role: str, sign: int) -> list[dict[str, Any]]:
    """Return open documents of `ar` (sign 1) or `ap` (sign -1) with `days` overdue and `bucket`."""
    today = clock.today(work.actor.tz) if asked.day == FOREVER else asked.day
    rows = work.rows(_OPEN, {"role": role, "sign": sign, "party": asked.values.get("party"), "day": asked.day, "known": asked.known})
    for row in rows:
        row["days"] = max((today - row["due_on"]).days, 0)
        row["bucket"] = bucket((today - row["due_on"]).days)
    return rows


def _report(role: str, sign: int) -> Any:
    def run(work: Work, asked: Asked) -> Answer:
        """Return `rows` by party with buckets, `open` documents, and the totals."""
        found = open_documents(work, asked, role, sign)
        rows: dict[str, dict[str, Any]] = {}
        for one in found:
            row = rows.setdefault(one["party"], {"party": one["party"], "name": one["party_name"], **dict.fromkeys(BUCKETS, 0), "total": 0})
            row[one["bucket"]] += one["open"]
            row["total"] += one["open"]
        total = {name: sum(row[name] for row in rows.values()) for name in (*BUCKETS, "total")}
        return {"rows": [_texts(row) for row in rows.values()], "open": [_texts(one) for one in found], "total": _texts(total)}

    return run


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    money = {*BUCKETS, "total", "open"}
    return {key: str(value) if key in money else value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


_COLUMNS = (
    Column("party", "Party"), Column("name", "Name"), Column("not_due", "Not due", "money"), Column("days_1_30", "1-30 days", "money"),
    Column("days_31_60", "31-60 days", "money"), Column("days_61_90", "61-90 days", "money"), Column("over_90", "Over 90 days", "money"),
    Column("total", "Total", "money"),
)
RECEIVABLES = Report(
    "aged-receivables", "Aged receivables", _report("ar", 1), _COLUMNS, view=("manager", "finance", "finance_manager", "sales_manager"),
    parameters=(Parameter("party", "ref", "Customer", ref="customers"),), section="Accounting", icon="hand-coins",
)
PAYABLES = Report(
    "aged-payables", "Aged payables", _report("ap", -1), _COLUMNS, view=("manager", "finance", "finance_manager", "purchasing_manager"),
    parameters=(Parameter("party", "ref", "Supplier", ref="suppliers"),), section="Accounting", icon="wallet",
)
