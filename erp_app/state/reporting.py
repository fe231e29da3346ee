"""The page of any report: what it is asked, its rows with links to what they are made of, live where it is about now."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx

from erp_app.iam import page_access
from erp_app.kernel import clock
from erp_app.kernel.access import may
from erp_app.kernel.errors import ErpError, NotFound
from erp_app.reports import catalogue
from erp_app.reports.report import Answer, Report, totals_of
from erp_app.state.desk import apart, path_parts, place_of, query_of, told
from erp_app.state.guard import OWN_RESOURCE, PAGE_RESOURCE, actor, requires
from erp_app.state.hub import hub

ASIDE = ("document-journals", "cost-trace")  # about one document: reached from it, not from the menu
TIMES: list[dict[str, Any]] = [
    {"name": "as_of", "kind": "date", "label": "As of", "single": True, "edit": True},
    {"name": "known_on", "kind": "moment", "label": "As known on", "single": True, "edit": True},
]
_LIVE = {"Warehouse": "stock", "Accounting": "ledger"}
MAX_ROWS = 2000
MENU = [(one.section, one.label, one.name, one.icon) for one in catalogue.REPORTS.values() if one.name not in ASIDE]

for _one in catalogue.REPORTS.values():
    if _one.name not in ASIDE:
        page_access.declare(f"/reports/{_one.name}", _one.label, _one.section, _one.resource)


class Reporting(rx.State):
    """The report on screen."""

    permission_resource: ClassVar[str] = PAGE_RESOURCE  # not annotated, Reflex would make a var of it

    here: str = ""
    name: str = ""
    title: str = ""
    columns: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    totals: dict[str, str] = {}
    asks: list[dict[str, Any]] = []
    value: dict[str, Any] = {}
    exportable: bool = False
    error: str = ""
    loading: bool = True
    cut: int = 0
    as_of: str = ""
    dated: bool = True

    @rx.var
    def export_href(self) -> str:
        """Where the same rows can be downloaded; empty without the right."""
        return f"/api/v1/reports/{self.name}?{urlencode(given_of(self.value))}" if self.exportable else ""

    def _report(self) -> Report:
        parts = path_parts(self)
        if len(parts) != 2:  # noqa: PLR2004 - /reports/<name>
            raise NotFound("ERP-3402", "There is no such report.")
        return catalogue.find(parts[1])

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def open(self) -> Any:
        """Show the report of the page, asked as the address says (`?item=TUBE&as_of=2026-01-31`)."""
        report = self._report()
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        self.name, self.title, self.dated = report.name, report.label, report.dated
        self.exportable = may(actor(), report.resource, "export")
        self.asks = [
            {
                "name": one.name,
                "kind": one.kind if one.kind != "document" else "text",
                "label": one.label or one.name.capitalize(),
                "ref": one.ref,
                "choices": list(one.choices),
                "required": one.required,
                "single": True,
                "edit": True,
            }
            for one in report.parameters
        ] + (TIMES if report.dated else [])
        known = {one["name"] for one in self.asks}
        self.value = {name: text for name, text in query_of(self).items() if name in known}
        if report.section in _LIVE:
            await hub.join(self, _LIVE[report.section])
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def ask(self, value: dict[str, Any]) -> Any:
        """Ask the report something else."""
        known = {one["name"] for one in self.asks}
        self.value = {name: one for name, one in value.items() if name in known} if isinstance(value, dict) else {}
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def freeze(self) -> Any:
        """Turn to the same report as it is known at this moment: its address gives the same figures for ever."""
        given = {**given_of(self.value), "known_on": clock.now().isoformat()}
        return rx.redirect(f"/reports/{self.name}?{urlencode(given)}")

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    async def _read(self) -> Any:
        report, given = self._report(), given_of(self.value)
        missing = [one.label or one.name for one in report.parameters if one.required and one.name not in given]
        self.error = self.error if not missing else ""
        if missing:
            self.rows, self.loading = [], False
            return
        try:
            _, answer = await apart(lambda who: catalogue.ask(who, report.name, given))
        except ErpError as error:
            self.error, self.loading = told(error, actor().lang), False
            return
        hidden = catalogue.hidden_columns(actor(), report)
        self.columns = [{"name": one.name, "kind": one.kind, "label": one.label, "sort": False} for one in report.columns if one.name not in hidden]
        found = shown_rows(report, answer)
        if report.name == "margin" and given.get("by") == "delivery" and may(actor(), "report-cost-trace", "view"):
            for row in found:
                row["hrefs"]["cogs"] = "/cost-trace?" + urlencode({"document": f"delivery-orders/{row['key']}"})
        self.rows, self.cut = found[:MAX_ROWS], max(0, len(found) - MAX_ROWS)
        self.totals = totals_of(answer, {one["name"] for one in self.columns})
        self.error, self.loading, self.as_of = "", False, clock.now().isoformat()


def given_of(value: dict[str, Any]) -> dict[str, str]:
    """Return what a report is asked as texts; a reference is given by its id."""
    return {name: str(one["id"]) if isinstance(one, dict) else str(one) for name, one in value.items() if one not in (None, "")}


def shown_rows(report: Report, answer: Answer) -> list[dict[str, Any]]:
    """Return the rows for the table: figures as they are, links to what they are made of, a stamp that tells when they changed."""
    names = [one.name for one in report.columns]
    found = []
    for number, row in enumerate(report.rows_of(answer)):
        shown = {name: row.get(name) for name in names}
        keys = "|".join(str(row[name]) for name in ("item", "place", "source", "account", "party") if row.get(name))
        found.append(
            {
                **shown,
                "id": f"{keys}|{number}" if not keys or report.name in ("stock-card", "general-ledger", "stock-layers") else keys,
                "stamp": json.dumps(shown, default=str),
                "hrefs": links(row),
            }
        )
    return found


def links(row: dict[str, Any]) -> dict[str, str]:
    """Return where the parts of a row lead."""
    made: dict[str, str] = {}
    for name in ("document", "source"):
        if row.get(f"{name}_type") and row.get(f"{name}_id"):
            made[name] = f"/{row[f'{name}_type']}/{row[f'{name}_id']}"
    if row.get("item") and row.get("place"):
        made["item"] = "/reports/stock-card?" + urlencode({"item": row["item"], "place": row["place"]})
    if row.get("account") and "debit" in row:
        made["account"] = "/reports/general-ledger?" + urlencode({"account": row["account"]})
    return made
