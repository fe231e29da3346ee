"""The form of any document type: new, changed, duplicated or led to by another document; nobody's edits are lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx

from erp_app.document import registry, service
from erp_app.document.declare import DocumentType
from erp_app.i18n import say
from erp_app.kernel.access import may
from erp_app.kernel.errors import Conflict, ErpError, NotFound
from erp_app.kernel.money import parse_quantity, quantity_text
from erp_app.kernel.uow import Work
from erp_app.state import schema
from erp_app.state.desk import beside, done, path_parts, place_of, query_of, run, told
from erp_app.state.guard import OWN_RESOURCE, PAGE_RESOURCE, actor, requires
from erp_app.state.hub import hub

_NEVER_COPIED = {"number", "state", "effective_at", "reference", "code"}
_STOCK = "report-stock"  # as the endpoint that says what is free
_QUANTITIES = ("quantity", "accepted", "counted")


class Form(rx.State):
    """The form on screen. Typing stays in the browser; here is what was read, and what the server said of what was sent."""

    permission_resource: ClassVar[str] = PAGE_RESOURCE  # not annotated, Reflex would make a var of it

    here: str = ""
    plural: str = ""
    label: str = ""
    title: str = ""
    record_id: int = 0
    spec: dict[str, Any] = {}
    value: dict[str, Any] = {}
    errors: dict[str, str] = {}
    message: str = ""
    conflict: dict[str, Any] = {}
    draft: str = ""
    stamp: str = ""
    saving: bool = False
    missing: str = ""
    stirred: int = 0

    def _type(self) -> DocumentType:
        parts = path_parts(self)
        if not parts:
            raise NotFound("ERP-1002", "There is no such form.")
        return registry.get(parts[0])

    @rx.event
    @requires(OWN_RESOURCE, "create")
    async def open_new(self) -> Any:
        """Show an empty form, a copy (`?copy=12`), or what follows from another document (`?sales_order=12`)."""
        dt, wanted = self._type(), query_of(self)
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        self._head(dt, f"{dt.plural}/new")
        try:
            self.spec, self.value = await run(lambda work: _blank(work, dt, wanted))
        except ErpError as error:
            self.missing = told(error, actor().lang)
        self.stamp = f"new{wanted}"
        await self._follow_stock()

    @rx.event
    @requires(OWN_RESOURCE, "edit")
    async def open(self) -> Any:
        """Show a record to be changed."""
        dt, ref = self._type(), path_parts(self)[1]
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        self._head(dt, f"{dt.plural}/{ref}")
        try:
            self.spec, record = await run(lambda work: (_spec(work, dt), service.get(work, dt, ref)))
        except ErpError as error:
            self.missing = told(error, actor().lang)
            return
        self.value = schema.flat(record)
        self.record_id, self.title = record["id"], str(record.get(dt.key) or record["id"])
        self.stamp = f"{record['id']}"
        await hub.join(self, f"rec:{self.record_id}")
        await self._follow_stock()

    async def _follow_stock(self) -> None:
        """Lines that promise goods of a warehouse show what is free there; that changes with whatever others post and promise."""
        names = {one["name"] for one in self.spec.get("fields", ())}
        if {"customer", "warehouse"} <= names and may(actor(), _STOCK, "view"):
            await hub.join(self, "stock", refresh="stir")

    @rx.event
    @requires(_STOCK, "view")
    async def stir(self) -> Any:
        """Stock was moved or promised: have the browser ask again what is free of the items it shows (live)."""
        self.stirred += 1

    def _head(self, dt: DocumentType, place: str) -> None:
        self.plural, self.label = dt.plural, dt.label
        self.draft = f"erp:draft:{actor().tenant_id}:{actor().user_id}:{place}"

    @rx.event
    @requires(OWN_RESOURCE, "edit")
    async def refresh(self) -> Any:
        """Somebody saved this record while it is open here: show field by field what changed (live)."""
        if not self.record_id or self.saving:
            return
        await self._compare()

    async def _compare(self) -> bool:
        """Read the record again; tell what differs from what this form was opened with."""
        dt, ref = self._type(), self.record_id
        try:
            now = schema.flat(await run(lambda work: service.get(work, dt, ref)))
        except ErpError:
            return False
        if now["version"] == self.value.get("version"):
            return False
        changes = [
            {"field": one["name"], "was": self.value.get(one["name"]), "now": now.get(one["name"])}
            for one in self.spec["fields"]
            if self.value.get(one["name"]) != now.get(one["name"])
        ]
        self.conflict = {"by": str(now.get("updated_by", "")), "at": now.get("updated_at"), "changes": changes, "current": now}
        self.value = now
        return True

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def save(self, sent: dict[str, Any]) -> Any:
        """Store what the form holds. The service checks the right to create or edit this very record, and every field."""
        dt, lang = self._type(), actor().lang
        data, version = sent.get("data"), sent.get("version")
        if not isinstance(data, Mapping):
            return None
        new, ref = path_parts(self)[-1] == "new", self.record_id
        self.errors, self.message = {}, ""
        try:
            if new:
                record = await run(lambda work: service.create(work, dt, data))
            else:
                record = await run(lambda work: service.update(work, dt, ref, data, int(version or 0)))
        except Conflict as error:
            if error.code == "ERP-1003" and await self._compare():
                self.message = say("Somebody else saved this document meanwhile. Check the marked fields and save again.", lang)
            else:
                self.errors, self.message = _spoken(error, lang)
            return None
        except ErpError as error:
            self.errors, self.message = _spoken(error, lang)
            return None
        return [done("Saved.", lang), rx.redirect(f"/{dt.plural}/{record['id']}")]


def _spoken(error: ErpError, lang: str) -> tuple[dict[str, str], str]:
    return beside(error, lang), f"{told(error, lang)} ({error.code})"


def _spec(work: Work, dt: DocumentType) -> dict[str, Any]:
    fields = [one for one in schema.fields(work, dt) if one["edit"]]
    return {"fields": fields, "lines": [_editable(one) for one in schema.line_tables(work, dt)]}


def _editable(table: dict[str, Any]) -> dict[str, Any]:
    return {**table, "fields": [one for one in table["fields"] if one["edit"]]}


def _blank(work: Work, dt: DocumentType, wanted: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the form and what it starts with."""
    if not dt.creatable:
        raise NotFound("ERP-1606", f"{dt.label_plural} are made by other documents, not by hand.")
    spec = _spec(work, dt)
    names = {one["name"]: one for one in spec["fields"]}
    if "copy" in wanted:
        source = schema.flat(service.get(work, dt, wanted["copy"]))
        kept = {name: value for name, value in source.items() if name in names and name not in _NEVER_COPIED}
        return spec, {**kept, **{one["name"]: _without_numbers(source.get(one["name"])) for one in spec["lines"]}}
    value: dict[str, Any] = {}
    for name, given in wanted.items():
        field = names.get(name)
        if field is None:
            continue
        if field["kind"] in ("ref", "refs") and field["ref"]:
            value |= _led_to(work, spec, field, given)
        else:
            value[name] = given
    return spec, value


