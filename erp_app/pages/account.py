"""The page of one's own account."""

from __future__ import annotations

import reflex as rx

from erp_app.pages.permissions import Logins
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.account import Account
from erp_app.state.session import Session


def _secret(name: str, label: str, hint: str) -> rx.Component:
    wrong = Account.errors[name].to(str)
    return rx.el.div(
        rx.el.label(t(label), html_for=name),
        rx.el.input(
            type="password", name=name, id=name, required=True, max_length=1000, class_name="in", auto_complete=hint,
            custom_attrs={"aria-invalid": Account.errors.contains(name).to_string(), "aria-describedby": f"{name}-wrong"},
        ),
        rx.cond(Account.errors.contains(name), rx.el.small(wrong, class_name="says", id=f"{name}-wrong")),
        class_name="fld",
    )


def account() -> rx.Component:
    """The password first, then where one is logged in."""
    return rx.fragment(
        head(rx.el.h1(t("My account")), rx.el.span(Session.name, " · ", Session.username, " · ", Session.company, class_name="muted")),
        rx.el.form(
            rx.el.h2(t("Change password")),
            rx.el.p(t("All your other logins end, and so do the programs that use your name."), class_name="muted"),
            rx.cond(Account.message != "", rx.el.div(Account.message, class_name="alert", role="alert", id="refusal")),
            _secret("old_password", "Old password", "current-password"),
            _secret("new_password", "New password", "new-password"),
            _secret("again", "New password again", "new-password"),
            rx.el.div(rx.el.button(t("Change password"), type="submit", class_name="btn pri")),
            on_submit=Account.change,
            reset_on_submit=False,
            key=Account.changed.to_string(),
            class_name="card stack",
            style={"max_width": "520px"},
            id="password",
        ),
        rx.el.section(
            head(
                rx.el.h2(t("Where you are logged in")),
                rx.el.div(class_name="grow"),
                rx.cond(Account.logins.length() > 1, rx.el.button(t("Log out everywhere else"), class_name="btn", on_click=Account.end_others)),
            ),
            Logins.create(rows=Account.logins, on_end=Account.end),
            class_name="card stack",
        ),
    )
