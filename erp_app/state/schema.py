"""A document type as screens need it: its fields for this actor, own and custom, as plain dicts; and records flattened to match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from erp_app.document import custom, registry, shape
from erp_app.document.declare import Action, DocumentType, Lines
from erp_app.document.shape import Shape
from erp_app.i18n import refusals
from erp_app.kernel.uow import Work

CUSTOM = "custom."


def described(one: Shape, choices: Iterable[str] = ()) -> dict[str, Any]:
    """Return one field for the browser. A custom field is called `custom.<name>`."""
    return {
        "name": f"{CUSTOM}{one.name}" if one.custom else one.name,
        "column": one.name,
        "kind": one.kind,
        "label": one.label,
        "required": one.required,
        "edit": one.editable,
        "ref": one.ref,
        "by_number": registry.is_document(one.ref),
        "choices": list(choices or one.choices),
        "places": one.places,
        "max_length": one.max_length,
        "default": plain(one.default),
        "custom": one.custom,
        "filter": one.filter,
        "sort": one.kind not in ("refs", "json", "long_text"),
    }


def fields(work: Work, dt: DocumentType) -> list[dict[str, Any]]:
    """Return the header's fields this actor may see, custom ones last."""
    own = [described(one, shape.allowed_state(dt) if one.kind == "state" else ()) for one in shape.seen(work.actor, dt, shape.header(dt)).values()]
    return own + [{**described(one.shape), "in_list": one.in_list} for one in custom.fields(work, dt.plural).values()]


def line_tables(work: Work, dt: DocumentType) -> list[dict[str, Any]]:
    """Return the tables of lines with their fields."""
    return [_table(work, dt, one) for one in dt.lines]


def _table(work: Work, dt: DocumentType, lines: Lines) -> dict[str, Any]:
    known = shape.seen(work.actor, dt, shape.line(lines)).values()
    return {"name": lines.name, "label": lines.label, "required": lines.required, "fields": [described(one) for one in known]}


def asked(work: Work, dt: DocumentType, action: Action) -> dict[str, Any]:
    """Return the small form of an action: what it asks, a reason, lines, or only a confirmation."""
    label = action.label or action.name.replace("_", " ").replace("-", " ").capitalize()
    wanted: list[dict[str, Any]] = [
        {
            "name": one.name,
            "kind": one.kind,
            "label": one.label or one.name.replace("_", " ").capitalize(),
            "required": one.required,
            "ref": one.ref,
            "choices": list(one.choices),
            "edit": True,
        }
        for one in action.form
    ]
    if action.reason and not any(one["name"] == "reason" for one in wanted):
        wanted.append({"name": "reason", "kind": "long_text", "label": "Reason", "required": True, "edit": True})
    tables = []
    if action.lines is not None:
        known = shape.seen(work.actor, dt, {one.name: one for one in shape.described(action.lines)}).values()
        tables = [{"name": "lines", "label": "Lines", "required": False, "fields": [described(one) for one in known]}]
    return {
        "name": action.name,
        "label": label,
        "fields": wanted,
        "lines": tables,
        "danger": action.permission == "cancel",
        "ask": bool(wanted or tables or action.confirm),
        "preview": action.preview is not None,
    }


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record (or line) with references as `{id, type, number, label}` and custom values under `custom.<name>`."""
    refs = record.get("refs") or {}
    made = {name: refs.get(name, value) for name, value in record.items() if name not in ("refs", "custom")}
    made |= {f"{CUSTOM}{name}": value for name, value in (record.get("custom") or {}).items()}
    return {name: [flat(row) for row in value] if _is_lines(value, name, refs) else value for name, value in made.items()}


def spoken(dt: DocumentType, record: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return a record with what the program itself wrote into it in the reader's language."""
    return record | {name: refusals.finding(str(record[name]), lang) for name in dt.told if record.get(name)}


def _is_lines(value: Any, name: str, refs: Mapping[str, Any]) -> bool:
    return isinstance(value, list) and name not in refs and bool(value) and isinstance(value[0], dict)


def plain(value: Any) -> Any:
    """Return a default as the browser takes it."""
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)
