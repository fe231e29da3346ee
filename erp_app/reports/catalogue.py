"""All reports by name, each a line of the permission matrix."""

from __future__ import annotations

from erp_app.iam import resources
from erp_app.kernel.access import may, require
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import (
    aged,
    cost_trace,
    credit,
    document_journals,
    general_ledger,
    integrity,
    margin,
    statements,
    stock_card,
    stock_layers,
    stock_views,
    trial_balance,
)
from erp_app.reports.report import Answer, Column, Report, understand

_INTEGRITY = Report(
    "integrity", "Integrity", lambda work, _: integrity.prove(work),
    (
        Column("name", "Check", "choice"), Column("rows_checked", "Rows checked", "integer"), Column("violations", "Violations", "integer"),
        Column("seconds", "Seconds", "percent"),
    ),
    view=("manager", "finance", "finance_manager"), rows_of=lambda answer: list(answer["checks"]), section="Administration", icon="shield-check", dated=False,
)
_ALL = (
    stock_views.QUICK_VIEW, stock_card.REPORT, stock_layers.REPORT, stock_views.AGEING, margin.REPORT, credit.REPORT, aged.RECEIVABLES, aged.PAYABLES,
    trial_balance.REPORT, general_ledger.REPORT, statements.PROFIT_AND_LOSS, statements.BALANCE_SHEET, document_journals.REPORT, cost_trace.REPORT, _INTEGRITY,
)
REPORTS: dict[str, Report] = {report.name: report for report in _ALL}
for _report in _ALL:
    resources.declare(_report.resource, _report.label, "Reports", _report.access, ("view", "export", "see_cost"))


def find(name: str) -> Report:
    """Return a report by name.

    Raises:
        NotFound: ERP-3402.
    """
    if name not in REPORTS:
        raise NotFound("ERP-3402", f"There is no report {name[:60]!r}.")
    return REPORTS[name]


def open_to(actor: Actor) -> list[Report]:
    """Return the reports somebody may view, for menus."""
    return [report for report in REPORTS.values() if may(actor, report.resource, "view")]


def ask(actor: Actor, name: str, given: dict[str, str]) -> tuple[Report, Answer]:
    """Answer a question; what only those see who may see costs is left out for others.

    Args:
        actor: who asks.
        name: the report.
        given: parameters as texts, with `as_of` and `known_on` (a date: its whole day counts; a moment: up to it).

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-3402. Invalid: ERP-3401 with a message by parameter.
    """
    report = find(name)
    require(actor, report.resource, "view")
    with unit_of_work(actor) as work:
        answer = report.run(work, understand(work, report, given))
    hidden = hidden_columns(actor, report)
    return report, _without(answer, hidden) if hidden else answer


def hidden_columns(actor: Actor, report: Report) -> set[str]:
    """Return the names of columns this actor may not see."""
    if may(actor, report.resource, "see_cost"):
        return set()
    return {column.name for column in report.columns if column.cost}


def _without(value: Answer, hidden: set[str]) -> Answer:
    """Return the answer without hidden figures, at any depth, and without the totals made of them."""
    totals = {"total", "value", "cogs", "margin", "percent", "balance_value"}

    def clean(part: object) -> object:
        if isinstance(part, dict):
            return {key: clean(one) for key, one in part.items() if key not in hidden}
        return [clean(one) for one in part] if isinstance(part, list) else part

    return {key: clean(one) for key, one in value.items() if key not in totals}
