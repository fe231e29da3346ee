"""The page of rights: a matrix for each role, its pages, the explainer, and who is logged in."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages.kit import Spec, _Ours
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.permissions import Permissions

TABS = (("rights", "Rights"), ("pages", "Pages"), ("why", "Why?"), ("logins", "Logins"))


class Rights(_Ours):
    """The matrix of one role."""

    library = "$/public/erp/rights.jsx"
    tag = "Rights"
    rows: rx.Var[list[dict[str, Any]]]
    locked: rx.Var[bool]
    on_choose: rx.EventHandler[Spec(str, str, str)]


class PageRights(_Ours):
    """The pages of one role."""

    library = "$/public/erp/rights.jsx"
    tag = "PageRights"
    rows: rx.Var[list[dict[str, Any]]]
    locked: rx.Var[bool]
    on_choose: rx.EventHandler[Spec(str, str)]


class Why(_Ours):
    """The explainer."""

    library = "$/public/erp/rights.jsx"
    tag = "Why"
    people: rx.Var[list[dict[str, Any]]]
    resources: rx.Var[list[dict[str, Any]]]
    answer: rx.Var[dict[str, Any]]
    on_ask: rx.EventHandler[Spec(str, str, str)]


class Logins(_Ours):
    """Who is logged in where."""

    library = "$/public/erp/rights.jsx"
    tag = "Logins"
    rows: rx.Var[list[dict[str, Any]]]
    on_end: rx.EventHandler[Spec(int, int)]


def permissions() -> rx.Component:
    """Choose a role above, see and change it below."""
    return rx.fragment(
        rx.el.div(
            head(rx.el.h1(t("Rights and page access")), rx.el.div(class_name="grow"), rx.link(t("Roles"), href="/roles", underline="none", class_name="btn"),
                 rx.link(t("Users"), href="/users", underline="none", class_name="btn")),
            style={"flex": "none"},
        ),
        rx.el.div(
            *[rx.el.button(t(label), on_click=Permissions.show(name), custom_attrs={"data-on": (Permissions.tab == name).to_string()}) for name, label in TABS],
            class_name="tabs", role="group", aria_label=t("Rights and page access"), style={"flex": "none"},
        ),
        rx.cond((Permissions.tab == "rights") | (Permissions.tab == "pages"), _roles()),
        rx.match(
            Permissions.tab,
            ("pages", PageRights.create(rows=Permissions.pages, locked=Permissions.locked, on_choose=Permissions.unlock)),
            ("why", Why.create(people=Permissions.people, resources=Permissions.rights, answer=Permissions.answer, on_ask=Permissions.ask)),
            ("logins", Logins.create(rows=Permissions.logins, on_end=Permissions.throw_out)),
            Rights.create(rows=Permissions.rights, locked=Permissions.locked, on_choose=Permissions.allow),
        ),
    )


def _roles() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.foreach(
                Permissions.roles,
                lambda one: rx.el.button(
                    one["name"].to(str), " ", rx.el.span(one["people"].to_string(), class_name="count"), on_click=Permissions.choose(one["code"].to(str)),
                    custom_attrs={"aria-pressed": (Permissions.role == one["code"].to(str)).to_string(), "data-role": one["code"].to(str)},
                ),
            ),
            class_name="pills", role="group", aria_label=t("Roles"), style={"flex": "none"},
        ),
        rx.el.p(
            rx.cond(Permissions.locked, t("The administrator holds all rights; this cannot be changed."), rx.fragment(Permissions.note)), class_name="muted",
        ),
    )
