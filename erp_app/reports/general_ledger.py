"""General ledger: every line on one account or on all, in order of date, with the running balance and the document behind it."""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString

from erp_app.accounting import repo as accounting
from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report

MAX_LINES = 5000
_BEFORE: LiteralString = (
    "SELECT a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id"
    " JOIN account a ON a.id = l.account_id"
    " WHERE (%(account)s::bigint IS NULL OR l.account_id = %(account)s) AND (%(party)s::bigint IS NULL OR l.party_id = %(party)s)"
    " AND l.date < %(from)s AND e.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') GROUP BY a.code"
)
_LINES: LiteralString = (
    "SELECT a.code AS account, j.number, j.date, j.kind, j.text, r.number AS document, r.type AS document_type, r.id AS document_id, p.number AS party,"
    " l.debit, l.credit FROM journal_line l JOIN journal j ON j.id = l.entry_id JOIN account a ON a.id = l.account_id"
    " JOIN record_ref r ON r.id = j.document_id LEFT JOIN record_ref p ON p.id = l.party_id"
    " WHERE (%(account)s::bigint IS NULL OR l.account_id = %(account)s) AND (%(party)s::bigint IS NULL OR l.party_id = %(party)s)"
    " AND l.date >= %(from)s AND l.date <= %(day)s"
    " AND j.recorded_at < coalesce(%(known)s::timestamptz, 'infinity') ORDER BY a.code, l.date, l.entry_id, l.line_no LIMIT %(limit)s"
)


def run(work: Work, asked: Asked) -> Answer:
    """Return `opening`, `rows` with each account's running `balance`, `closing`; at most 5,000 rows, then `more` says that there are more."""
    first = asked.values.get("from") or date(1, 1, 1)
    params = {
        "account": asked.values.get("account"), "party": asked.values.get("party", ("", None))[1], "from": first,
        "day": asked.day, "known": asked.known, "limit": MAX_LINES + 1,
    }
    accounting.give_numbers(work)  # the sealer does it within a second; whoever looks now wants them now
    balances = {one["code"]: int(one["amount"]) for one in work.rows(_BEFORE, params)}
    opening = sum(balances.values())
    found = work.rows(_LINES, params)
    rows: list[dict[str, Any]] = []
    for one in found[:MAX_LINES]:
        balances[one["account"]] = balance = balances.get(one["account"], 0) + one["debit"] - one["credit"]
        rows.append({**one, "date": one["date"].isoformat(), "debit": str(one["debit"]), "credit": str(one["credit"]), "balance": str(balance)})
    return {"opening": str(opening), "rows": rows, "closing": str(sum(balances.values())), "more": len(found) > MAX_LINES}


REPORT = Report(
    "general-ledger", "General ledger", run,
    (
        Column("account", "Account"), Column("date", "Date", "date"), Column("number", "Journal"), Column("document", "Document"), Column("party", "Party"),
        Column("text", "Text"),
        Column("debit", "Debit", "money"), Column("credit", "Credit", "money"), Column("balance", "Balance", "money"),
    ),
    view=("manager", "finance", "finance_manager"),
    parameters=(
        Parameter("account", "ref", "Account", ref="accounts"), Parameter("from", "date", "From"), Parameter("party", "document", "Party"),
    ),
    section="Accounting", icon="book",
)
