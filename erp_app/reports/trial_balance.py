"""Trial balance: what every account stands at; both sides are equal, always."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Report

_NAMED: LiteralString = ") SELECT a.id, a.code AS account, a.name, a.type, b.amount FROM b JOIN account a ON a.id = b.account_id ORDER BY a.code"
_ALL: LiteralString = (
    "WITH b AS (SELECT account_id, sum(debit - credit)::bigint AS amount FROM journal_line WHERE date <= %(day)s GROUP BY account_id" + _NAMED  # noqa: S608 - constants only
)
_KNOWN: LiteralString = (
    "WITH b AS (SELECT l.account_id, sum(l.debit - l.credit)::bigint AS amount FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id"  # noqa: S608 - constants only
    " WHERE l.date <= %(day)s AND e.recorded_at < %(known)s GROUP BY l.account_id" + _NAMED
)


def balances(work: Work, asked: Asked) -> list[dict[str, Any]]:
    """Return every account that was ever used: `id`, `account`, `name`, `type`, `amount` (debit positive), by code."""
    return work.rows(_KNOWN if asked.known else _ALL, {"day": asked.day, "known": asked.known})


def run(work: Work, asked: Asked) -> Answer:
    """Return `rows` and both totals; accounts at zero are left out."""
    rows = [
        {"account": row["account"], "name": row["name"], "debit": str(max(row["amount"], 0)), "credit": str(max(-row["amount"], 0))}
        for row in balances(work, asked) if row["amount"]
    ]
    return {"rows": rows, "total_debit": str(sum(int(row["debit"]) for row in rows)), "total_credit": str(sum(int(row["credit"]) for row in rows))}


REPORT = Report(
    "trial-balance", "Trial balance", run,
    (Column("account", "Account"), Column("name", "Name", "choice"), Column("debit", "Debit", "money"), Column("credit", "Credit", "money")),
    view=("manager", "finance", "finance_manager"), section="Accounting", icon="scale",
)
