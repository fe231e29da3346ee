"""Charts of the home page; in a module of their own, because the drawing library is heavy."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages.words import t
from erp_app.state.session import Session

TEAL, AMBER, BLUE = "var(--teal-9)", "var(--amber-9)", "var(--blue-9)"
TIP: dict[str, Any] = {
    "content_style": {"background": "var(--color-panel-solid)", "border": "1px solid var(--gray-6)", "borderRadius": "8px", "fontSize": "12px"},
    "label_style": {"color": "var(--gray-12)"},
}


def _short() -> rx.Var[Any]:
    """Write axis figures short, as the language does: 1.2M, 1,2 jt."""
    return _format(", {notation: 'compact'}")


def _whole() -> rx.Var[Any]:
    """Write the figures of what is pointed at in full."""
    return _format("")


def _format(options: str) -> rx.Var[Any]:
    return rx.Var(f"(v) => Intl.NumberFormat({Session.lang} === 'id' ? 'id' : 'en'{options}).format(v)")


def sales_by_day(rows: rx.Var[list[dict[str, Any]]]) -> rx.Component:
    """Sales as bars and margin as a line, day by day."""
    return rx.recharts.composed_chart(
        rx.recharts.bar(data_key="sales", fill=TEAL, name=t("Sales"), is_animation_active=False, radius=[3, 3, 0, 0]),
        rx.recharts.line(data_key="margin", stroke=AMBER, name=t("Margin"), is_animation_active=False, dot=False, stroke_width=2, type_="monotone"),
        rx.recharts.x_axis(data_key="label", axis_line=False, tick_line=False),
        rx.recharts.y_axis(axis_line=False, tick_line=False, width=48, custom_attrs={"tickFormatter": _short()}),
        rx.recharts.cartesian_grid(vertical=False, stroke="var(--gray-5)"),
        rx.recharts.graphing_tooltip(**TIP, custom_attrs={"formatter": _whole()}),
        data=rows,
        width="100%",
        height=230,
    )


def value_by_place(rows: rx.Var[list[dict[str, Any]]]) -> rx.Component:
    """Where the stock value lies."""
    return rx.recharts.bar_chart(
        rx.recharts.bar(data_key="value", fill=BLUE, name=t("Value"), is_animation_active=False, radius=[0, 3, 3, 0], bar_size=16),
        rx.recharts.x_axis(type_="number", hide=True),
        rx.recharts.y_axis(data_key="place", type_="category", width=90, axis_line=False, tick_line=False),
        rx.recharts.graphing_tooltip(**TIP, custom_attrs={"formatter": _whole()}),
        data=rows,
        layout="vertical",
        width="100%",
        height=230,
    )
