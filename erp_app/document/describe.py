"""A document type in words for programs: what a form, a list, an import or a client needs to know, for one actor."""

from __future__ import annotations

from typing import Any

from erp_app.document import criteria, custom, flow, shape
from erp_app.document.custom import Defined
from erp_app.document.declare import DocumentType
from erp_app.document.shape import Shape
from erp_app.document.values import show
from erp_app.kernel.access import ACTIONS, may
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import Work


def describe(dt: DocumentType, actor: Actor, work: Work | None = None) -> dict[str, Any]:
    """Return fields, lines, columns, filters, sorts, steps and rights as this actor has them.

    With `work` the tenant's custom fields are there too, as `custom.<name>`.
    """
    defined = custom.fields(work, dt.plural) if work else {}
    fields = shape.seen(actor, dt, shape.header(dt))
    known = {**fields, **shape.engine_fields(), **{f"custom.{name}": one.shape for name, one in defined.items()}}
    return {
        "type": dt.plural,
        "label": dt.label,
        "label_plural": dt.label_plural,
        "key": dt.key,
        "document": dt.is_document,
        "fields": [field(name, one, dt) for name, one in fields.items()] + [_custom(name, one) for name, one in defined.items()],
        "lines": [
            {
                "name": one.name,
                "label": one.label,
                "required": one.required,
                "fields": [field(name, item) for name, item in shape.seen(actor, dt, shape.line(one)).items()],
            }
            for one in dt.lines
        ],
        "columns": columns(dt, fields) + [f"custom.{name}" for name, one in defined.items() if one.in_list],
        "filters": {name: list(criteria.operators(one)) for name, one in known.items() if one.kind != "json"},
        "sorts": list(criteria.sortable(dt, known)),
        "states": list(shape.allowed_state(dt)) if dt.is_document else [],
        "editable": list(dt.editable),
        "actions": [
            {
                "name": one.name,
                "label": flow.label(one),
                "sources": list(one.sources),
                "target": one.target,
                "permission": one.permission,
                "fields": [field(name, item) for name, item in flow.asked(one).items()],
                "confirm": one.confirm,
            }
            for one in dt.actions
            if may(actor, dt.plural, one.permission)
        ],
        "rights": [one for one in ACTIONS if may(actor, dt.plural, one)],
        "creatable": dt.creatable and may(actor, dt.plural, "create"),
    }


def columns(dt: DocumentType, fields: dict[str, Shape]) -> list[str]:
    """Return the list's columns by API name, without those the actor may not see."""
    named = (shape.find(dt, name) for name in dt.columns)
    return [one.name for one in named if one is not None and (one.name in fields or one.name in shape.engine_fields())]


def field(name: str, one: Shape, dt: DocumentType | None = None) -> dict[str, Any]:
    """Return one field as a dict."""
    choices = shape.allowed_state(dt) if one.kind == "state" and dt is not None else one.choices
    return {
        "name": name,
        "kind": one.kind,
        "label": one.label,
        "required": one.required,
        "editable": one.editable,
        "ref": one.ref,
        "choices": list(choices),
        "places": one.places,
        "max_length": one.max_length,
        "default": show(one, one.default, "UTC"),
    }


def _custom(name: str, one: Defined) -> dict[str, Any]:
    return {**field(f"custom.{name}", one.shape), "custom": True}
