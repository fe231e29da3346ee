"""The import page of every document type."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.importing import Importing


def importing() -> rx.Component:
    """Choose, check, write."""
    return kit.Fresh.create(
        head(
            rx.link(kit.Words.create(text=Importing.title), href=f"/{Importing.plural}", underline="none", class_name="crumb"),
            rx.el.span("/", class_name="muted", aria_hidden="true"),
            rx.el.h1(t("Import")),
        ),
        kit.ImportWizard.create(plural=Importing.plural, fields=Importing.fields),
        place=Importing.here,
    )
