"""The home page."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.charts import sales_by_day, value_by_place
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.home import Home
from erp_app.state.session import Session


def home() -> rx.Component:
    """Tiles, charts, what waits for me."""
    return rx.fragment(
        head(
            rx.el.h1(t("Home")),
            rx.el.span(t("as of"), " ", kit.Value.create(kind="moment", value=Home.as_of, tz=Session.tz), class_name="asof", id="as-of"),
        ),
        rx.cond(Home.ready, rx.fragment(), rx.el.div(class_name="card skeletonbox", style={"min_height": "90px"})),
        rx.el.div(rx.foreach(Home.tiles, kit.tile), class_name="tiles"),
        rx.el.div(
            rx.cond(
                Home.days.length() > 0,
                rx.el.section(rx.el.h2(t("Sales and margin by day")), rx.el.div(sales_by_day(Home.days), class_name="chart"), class_name="card wide"),
            ),
            rx.cond(
                Home.places.length() > 0,
                rx.el.section(rx.el.h2(t("Stock value by place")), rx.el.div(value_by_place(Home.places), class_name="chart"), class_name="card slim"),
            ),
            _waiting(),
            rx.cond(Home.orders.length() > 0, _orders()),
            rx.cond(Home.short.length() > 0, _short()),
            class_name="charts",
        ),
    )


def _waiting() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("Waiting for you")),
        rx.cond(
            Home.waiting.length() > 0,
            rx.el.ul(
                rx.foreach(
                    Home.waiting,
                    lambda one: rx.el.li(
                        rx.el.span(
                            rx.link(one["number"].to(str), href=f"/{one['type']}/{one['id']}", class_name="key"),
                            " ",
                            rx.el.span(kit.Words.create(text=one["type_label"].to(str)), class_name="muted"),
                        ),
                        rx.el.span(
                            kit.Value.create(kind="moment", value=one["effective_at"].to(str), tz=Session.tz),
                            " ",
                            kit.Badge.create(value=one["state"].to(str)),
                            class_name="muted",
                        ),
                    ),
                ),
                class_name="mini-list",
            ),
            rx.el.p(t("Nothing waits for you."), class_name="muted"),
        ),
        class_name="card wide",
    )


def _orders() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("Sales orders by state")),
        rx.el.ul(
            rx.foreach(
                Home.orders,
                lambda one: rx.el.li(
                    rx.link(kit.Badge.create(value=one["state"].to(str)), href=f"/sales-orders?state={one['state']}", underline="none"),
                    rx.el.b(one["count"].to_string(), class_name="tn"),
                ),
            ),
            class_name="mini-list",
        ),
        class_name="card slim",
    )


def _short() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("Below minimum stock")),
        rx.el.ul(
            rx.foreach(
                Home.short,
                lambda one: rx.el.li(
                    rx.link(rx.el.b(one["code"].to(str)), " ", one["name"].to(str), href=f"/items/{one['id']}", underline="none"),
                    rx.el.span(one["on_hand"].to(str), " / ", one["minimum"].to(str), class_name="wrong tn"),
                ),
            ),
            class_name="mini-list",
        ),
        class_name="card slim",
    )