def _led_to(work: Work, spec: dict[str, Any], field: dict[str, Any], ref: str) -> dict[str, Any]:
    """Return what a new document takes over from the one that leads to it: same-named fields, and its lines."""
    source_type = registry.get(field["ref"])
    source = schema.flat(service.get(work, source_type, ref))
    target = {
        "id": source["id"],
        "type": source_type.plural,
        "number": str(source.get(source_type.key)),
        "label": str(source.get("name") or source.get(source_type.key)),
    }
    names = {one["name"] for one in spec["fields"]} - _NEVER_COPIED - {"note"}
    value = {name: found for name, found in source.items() if name in names and not name.startswith(schema.CUSTOM)}
    value[field["name"]] = [target] if field["kind"] == "refs" else target
    if field["kind"] == "ref":  # over several documents the service finds the lines itself
        for table in spec["lines"]:
            rows = [_line(row, table) for row in source.get(table["name"]) or [] if isinstance(row, dict)]
            value[table["name"]] = [row for row in rows if row]
    return value


def _line(row: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return a line that follows from another: same-named columns, and of the quantity what is still open; {} when nothing is."""
    names = [one["name"] for one in table["fields"]]
    made = {name: row[name] for name in names if row.get(name) is not None}
    still = parse_quantity(row.get("quantity") or 0) - parse_quantity(row.get("delivered") or row.get("received") or 0)
    if still <= 0:
        return {}
    first = next((name for name in _QUANTITIES if name in names), None)
    if first:
        made[first] = quantity_text(still)
    for name in ("source_line", "order_line"):
        if name in names:
            made[name] = row.get("line_no")
    return made


def _without_numbers(rows: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in ("line_no", "source_line", "order_line")} for row in rows or [] if isinstance(row, dict)]
