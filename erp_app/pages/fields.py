"""The administrator's page of one type's custom fields."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.fields import FORM, Fields

COLUMNS: list[dict[str, Any]] = [
    {"name": "label", "kind": "text", "label": "Label"},
    {"name": "name", "kind": "text", "label": "Name in the API"},
    {"name": "kind", "kind": "choice", "label": "Kind"},
    {"name": "choices", "kind": "text", "label": "Choices"},
    {"name": "required", "kind": "flag", "label": "Required"},
    {"name": "in_list", "kind": "flag", "label": "Column of the list"},
    {"name": "in_print", "kind": "flag", "label": "On prints"},
    {"name": "active", "kind": "flag", "label": "Active"},
]


def fields() -> rx.Component:
    """What there is, and a form for one more."""
    return kit.Fresh.create(
        head(
            rx.link(kit.Words.create(text=Fields.title), href=f"/{Fields.plural}", underline="none", class_name="crumb"),
            rx.el.span("/", class_name="muted", aria_hidden="true"),
            rx.el.h1(t("Custom fields")),
            rx.el.div(class_name="grow"),
            rx.el.button(rx.icon("plus", size=14), t("Add field"), type="submit", form="recform", class_name="btn pri"),
        ),
        rx.el.p(t("A field added here is at once in forms, lists, filters, prints, imports, exports and the API."), class_name="muted"),
        kit.RecordForm.create(
            spec={"fields": FORM, "lines": []}, value={}, errors=Fields.errors, message=Fields.message, stamp=Fields.stamp, on_save=Fields.add
        ),
        kit.DataTable.create(
            rows=Fields.rows,
            columns=COLUMNS,
            link=False,
            selectable=False,
            total=Fields.rows.length(),
            empty="No custom fields yet",
            hint="Fill in the form above to add the first one.",
        ),
        rx.el.div(
            rx.foreach(
                Fields.rows,
                lambda one: rx.cond(
                    one["active"].to(bool), rx.el.button(t("Hide"), " ", one["label"].to(str), class_name="btn sm", on_click=Fields.retire(one["name"].to(str)))
                ),
            ),
            class_name="tbar",
        ),
        place=Fields.here,
    )
