"""The integrity page."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.integrity import Integrity
from erp_app.state.session import Session

COLUMNS: list[dict[str, Any]] = [
    {"name": "name", "kind": "choice", "label": "Invariant", "sort": False},
    {"name": "rows_checked", "kind": "integer", "label": "Rows checked", "sort": False},
    {"name": "violations", "kind": "integer", "label": "Violations", "sort": False},
    {"name": "seconds", "kind": "text", "label": "Seconds", "sort": False},
    {"name": "offenders", "kind": "long_text", "label": "Where", "sort": False},
]


def integrity() -> rx.Component:
    """The verdict first, then each check."""
    verdict = rx.cond(
        Integrity.ok,
        rx.el.div(rx.icon("shield-check", size=18), t("Every invariant holds."), class_name="notice verdict", id="verdict"),
        rx.el.div(
            rx.icon("shield-alert", size=18),
            t("Something is wrong. Nothing is repaired silently: see below."),
            class_name="alert verdict",
            id="verdict",
            role="alert",
        ),
    )
    return rx.fragment(
        head(
            rx.el.h1(t("Integrity")),
            rx.el.span(t("as of"), " ", kit.Value.create(kind="moment", value=Integrity.as_of, tz=Session.tz), class_name="asof"),
            rx.el.div(class_name="grow"),
            rx.el.button(rx.icon("refresh-cw", size=14), t("Prove again"), class_name="btn pri", on_click=Integrity.again),
        ),
        rx.cond(Integrity.proved, verdict, rx.el.div(class_name="card skeletonbox", style={"min_height": "44px"})),
        rx.cond(
            Integrity.proved,
            rx.el.p(
                kit.Value.create(kind="integer", value=Integrity.rows.to_string()),
                " ",
                t("rows checked in"),
                " ",
                Integrity.seconds.to_string(),
                " s",
                class_name="muted",
            ),
        ),
        kit.DataTable.create(rows=Integrity.checks, columns=COLUMNS, link=False, selectable=False, total=Integrity.checks.length(), loading=~Integrity.proved),
    )
