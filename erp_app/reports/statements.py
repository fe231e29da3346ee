"""Profit and loss over a span of days, balance sheet as of a day; both from the same balances as the trial balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report
from erp_app.reports.trial_balance import balances

_COLUMNS = (Column("section", "Section", "choice"), Column("account", "Account"), Column("name", "Name", "choice"), Column("amount", "Amount", "money"))
_VIEW = ("manager", "finance", "finance_manager")


def profit_and_loss(work: Work, asked: Asked) -> Answer:
    """Return `rows` of income and expense accounts, `income`, `expense` and `profit` from `from` (default: all) to `as_of`."""
    amounts = _movements(work, asked, asked.values.get("from"))
    rows = [
        {"section": row["type"], "account": row["account"], "name": row["name"], "amount": -row["amount"] if row["type"] == "income" else row["amount"]}
        for row in amounts if row["type"] in ("income", "expense") and row["amount"]
    ]
    income = sum(row["amount"] for row in rows if row["section"] == "income")
    expense = sum(row["amount"] for row in rows if row["section"] == "expense")
    return {"rows": _texts(rows, ("income", "expense")), "income": str(income), "expense": str(expense), "profit": str(income - expense)}


def balance_sheet(work: Work, asked: Asked) -> Answer:
    """Return `rows` of assets, liabilities and equity with the profit so far as a line of equity; assets = liabilities + equity."""
    amounts = balances(work, asked)
    profit = -sum(row["amount"] for row in amounts if row["type"] in ("income", "expense"))
    rows = [
        {"section": row["type"], "account": row["account"], "name": row["name"], "amount": row["amount"] if row["type"] == "asset" else -row["amount"]}
        for row in amounts if row["type"] in ("asset", "liability", "equity") and row["amount"]
    ]
    rows.append({"section": "equity", "account": "", "name": "Profit not yet carried over", "amount": profit})
    totals = {section: sum(row["amount"] for row in rows if row["section"] == section) for section in ("asset", "liability", "equity")}
    return {
        "rows": _texts(rows, ("asset", "liability", "equity")), "assets": str(totals["asset"]), "liabilities": str(totals["liability"]),
        "equity": str(totals["equity"]), "profit": str(profit), "balanced": totals["asset"] == totals["liability"] + totals["equity"],
    }


def _movements(work: Work, asked: Asked, first: date | None) -> list[dict[str, Any]]:
    """Return the balances at the end less those before the first day."""
    end = balances(work, asked)
    if first is None:
        return end
    before = {row["id"]: row["amount"] for row in balances(work, replace(asked, day=first - timedelta(days=1)))}
    return [{**row, "amount": row["amount"] - before.get(row["id"], 0)} for row in end]


def _texts(rows: list[dict[str, Any]], order: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{**row, "amount": str(row["amount"])} for row in sorted(rows, key=lambda row: order.index(row["section"]))]


def _summed(answer: Answer, sums: tuple[tuple[str, str], ...], last: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows section by section, each with its sum, and the last line."""
    found: list[dict[str, Any]] = []
    for section, total in sums:
        found += [row for row in answer["rows"] if row["section"] == section]
        found.append({"section": section, "account": "", "name": "Total", "amount": answer[total]})
    return [*found, {"section": "", "account": "", **last}]


def _closing_with_profit(answer: Answer) -> list[dict[str, Any]]:
    return _summed(answer, (("income", "income"), ("expense", "expense")), {"name": "Profit", "amount": answer["profit"]})


def _closing_with_claims(answer: Answer) -> list[dict[str, Any]]:
    claims = str(int(answer["liabilities"]) + int(answer["equity"]))
    sections = (("asset", "assets"), ("liability", "liabilities"), ("equity", "equity"))
    return _summed(answer, sections, {"name": "Liabilities and equity", "amount": claims})


PROFIT_AND_LOSS = Report(
    "profit-and-loss", "Profit and loss", profit_and_loss, _COLUMNS, view=_VIEW, parameters=(Parameter("from", "date", "From"),),
    rows_of=_closing_with_profit, section="Accounting", icon="trending-up",
)
BALANCE_SHEET = Report(
    "balance-sheet", "Balance sheet", balance_sheet, _COLUMNS, view=_VIEW, rows_of=_closing_with_claims, section="Accounting", icon="landmark",
)
