"""The page of one record of any type."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.detail import Detail
from erp_app.state.session import Session


def detail() -> rx.Component:
    """Head with actions, flow, facts with lines, and the story beside it."""
    return kit.Fresh.create(
        rx.cond(
            Detail.missing != "", rx.el.div(rx.el.b(t("This record cannot be shown")), rx.el.p(Detail.missing), class_name="blank bad", role="alert"), _record()
        ),
        kit.ActionDialog.create(
            spec=Detail.dialog,
            open=Detail.asking,
            value=Detail.record,
            errors=Detail.errors,
            message=Detail.message,
            tz=Session.tz,
            saving=Detail.busy,
            on_save=Detail.submit,
            on_close=Detail.close,
        ),
        kit.EffectsDialog.create(
            effects=Detail.effects,
            open=Detail.previewing,
            message=Detail.message,
            on_close=Detail.end_preview,
            on_keep=Detail.keep,
            on_later=Detail.keep_later,
        ),
        place=Detail.here,
    )


def _record() -> rx.Component:
    return rx.fragment(
        head(
            rx.link(kit.Words.create(text=Detail.label), href=f"/{Detail.plural}", underline="none", class_name="crumb"),
            rx.el.span("/", class_name="muted", aria_hidden="true"),
            rx.el.h1(Detail.number),
            rx.cond(Detail.name != "", rx.el.span(Detail.name, class_name="muted")),
            rx.cond(Detail.state != "", kit.Badge.create(value=Detail.state)),
            rx.cond(
                Detail.pending,
                rx.el.span(t("HPP pending"), class_name="badge", custom_attrs={"data-state": "pending"}, title=t("A late document is being worked in.")),
            ),
            rx.el.div(_buttons(), class_name="does"),
        ),
        kit.TriedRule.create(outcome=Detail.outcome, tz=Session.tz, on_close=Detail.forget_outcome),
        rx.cond(Detail.road.length() > 1, kit.FlowSteps.create(states=Detail.road, state=Detail.state)),
        rx.el.div(
            rx.el.div(
                rx.el.div(kit.Facts.create(fields=Detail.facts, record=Detail.record, tz=Session.tz), class_name="card"),
                _tabs(),
                class_name="stack",
            ),
            rx.el.div(
                kit.Timeline.create(
                    entries=Detail.entries,
                    tz=Session.tz,
                    can_comment=True,
                    upload=Detail.upload,
                    on_comment=Detail.comment,
                    on_uploaded=Detail.refresh,
                ),
                class_name="card",
            ),
            class_name="two",
        ),
    )


def _buttons() -> rx.Component:
    return rx.fragment(
        rx.foreach(
            Detail.steps,
            lambda one: rx.el.button(
                kit.Words.create(text=one["label"].to(str)),
                on_click=Detail.press(one["name"].to(str)),
                custom_attrs={"data-action": one["name"]},
                class_name=rx.cond(one["primary"].to(bool), "btn pri", rx.cond(one["danger"].to(bool), "btn danger", "btn")),
            ),
        ),
        rx.foreach(
            Detail.following,
            lambda one: rx.link(
                rx.icon("arrow-right", size=14), kit.Words.create(text=one["label"].to(str)), href=one["href"].to(str), underline="none", class_name="btn"
            ),
        ),
        rx.cond(
            Detail.rights["change"],
            rx.link(
                rx.icon("pencil", size=14),
                t("Edit"),
                href=f"/{Detail.plural}/{Detail.record_id}/edit",
                underline="none",
                class_name="btn",
                custom_attrs={"data-key": "e"},
            ),
        ),
        rx.cond(
            Detail.trace != "",
            rx.link(rx.icon("route", size=14), t("Cost trace"), href=Detail.trace, underline="none", class_name="btn", custom_attrs={"data-testid": "trace"}),
        ),
        rx.cond(
            Detail.rights["print"],
            rx.el.a(rx.icon("printer", size=14), t("Print"), href=f"/api/screen/print/{Detail.plural}/{Detail.record_id}", target="_blank", class_name="btn"),
        ),
        kit.Popup.create(
            rx.el.div(
                rx.foreach(
                    Detail.steps,
                    lambda one: rx.cond(
                        one["preview"].to(bool),
                        rx.el.button(
                            rx.icon("eye", size=14),
                            t("Preview"),
                            ": ",
                            kit.Words.create(text=one["label"].to(str)),
                            class_name="item",
                            custom_attrs={"data-preview": one["name"]},
                            on_click=Detail.preview(one["name"].to(str)),
                        ),
                    ),
                ),
                rx.cond(
                    Detail.rights["copy"],
                    rx.link(
                        rx.icon("copy", size=14), t("Duplicate"), href=f"/{Detail.plural}/new?copy={Detail.record_id}", underline="none", class_name="item"
                    ),
                ),
                rx.cond(Detail.rights["remove"], rx.el.button(rx.icon("trash-2", size=14), t("Delete"), class_name="item", on_click=Detail.discard)),
                class_name="viewbox",
            ),
            title=rx.icon("ellipsis", size=16),
            class_name="btn ico",
            name=t("More"),
        ),
    )


def _tabs() -> rx.Component:
    def tab(name: str, label: Any, *extra: Any) -> rx.Component:
        return rx.el.button(
            label,
            *extra,
            type="button",
            role="tab",
            custom_attrs={"data-on": (Detail.tab == name).to_string(), "aria-selected": (Detail.tab == name).to_string()},
            on_click=Detail.show(name),
        )

    return rx.el.div(
        rx.el.div(
            rx.cond((Detail.tables.length() > 0) | (Detail.totals.length() > 0), tab("lines", t("Lines"))),
            tab("links", t("Linked documents"), rx.el.span((Detail.nodes.length() - 1).to_string(), class_name="count", style={"margin_left": "6px"})),
            rx.cond((Detail.journals.length() > 0) | (Detail.moves.length() > 0), tab("books", t("Journals and stock"))),
            class_name="tabs",
            role="tablist",
        ),
        rx.match(
            Detail.tab,
            ("links", kit.DocumentGraph.create(nodes=Detail.nodes, edges=Detail.edges, here=Detail.record_id)),
            ("books", _books()),
            _lines(),
        ),
        class_name="card stack",
    )


def _lines() -> rx.Component:
    return rx.el.div(
        rx.foreach(
            Detail.tables,
            lambda one: kit.LineTable.create(title=one["label"].to(str), fields=one["fields"], rows=one["rows"], tz=Session.tz, trace=Detail.trace),
        ),
        rx.cond(
            Detail.totals.length() > 0,
            rx.el.div(
                rx.foreach(
                    Detail.totals,
                    lambda one: rx.el.div(
                        rx.el.span(kit.Words.create(text=one["label"].to(str))),
                        rx.el.span(kit.Value.create(kind="money", value=one["value"].to(str)), class_name="tn"),
                    ),
                ),
                class_name="totals",
            ),
        ),
        rx.cond(Detail.tables.length() == 0, rx.el.p(t("No lines."), class_name="muted")),
        class_name="stack",
    )


def _books() -> rx.Component:
    return rx.el.div(
        rx.el.h2(t("Journals")),
        kit.Journals.create(journals=Detail.journals, tz=Session.tz),
        rx.cond(
            Detail.moves.length() > 0,
            kit.LineTable.create(title="Stock movements", fields=MOVE_FIELDS, rows=Detail.moves, tz=Session.tz),
        ),
        class_name="stack",
    )


MOVE_FIELDS: list[dict[str, Any]] = [
    {"name": "item", "kind": "text", "label": "Item"},
    {"name": "from", "kind": "text", "label": "From"},
    {"name": "to", "kind": "text", "label": "To"},
    {"name": "quantity", "kind": "quantity", "label": "Quantity"},
    {"name": "value", "kind": "money", "label": "Value"},
]
