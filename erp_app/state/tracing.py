"""The cost trace on screen: the graph behind a document, one of its lines or one unit of it, as of a day and as known on a day."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from erp_app.document import registry, repo_view, service
from erp_app.iam import page_access
from erp_app.kernel.access import may
from erp_app.kernel.errors import ErpError, NotFound
from erp_app.kernel.uow import Work
from erp_app.reports import catalogue
from erp_app.state.desk import apart, place_of, query_of, run, told
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub
from erp_app.state.reporting import TIMES, given_of

REPORT = "cost-trace"
OFFERED = ("delivery-orders", "sales-invoices", "delivery-notes", "stock-transfers", "goods-receipts")
LATEST = 12

page_access.declare("/cost-trace", "Cost trace", "Accounting", f"report-{REPORT}")


class Tracing(rx.State):
    """The trace on screen. What it is about stands in the address, so that it can be handed on."""

    here: str = ""
    document: dict[str, Any] = {}
    lines: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    sources: list[dict[str, Any]] = []
    proof: dict[str, Any] = {}
    latest: list[dict[str, Any]] = []
    asked: dict[str, str] = {}
    times: list[dict[str, Any]] = TIMES
    when: dict[str, Any] = {}
    units: int = 0
    cut: bool = False
    error: str = ""
    ready: bool = False

    @rx.event
    @requires("report-cost-trace", "view")
    async def open(self) -> Any:
        """Show the trace the address asks for (`?document=delivery-orders/17&line=1&unit=3`), or offer the latest documents."""
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        known = ("document", "line", "unit", "as_of", "known_on")
        self.asked = {name: text[:120] for name, text in query_of(self).items() if name in known and text}
        self.when = {name: self.asked[name] for name in ("as_of", "known_on") if name in self.asked}
        await hub.join(self, "ledger")
        return await self._read()

    @rx.event
    @requires("report-cost-trace", "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @requires("report-cost-trace", "view")
    def find(self, number: str) -> Any:
        """Trace the document of a number somebody typed; the service checks that they may view it."""
        wanted = str(number).strip()[:80]
        return self._go({"document": f"?/{wanted}"}) if wanted else None

    @rx.event
    @requires("report-cost-trace", "view")
    def choose(self, line: int) -> Any:
        """Look at one line; 0 is all of them."""
        return self._go({**self._without("line", "unit"), **({"line": str(int(line))} if line else {})})

    @rx.event
    @requires("report-cost-trace", "view")
    def pick(self, unit: str) -> Any:
        """Look at one unit of the line; empty is all of them."""
        wanted = "".join(one for one in str(unit) if one.isdigit())[:9]
        return self._go({**self._without("unit"), **({"unit": wanted} if wanted else {})})

    @rx.event
    @requires("report-cost-trace", "view")
    def ask(self, value: dict[str, Any]) -> Any:
        """Look at another day."""
        given = given_of(value) if isinstance(value, dict) else {}
        return self._go({**self._without("as_of", "known_on"), **{name: given[name] for name in ("as_of", "known_on") if name in given}})

    def _without(self, *names: str) -> dict[str, str]:
        return {name: text for name, text in self.asked.items() if name not in names}

    def _go(self, asked: dict[str, str]) -> Any:
        return rx.redirect(f"/cost-trace?{urlencode(asked)}")

    async def _read(self) -> Any:
        asked = self.asked
        try:
            if "document" not in asked:
                self.latest = await run(_latest)
            elif asked["document"].startswith("?/"):
                found = await run(lambda work: _by_number(work, asked["document"][2:]))
                return self._go({**asked, "document": found})
            else:
                _, answer = await apart(lambda who: catalogue.ask(who, REPORT, asked))
                self._show(answer)
        except ErpError as error:
            self.error = told(error, actor().lang)
        self.ready = True
        return None

    def _show(self, answer: dict[str, Any]) -> None:
        self.document, self.lines, self.edges, self.sources = answer["document"], answer["lines"], answer["edges"], answer["sources"]
        labels = {one.plural: one.label for one in registry.all_types()}
        self.nodes = [
            {
                **{name: one.get(name) or "" for name in ("id", "number", "label", "kind", "quantity", "value", "effective_at")},
                **_named(one, labels),
                "href": f"/{one['type']}/{one.get('document') or one['id']}" if one["type"] in labels else "",
            }
            for one in answer["nodes"]
        ]
        self.sources = [
            {**one, "href": f"/{one['source_type']}/{one['source_id']}" if one["source_type"] in labels else "", "kind": labels.get(one["kind"], one["kind"])}
            for one in answer["sources"]
        ]
        self.proof = {name: answer["proof"][name] for name in ("hpp", "total", "quantity", "ok")}
        chosen = [one for one in self.lines if answer["line"] in (None, one["line_no"])]
        self.units = int(float(chosen[0]["quantity"])) if len(chosen) == 1 else 0
        self.cut, self.error = answer["more"], ""


def _named(one: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """Return what a box is called: an amount from outside by its account (`5-1300 Overhead`), a document by its type and number."""
    if one["kind"] != "added":
        return {"number": one["number"], "type_label": labels.get(one["type"], one["label"])}
    code, _, name = str(one["number"]).partition(" ")
    return {"number": code if name[:1].isupper() else str(one["number"]), "type_label": name if name[:1].isupper() else "Added cost"}


def _latest(work: Work) -> list[dict[str, Any]]:
    """Return the newest documents whose cost can be traced, of the types this person may view."""
    found: list[dict[str, Any]] = []
    for plural in OFFERED:
        dt = registry.get(plural)
        if len(found) < LATEST and may(work.actor, plural, "view"):
            page = service.page(work, dt, service.Query(sort="-effective_at", page_size=LATEST - len(found), filters={"state": {"ne": "draft"}}))
            found += [
                {"number": row["number"], "type_label": dt.label, "at": row["effective_at"], "state": row["state"],
                 "href": f"/cost-trace?document={plural}/{row['id']}"}
                for row in page.items
            ]
    return found


def _by_number(work: Work, number: str) -> str:
    """Return `type/id` of a document by its number.

    Raises:
        NotFound: ERP-3403 when there is none this person may view.
    """
    offered = [dt.plural for dt in registry.all_types() if dt.is_document and may(work.actor, dt.plural, "view")]
    for plural, record in repo_view.numbered(work, number, offered):
        if repo_view.visible(work, record):
            return f"{plural}/{record}"
    raise NotFound("ERP-3403", f"There is no document {number[:60]!r} that you may see.")
