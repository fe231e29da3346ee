"""Custom fields: an administrator adds a typed field to any document type; it is everywhere at once."""

from __future__ import annotations

import re
from typing import Any

import reflex as rx

from erp_app.document import custom, registry
from erp_app.document.declare import DocumentType
from erp_app.kernel.errors import ErpError, NotFound
from erp_app.kernel.uow import Work
from erp_app.state.desk import beside, done, path_parts, place_of, refused, run, told
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub

FORM: list[dict[str, Any]] = [
    {"name": "label", "kind": "text", "label": "Label", "required": True, "edit": True, "max_length": 80},
    {"name": "kind", "kind": "choice", "label": "Kind", "required": True, "edit": True, "choices": list(custom.KINDS), "default": "text"},
    {"name": "choices", "kind": "text", "label": "Choices, separated by commas", "edit": True},
    {"name": "required", "kind": "flag", "label": "Required", "edit": True},
    {"name": "in_list", "kind": "flag", "label": "Column of the list", "edit": True, "default": True},
    {"name": "in_print", "kind": "flag", "label": "On prints", "edit": True},
]


class Fields(rx.State):
    """The fields an administrator added to one document type."""

    here: str = ""
    plural: str = ""
    title: str = ""
    rows: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    message: str = ""
    stamp: str = "0"

    def _type(self) -> DocumentType:
        parts = path_parts(self)
        if not parts:
            raise NotFound("ERP-1002", "There is no such page.")
        return registry.get(parts[0])

    @rx.event
    @requires("custom-fields", "edit")
    async def open(self) -> Any:
        """Show the custom fields of the page's type."""
        dt = self._type()
        self.here = place_of(self)
        self.plural, self.title, self.errors, self.message = dt.plural, dt.label_plural, {}, ""
        await hub.join(self, f"doc:{dt.plural}")
        return await self._read()

    @rx.event
    @requires("custom-fields", "edit")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    async def _read(self) -> Any:
        """Read the fields, retired ones too."""
        dt = self._type()
        try:
            found = await run(lambda work: custom.listed(work, dt.plural))
        except ErpError as error:
            return refused(error, actor().lang)
        self.rows = [{**one, "id": number, "choices": ", ".join(one["choices"] or [])} for number, one in enumerate(found, 1)]
        return None

    @rx.event
    @requires("custom-fields", "edit")
    async def add(self, sent: dict[str, Any]) -> Any:
        """Add the field that was filled in; its name follows from the label."""
        dt, lang = self._type(), actor().lang
        data = dict(sent.get("data") or {})
        self.errors, self.message = {}, ""
        try:
            await run(lambda work: _define(work, dt.plural, data))
        except ErpError as error:
            self.errors = beside(error, lang)
            self.message = told(error, lang)
            return None
        self.stamp = str(int(self.stamp) + 1)
        await self._read()
        return done("The field is there, on every screen.", lang)

    @rx.event
    @requires("custom-fields", "edit")
    async def retire(self, name: str) -> Any:
        """Hide a field; its values stay stored."""
        dt = self._type()
        try:
            await run(lambda work: custom.retire(work, dt.plural, str(name)))
        except ErpError as error:
            return refused(error, actor().lang)
        return await self._read()


def _define(work: Work, plural: str, data: dict[str, Any]) -> dict[str, Any]:
    label = str(data.get("label") or "")
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:39]
    choices = [one.strip() for one in str(data.get("choices") or "").split(",") if one.strip()]
    flags = {key: bool(data.get(key)) for key in ("required", "in_list", "in_print")}
    position = min(9999, 10 * (len(custom.fields(work, plural)) + 1))
    return custom.define(work, plural, {"name": name, "label": label, "kind": data.get("kind"), "choices": choices, "position": position, **flags})
