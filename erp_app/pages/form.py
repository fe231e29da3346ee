"""The form page of every document type."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.form import Form
from erp_app.state.session import Session


def form() -> rx.Component:
    """Title with save and cancel, then fields and lines."""
    back = rx.cond(Form.record_id > 0, f"/{Form.plural}/{Form.record_id}", f"/{Form.plural}")
    return kit.Fresh.create(
        head(
            rx.link(kit.Words.create(text=Form.label), href=f"/{Form.plural}", underline="none", class_name="crumb"),
            rx.el.span("/", class_name="muted", aria_hidden="true"),
            rx.el.h1(rx.cond(Form.record_id > 0, Form.title, t("New"))),
            rx.el.div(class_name="grow"),
            rx.link(t("Cancel"), href=back, underline="none", class_name="btn"),
            rx.el.button(rx.icon("save", size=14), t("Save"), type="submit", form="recform", class_name="btn pri", title="Ctrl+S"),
        ),
        rx.cond(
            Form.missing != "",
            rx.el.div(rx.el.b(t("This form cannot be shown")), rx.el.p(Form.missing), class_name="blank bad", role="alert"),
            kit.RecordForm.create(
                spec=Form.spec,
                value=Form.value,
                errors=Form.errors,
                message=Form.message,
                conflict=Form.conflict,
                tz=Session.tz,
                draft=Form.draft,
                stamp=Form.stamp,
                saving=Form.saving,
                stirred=Form.stirred,
                on_save=Form.save,
            ),
        ),
        place=Form.here,
    )
