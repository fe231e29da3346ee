"""The shape of a record as people and programs see it: every public field of a type under its API name.

A reference column `supplier_id` is called `supplier`. Columns without meta data (no `kind` in their info) are internal and
never leave the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table

from erp_app.kernel.access import may, scopes
from erp_app.kernel.actor import Actor

if TYPE_CHECKING:
    from erp_app.document.declare import DocumentType, Lines

NUMERIC = ("quantity", "price", "percent", "money", "integer")
REFERENCES = ("ref", "user", "refs", "record")


@dataclass(frozen=True)
class Shape:
    """One field.

    Attributes:
        name: its name in API and screens; column: its column (for custom fields: the key within `custom`).
        kind: see `document.fields.KINDS`, and `state`.
        editable: whether people may give it; False for what the engine or a service derives.
        see: the right one needs to see it at all; empty: the right to view the record is enough.
    """

    name: str
    column: str
    kind: str
    label: str
    required: bool = False
    editable: bool = True
    see: str = ""
    ref: str = ""
    choices: tuple[str, ...] = ()
    places: int | None = None
    max_length: int | None = None
    default: Any = None
    custom: bool = False
    filter: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)


_headers: dict[str, dict[str, Shape]] = {}
_lines: dict[str, dict[str, Shape]] = {}
_ENGINE = {
    "id": Shape("id", "id", "integer", "Id", editable=False),
    "version": Shape("version", "version", "integer", "Version", editable=False),
    "created_at": Shape("created_at", "created_at", "moment", "Created", editable=False),
    "created_by": Shape("created_by", "created_by", "user", "Created by", editable=False, ref="users"),
    "updated_at": Shape("updated_at", "updated_at", "moment", "Changed", editable=False),
    "updated_by": Shape("updated_by", "updated_by", "user", "Changed by", editable=False, ref="users"),
}
_FIRST = ("code", "name", "number", "state", "effective_at")
_LAST = ("reference", "note", "active")


def header(dt: DocumentType) -> dict[str, Shape]:
    """Return the declared fields of the header by API name: key and date first, then the type's own, then remarks."""
    if dt.plural not in _headers:
        found = {one.name: one for one in _described(dt.table, dt.model)}
        order = [name for name in _FIRST if name in found]
        order += [name for name in found if name not in _FIRST and name not in _LAST]
        order += [name for name in _LAST if name in found]
        _headers[dt.plural] = {name: found[name] for name in order}
    return _headers[dt.plural]


def engine_fields() -> dict[str, Shape]:
    """Return the fields the engine keeps on every record."""
    return _ENGINE


def line(lines: Lines) -> dict[str, Shape]:
    """Return the declared fields of a line by API name."""
    table: Table = lines.model.__table__  # type: ignore[attr-defined]
    if table.name not in _lines:
        _lines[table.name] = {one.name: one for one in _described(table, lines.model)}
    return _lines[table.name]


def described(model: type[Any]) -> list[Shape]:
    """Return the described fields of any model (the lines a step asks for)."""
    return _described(model.__table__, model)


def find(dt: DocumentType, name: str) -> Shape | None:
    """Return a header field by its API name or its column name."""
    known = header(dt)
    found = known.get(name) or _ENGINE.get(name)
    return found or next((one for one in known.values() if one.column == name), None)


def seen(actor: Actor, dt: DocumentType, fields: dict[str, Shape]) -> dict[str, Shape]:
    """Return the fields this actor may see."""
    hidden = {right for right in {one.see for one in fields.values()} if right and not sees(actor, dt.plural, right)}
    return {name: one for name, one in fields.items() if one.see not in hidden} if hidden else fields


def sees(actor: Actor, plural: str, right: str) -> bool:
    """Tell whether a field right reaches every record of the type the actor may view, so that order and filters cannot leak."""
    held = scopes(actor, plural, right)
    return may(actor, plural, right) and ("all" in held or scopes(actor, plural, "view") <= held)


def allowed_state(dt: DocumentType) -> tuple[str, ...]:
    """Return every state the type can have, in the order of its flow."""
    named: Sequence[str] = [*dt.states]
    found = [dt.initial, *named, *dt.editable, *(one.target for one in dt.actions), *(s for one in dt.actions for s in one.sources)]
    return tuple(dict.fromkeys(state for state in (named or found) if state))


def _described(table: Table, model: type[Any]) -> list[Shape]:
    defaults = getattr(model, "model_fields", {})
    return [_shape(column, defaults) for column in table.c if column.info.get("kind")]


def _shape(column: Column[Any], defaults: dict[str, Any]) -> Shape:
    info = column.info
    kind = str(info["kind"])
    name = column.name.removesuffix("_id") if kind in ("ref", "user") else column.name
    default = defaults[column.name].get_default(call_default_factory=True) if column.name in defaults else None
    return Shape(
        name=name,
        column=column.name,
        kind=kind,
        label=str(info.get("label") or name.replace("_", " ").capitalize()),
        required=bool(info.get("required")) and not _known(default),
        editable=bool(info.get("edit", True)),
        see=str(info.get("see") or ""),
        ref=str(info.get("ref") or ""),
        choices=tuple(info.get("choices") or ()),
        places=info.get("places"),
        max_length=info.get("max_length"),
        default=default if _known(default) else None,
        filter=dict(info.get("filter") or {}),
    )


def _known(default: Any) -> bool:
    return default is not None and type(default).__name__ not in ("PydanticUndefinedType", "Undefined")
