"""The audit dashboard on screen: every figure leads to the rows that make it; live."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from erp_app.anomaly.kinds import KINDS
from erp_app.document import registry
from erp_app.iam import page_access
from erp_app.kernel import clock
from erp_app.kernel.access import may
from erp_app.kernel.errors import ErpError
from erp_app.reports import audit_board
from erp_app.state.desk import done, refused, run
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub
from erp_app.state.listing import NOTHING

page_access.declare("/audit-board", "Audit dashboard", "Control", "audit-board")
_TONES = {"high": "bad", "medium": "warn", "low": ""}
_LABELS = {one.code: one.label for one in KINDS}


class AuditBoard(rx.State):
    """What the dashboard shows."""

    tiles: list[dict[str, Any]] = []
    severity: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    owners: list[dict[str, Any]] = []
    sla: list[dict[str, Any]] = []
    weeks: list[dict[str, Any]] = []
    proof: dict[str, Any] = {}
    corrections: list[dict[str, Any]] = []
    repairs: list[dict[str, Any]] = []
    can_look: bool = False
    as_of: str = ""
    ready: bool = False

    @rx.event
    @requires("audit-board", "view")
    async def open(self) -> Any:
        """Follow findings and corrections, then show the figures."""
        await hub.join(self, "doc:anomalies", "ledger", "queue", "integrity")
        return await self._read()

    @rx.event
    @requires("audit-board", "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @requires("anomaly-rules", "edit")
    async def look(self) -> Any:
        """Have a worker run all rules now; what they find comes in by itself."""
        await run(lambda work: work.emit("anomalies.due", {}))
        return done("The rules run now; what they find appears here.", actor().lang)

    async def _read(self) -> Any:
        try:
            found = await run(audit_board.figures)
        except ErpError as error:
            return refused(error, actor().lang)
        now = clock.now().isoformat(timespec="seconds")
        self.tiles = _tiles(found, now)
        self.severity = [_bar(one, {"severity": one["key"]}, _TONES.get(one["key"], "")) for one in found["severity"]]
        self.rules = [_bar(one, {"kind": one["key"]}, label=_LABELS.get(one["key"], one["key"])) for one in found["rules"]]
        self.owners = [
            _bar({**one, "key": one["key"] or "nobody"}, {"assignee": str(one["assignee_id"] or NOTHING)}) for one in found["owners"]
        ]
        self.sla = _sla(found["settled"])
        self.weeks = [{**one, "week": one["week"].isoformat()} for one in found["weeks"]]
        self.proof = _proof(found.get("proof"))
        types = {one.plural for one in registry.all_types()}
        self.corrections = [_correction(one, types) for one in found.get("corrections", [])]
        self.repairs = [_repair(one, types) for one in found.get("repairs", [])]
        self.can_look = may(actor(), "anomaly-rules", "edit")
        self.as_of, self.ready = now, True
        return None


def _list(**filters: str) -> str:
    return "/anomalies?" + urlencode(filters)


def _bar(one: dict[str, Any], filters: dict[str, str], tone: str = "", label: str = "") -> dict[str, Any]:
    return {"key": one["key"], "label": label or one["key"], "value": one["value"], "part": one["part"], "tone": tone, "href": _list(state="open", **filters)}


def _tiles(found: dict[str, Any], now: str) -> list[dict[str, Any]]:
    figures = found["open"]
    tiles: list[dict[str, Any]] = [
        {"label": "Open findings", "value": figures["open"], "kind": "integer", "href": _list(state="open"), "tone": ""},
        {"label": "Overdue", "value": figures["overdue"], "kind": "integer", "href": _list(state="open", due_at=f"..{now}"), "tone": "bad"},
        {"label": "High severity", "value": figures["high"], "kind": "integer", "href": _list(state="open", severity="high"), "tone": "bad"},
        {"label": "Without owner", "value": figures["unassigned"], "kind": "integer", "href": _list(state="open", assignee=NOTHING), "tone": ""},
    ]
    if figures["amount"] is not None:
        tiles.append({"label": "Value touched", "value": figures["amount"], "kind": "money", "href": _list(state="open"), "tone": ""})
    return [{**one, "value": str(one["value"]), "tone": one["tone"] if one["value"] else ""} for one in tiles]


def _sla(settled: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was settled in the last thirty days: in time, and late."""
    href = _list(state="explained,fixed,ignored")
    late = settled["settled"] - settled["in_time"]
    rows = [("settled in time", settled["in_time"], "good"), ("settled late", late, "bad")]
    return [{"key": label, "label": label, "value": value, "part": 0, "tone": tone, "href": href} for label, value, tone in rows] if settled["settled"] else []


def _proof(row: dict[str, Any] | None) -> dict[str, Any]:
    """Return when the ledgers were proved last, and what came out."""
    return {"at": row["at"].isoformat(), **row["after"]} if row else {}


def _correction(one: dict[str, Any], types: set[str]) -> dict[str, Any]:
    return {
        "id": one["id"], "number": one["number"], "href": f"/{one['type']}/{one['document_id']}" if one["type"] in types else "",
        "cause": one["cause"] or "", "cause_href": f"/{one['cause_type']}/{one['cause_id']}" if one["cause_type"] in types else "",
        "date": one["date"].isoformat(), "recorded_at": one["recorded_at"].isoformat(), "amount": str(one["amount"] or 0),
    }


def _repair(one: dict[str, Any], types: set[str]) -> dict[str, Any]:
    told = one["progress"] or {}
    return {
        "id": one["id"], "item": one["item"], "href": f"/items/{one['item_id']}", "cause": one["cause"] or "", "done_at": one["done_at"].isoformat(),
        "cause_href": f"/{one['cause_type']}/{one['cause_id']}" if one["cause_type"] in types else "",
        "pieces": int(told.get("pieces", 0)), "documents": int(told.get("documents", 0)),
    }
