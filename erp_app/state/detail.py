"""One record of any type: what it says, what can be done with it, where it came from, what happened to it; all of it live."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import reflex as rx

from erp_app.anomaly import service as anomalies
from erp_app.document import comments, flow, graph, registry, repo, service, shape, timeline
from erp_app.document.declare import DocumentType
from erp_app.i18n import refusals, say
from erp_app.kernel.access import may
from erp_app.kernel.errors import Conflict, ErpError, NotFound
from erp_app.kernel.uow import Work
from erp_app.state import books, effects, schema
from erp_app.state.desk import apart, beside, done, path_parts, place_of, refused, run, told
from erp_app.state.guard import OWN_RESOURCE, PAGE_RESOURCE, actor, requires
from erp_app.state.hub import hub

CHANGED_SINCE = "ERP-1411"
TABS = ("lines", "links", "books")  # what stands below the facts
_HEAD = ("number", "state", "code", "name")
_TOTALS = ("untaxed", "net", "subtotal", "tax_base", "tax", "vat", "tax_amount", "withheld", "withholding", "total", "paid", "allocated")
_OFF_ROAD = {"credit_hold", "explained", "cancelled", "rejected", "reversed", "mismatch", "expired", "superseded", "unmatched", "ignored"}
_HALF_WAY = ("partly_", "part_")
_FOLLOWED = {"confirmed", "approved", "sent", "released", "posted", "partly_delivered", "partly_received", "partly_handed_in", "accepted"}
_BILLS_GOODS = ("sales-invoices",)  # without movements of their own, but with goods behind them
_SAID = {"create": "created this", "update": "changed this", "remove": "deleted this", "advance": "moved it to"}


class Detail(rx.State):
    """The record on screen."""

    permission_resource: ClassVar[str] = PAGE_RESOURCE  # not annotated, Reflex would make a var of it

    here: str = ""
    plural: str = ""
    label: str = ""
    record_id: int = 0
    number: str = ""
    name: str = ""
    state: str = ""
    record: dict[str, Any] = {}
    facts: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    road: list[str] = []
    steps: list[dict[str, Any]] = []
    following: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    journals: list[dict[str, Any]] = []
    moves: list[dict[str, Any]] = []
    pending: bool = False
    rights: dict[str, bool] = {}
    tab: str = "lines"
    dialog: dict[str, Any] = {}
    asking: bool = False
    errors: dict[str, str] = {}
    message: str = ""
    busy: bool = False
    effects: dict[str, Any] = {}
    previewing: bool = False
    outcome: dict[str, Any] = {}
    missing: str = ""
    _promise: dict[str, Any] = {}  # the step that was previewed: action, data, token; never sent to the browser

    @rx.var
    def upload(self) -> str:
        """Where a file for this record goes; empty without the right."""
        return f"/api/screen/attachments/{self.plural}/{self.record_id}" if self.rights.get("edit") else ""

    @rx.var
    def trace(self) -> str:
        """Where the cost of this document can be traced; empty when it has none, or without the right."""
        return f"/cost-trace?document={self.plural}/{self.record_id}" if self.rights.get("trace") and (self.moves or self.plural in _BILLS_GOODS) else ""

    def _type(self) -> DocumentType:
        parts = path_parts(self)
        if not parts:
            raise NotFound("ERP-1002", "There is no such page.")
        return registry.get(parts[0])

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def open(self) -> Any:
        """Show the record of the page."""
        dt, ref = self._type(), path_parts(self)[1]
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        self.plural, self.label = dt.plural, dt.label
        try:
            self.record_id = int((await run(lambda work: service.get(work, dt, ref)))["id"])
        except ErpError as error:
            self.missing = told(error, actor().lang)
            return None
        await hub.join(self, f"rec:{self.record_id}")
        await hub.join(self, "queue", refresh="recount")
        self.tab = "lines" if dt.lines else "links"
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def refresh(self) -> Any:
        """Read everything again, in place (live)."""
        return await self._read() if self.record_id else None

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def recount(self) -> Any:
        """A document came late, or its costs are settled: read again what goods cost here (live)."""
        return await self._read() if self.record_id and (self.moves or self.journals) else None

    async def _read(self) -> Any:
        dt, ref = self._type(), self.record_id
        try:
            seen = await run(lambda work: _look(work, dt, ref))
        except ErpError as error:
            self.missing = told(error, actor().lang)
            return None
        for name, value in seen.items():
            setattr(self, name, value)
        return None

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def show(self, tab: str) -> None:
        """Turn to another tab."""
        self.tab = tab if tab in TABS else "lines"

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def press(self, action: str) -> Any:
        """A step's button: ask what the step asks for, show what it would change elsewhere, or take it at once."""
        found = self._step(action)
        if found is None:
            return None
        self.errors, self.message = {}, ""
        if found["preview"] and found["ask"] and effects.only_a_reason(found):
            return await self._show(found, {})
        if found["ask"]:
            self.dialog, self.asking = found, True
            return None
        return await self._try(found, {})

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def preview(self, action: str) -> Any:
        """Try a step and show what it would change; nothing is stored. The service checks the step's own right."""
        found = self._step(action)
        return await self._show(found, {}) if found and found["preview"] else None

    def _step(self, action: str) -> dict[str, Any] | None:
        return next((one for one in self.steps if one["name"] == action), None)

    async def _try(self, step: dict[str, Any], data: dict[str, Any]) -> Any:
        """Take a step at once, unless it would change what other documents cost: then show that first."""
        if step["preview"]:
            shown = await self._tried(step, data)
            if shown is not None and effects.reaches_further(shown, self.record_id):
                self._put(step, data, shown)
                return None
        return await self._take(step["name"], data)

    async def _show(self, step: dict[str, Any], data: dict[str, Any], *, stale: bool = False) -> Any:
        shown = await self._tried(step, data)
        if shown is None:
            return rx.toast.error(self.message, duration=8000, close_button=True)
        self._put(step, data, shown, stale=stale)
        return None

    async def _tried(self, step: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
        """Take the step in a transaction that is rolled back; None (with the message) when it is refused."""
        dt, ref = self._type(), self.record_id
        given = {**data, "reason": data.get("reason") or "-"} if effects.wants_reason(step) else data
        try:
            return await apart(lambda who: service.preview(who, dt, ref, step["name"], given))
        except ErpError as error:
            lang = actor().lang
            self.errors, self.message = beside(error, lang), f"{told(error, lang)} ({error.code})"
            return None

    def _put(self, step: dict[str, Any], data: dict[str, Any], shown: dict[str, Any], *, stale: bool = False) -> None:
        self.effects = effects.for_screen(step, shown, self.record_id, stale=stale)
        self._promise = {"action": step["name"], "data": data, "token": shown.get("token", "")}
        self.asking, self.previewing, self.message = False, True, ""

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def keep(self, reason: str) -> Any:
        """Take exactly the step that is shown. When something else was posted meanwhile, nothing is stored and the new preview is shown."""
        return await self._keep(str(reason), exactly=True)

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def keep_later(self, reason: str) -> Any:
        """Take the step now and leave the costs of other documents to the worker."""
        return await self._keep(str(reason), exactly=False)

    async def _keep(self, reason: str, *, exactly: bool) -> Any:
        promise, step = self._promise, self._step(str(self._promise.get("action", "")))
        if step is None:
            return None
        data = {**promise["data"], **({"reason": reason} if effects.wants_reason(step) else {})}
        try:
            return await self._take(step["name"], {**data, "preview_token": promise["token"]} if exactly and promise["token"] else data)
        except Conflict:
            return await self._show(step, promise["data"], stale=True)

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def forget_outcome(self) -> None:
        """Close what a rule found when it was tried."""
        self.outcome = {}

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def end_preview(self) -> None:
        """Close the preview."""
        self.previewing = False

    @rx.event
    @requires(OWN_RESOURCE, "edit")
    def discard(self) -> None:
        """Ask before a draft is deleted, or master data switched off."""
        text = "The draft is hidden; its number stays used." if self.state else "It stays where it is used, but can no longer be chosen."
        self.dialog = {"name": "remove", "label": "Delete", "text": text, "fields": [], "lines": []}
        self.errors, self.message, self.asking = {}, "", True

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def close(self) -> None:
        """Do not do it after all."""
        self.asking, self.errors, self.message = False, {}, ""

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def submit(self, data: dict[str, Any]) -> Any:
        """Take the step with what was asked for; the service checks the step's own right."""
        action = str(self.dialog.get("name", ""))
        given = {name: value for name, value in data.items() if name != "lines" or value} if isinstance(data, dict) else {}
        step = self._step(action)
        return await self._try(step, given) if step else await self._take(action, given)

    async def _take(self, action: str, data: dict[str, Any]) -> Any:
        dt, ref, lang = self._type(), self.record_id, actor().lang
        version = int(self.record.get("version", 0))
        try:
            if action == "remove":
                await run(lambda work: service.remove(work, dt, ref, version))
            else:
                answer = await run(lambda work: service.act(work, dt, ref, action, data, version))
        except ErpError as error:
            if error.code == CHANGED_SINCE:
                raise
            self.errors, self.message = beside(error, lang), f"{told(error, lang)} ({error.code})"
            if not self.asking and not self.previewing:
                await self._read()
                return refused(error, lang)
            return None
        self.asking, self.previewing, self.errors, self.message = False, False, {}, ""
        if action == "remove":
            return [done("Deleted.", lang), rx.redirect(f"/{dt.plural}")]
        await self._read()
        if "link" in answer:  # an invitation: shown once, to be handed on
            return rx.call_script(
                f"window.prompt({json.dumps(say('Hand this link on. It is good once, for three days.', lang))}, location.origin + {json.dumps(answer['link'])})"
            )
        if "found" in answer and "examples" in answer:  # a rule that was tried over the past
            examples = [
                {**one, "title": refusals.finding(one["title"], actor().lang), "href": f"/{one['type']}/{one['record_id']}" if one["type"] else ""}
                for one in answer["examples"]
            ]
            self.outcome = {"found": answer["found"], "days": answer["days"], "examples": examples}
            return None
        made = answer.get("delivery_order") if isinstance(answer, dict) else None
        text = say("Done.", lang) + (f" {made['number']}" if isinstance(made, dict) and "number" in made else "")
        return rx.toast.success(text, duration=2500)

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def comment(self, body: str) -> Any:
        """Say something about the record; `@name` calls somebody."""
        ref, lang = self.record_id, actor().lang
        try:
            await run(lambda work: comments.add(work, ref, str(body)))
        except ErpError as error:
            return refused(error, lang)
        return await self._read()


def _look(work: Work, dt: DocumentType, ref: int) -> dict[str, Any]:
    """Everything the page shows, in one unit of work."""
    record = schema.spoken(dt, schema.flat(service.get(work, dt, ref)), work.actor.lang)
    fields = schema.fields(work, dt)
    columns = repo.row_of(repo.load(work, dt, ref))
    road = list(shape.allowed_state(dt)) if dt.is_document else []
    linked = graph.graph(work, ref)
    money = [one for one in fields if one["kind"] == "money" and one["name"] in _TOTALS and record.get(one["name"]) is not None]
    shown = [one for one in fields if one["name"] not in _HEAD and one not in money]
    booked = books.of_document(work, dt, ref)
    if dt.plural == "anomalies":
        shown = _finding(work, record, shown)
    return {
        "record": record,
        "number": str(record.get(dt.key) or ref),
        "name": str(record.get("name") or ""),
        "state": str(record.get("state") or ""),
        "facts": shown,
        "totals": [{"label": one["label"], "value": str(record[one["name"]])} for one in sorted(money, key=lambda one: _TOTALS.index(one["name"]))],
        "tables": [{**one, "rows": record.get(one["name"]) or []} for one in schema.line_tables(work, dt)],
        "road": main_road(road, str(record.get("state") or "")),
        "steps": _steps(work, dt, columns),
        "following": _following(work, dt, ref, str(record.get("state") or "")),
        "nodes": [{**one, "label": "" if one["label"] == one["number"] else one["label"], "effective_at": ""} for one in linked["nodes"]],
        "edges": linked["edges"],
        "entries": [_entry(dt, ref, one) for one in timeline.timeline(work, ref)],
        "rights": _rights(work, dt, columns),
        **booked,
    }


def _finding(work: Work, record: dict[str, Any], facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Show what a finding is about as a link, and leave out how it is recognised."""
    about = anomalies.about(work, record.get("record_id"))
    if about is not None:
        record["document_number"] = about
    kinds = {"kind": "choice", **({"document_number": "ref"} if about is not None else {})}
    return [{**one, "kind": kinds.get(one["name"], one["kind"])} for one in facts if one["name"] not in ("key", "record_id")]


def main_road(states: list[str], now: str) -> list[str]:
    """Return the states a document passes when all goes well; what it is now is always among them, unless it left the road."""
    return [one for one in states if one not in _OFF_ROAD and (one == now or not one.startswith(_HALF_WAY))]


def _steps(work: Work, dt: DocumentType, columns: dict[str, Any]) -> list[dict[str, Any]]:
    made = [schema.asked(work, dt, one) for one in flow.open_steps(work.actor, dt, columns)]
    return [{**one, "primary": number == 0 and not one["danger"]} for number, one in enumerate(made)]


def _rights(work: Work, dt: DocumentType, columns: dict[str, Any]) -> dict[str, bool]:
    edit = may(work.actor, dt.plural, "edit", columns)
    draft = not dt.is_document or columns.get("state") in dt.editable
    first = columns.get("active", True) if not dt.is_document else columns.get("state") == dt.initial
    return {
        "edit": edit,
        "change": edit and draft,
        "remove": edit and bool(first),
        "print": dt.pdf is not None or dt.is_document,
        "copy": dt.creatable and may(work.actor, dt.plural, "create"),
        "trace": may(work.actor, "report-cost-trace", "view"),
    }


def _following(work: Work, dt: DocumentType, ref: int, state: str) -> list[dict[str, Any]]:
    """Return the documents this one can lead to, as links to their forms."""
    if not dt.is_document or state not in _FOLLOWED:
        return []
    found = []
    for other in registry.all_types():
        known = shape.header(other)
        names = [name.removesuffix("_id") for name in other.links]
        fits = [name for name in names if name in known and known[name].ref == dt.plural]
        if fits and other.creatable and may(work.actor, other.plural, "create"):
            found.append({"label": other.label, "href": f"/{other.plural}/new?{fits[0]}={ref}"})
    return found


def _entry(dt: DocumentType, ref: int, one: dict[str, Any]) -> dict[str, Any]:
    """Return a timeline entry as the browser takes it."""
    made = {"id": f"{one['kind']}{one['id']}", "kind": one["kind"], "at": one["at"], "who": one["username"]}
    if one["kind"] == "comment":
        return {**made, "body": one["body"]}
    if one["kind"] == "attachment":
        return {**made, "body": one["name"], "href": f"/api/screen/attachments/{dt.plural}/{ref}/{one['id']}"}
    action = dt.action(one["action"])
    said = _SAID.get(one["action"]) or (flow.label(action) if action else one["action"].replace("_", " "))
    plain = one["action"] == "create"
    changes = [
        {"field": c["field"], "label": c["label"], "kind": c.get("kind", ""), **({} if plain else {"was": c["before"]}), "now": c["after"]}
        for c in one["changes"]
        if c["field"] != "state"
    ]
    return {**made, "text": said, "state": one["state"] or "", "reason": one["reason"] or "", "changes": [] if plain else changes}
