"""The page of the account mapping."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages.kit import Spec, _Ours
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.mapping import Mapping


class MappingTable(_Ours):
    """Every event with its account."""

    library = "$/public/erp/mapping.jsx"
    tag = "MappingTable"
    rows: rx.Var[list[dict[str, Any]]]
    accounts: rx.Var[list[dict[str, Any]]]
    editable: rx.Var[bool]
    on_choose: rx.EventHandler[Spec(str, str, str, str)]


def mapping() -> rx.Component:
    """What it means, then the table."""
    return rx.fragment(
        head(
            rx.el.h1(t("Account mapping")), rx.el.div(class_name="grow"), rx.link(t("Accounts"), href="/accounts", underline="none", class_name="btn"),
        ),
        rx.el.p(t("A change counts for every posting from now on; what is posted stays. An account that still holds something keeps its events."),
                class_name="muted"),
        rx.cond(
            Mapping.ready,
            MappingTable.create(rows=Mapping.rows, accounts=Mapping.accounts, editable=Mapping.editable, on_choose=Mapping.choose),
            rx.el.div(class_name="card skeletonbox", style={"min_height": "200px"}),
        ),
    )
