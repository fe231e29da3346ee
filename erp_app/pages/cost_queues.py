"""The page of the queues of late costs and stock repairs."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import control, kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.cost_queues import CostQueues
from erp_app.state.session import Session


def cost_queues() -> rx.Component:
    """Figures first, then both queues, item by item."""
    return rx.fragment(
        head(
            rx.el.h1(t("Cost queues")),
            rx.el.span(t("as of"), " ", kit.Value.create(kind="moment", value=CostQueues.as_of, tz=Session.tz), class_name="asof"),
            rx.el.div(class_name="grow"),
            rx.el.div(
                rx.el.button(t("Open"), on_click=CostQueues.turn(False), custom_attrs={"aria-pressed": (~CostQueues.past).to_string()}),
                rx.el.button(t("Done"), on_click=CostQueues.turn(True), custom_attrs={"aria-pressed": CostQueues.past.to_string()}),
                class_name="pills",
                role="group",
            ),
            kit.Pager.create(page=CostQueues.page, size=25, total=CostQueues.total, on_go=CostQueues.go),
        ),
        rx.cond(CostQueues.ready, rx.fragment(), rx.el.div(class_name="card skeletonbox", style={"min_height": "80px"})),
        _queue("Costs of late documents", "hpp_queue", CostQueues.hpp),
        _queue("Stock repairs", "stock_fix_queue", CostQueues.repairs),
    )


def _queue(title: str, name: str, rows: rx.Var[list[dict[str, object]]]) -> rx.Component:
    sums = CostQueues.sums[name]
    return rx.el.section(
        head(rx.el.h2(t(title)), rx.el.span(rows.length().to_string(), class_name="count")),
        rx.el.div(
            _figure("Waiting", sums["waiting"]),
            _figure("Running", sums["running"]),
            _figure("Failed", sums["failed"], bad=True),
            rx.el.div(
                rx.el.span(t("Oldest item")),
                rx.el.b(rx.cond(sums["oldest"], control.Age.create(since=sums["oldest"].to(str)), "–")),  # noqa: RUF001 - nothing waits
                class_name="card tile",
            ),
            rx.el.div(
                rx.el.span(t("Lag of the last day (p95)")),
                rx.el.b(rx.cond(sums["lag"], rx.fragment(sums["lag"].to_string(), " s"), "–")),  # noqa: RUF001 - nothing was done
                class_name="card tile",
            ),
            class_name="tiles",
        ),
        control.QueueTable.create(
            rows=rows, queue=name, past=CostQueues.past, retry=CostQueues.can_retry, tz=Session.tz, on_retry=CostQueues.retry,
            on_hurry=CostQueues.hurry,
        ),
        class_name="stack",
        custom_attrs={"data-queue": name},
    )


def _figure(title: str, value: rx.Var[object], *, bad: bool = False) -> rx.Component:
    look = rx.cond(value.to(int) > 0, "card tile bad", "card tile") if bad else "card tile"
    return rx.el.div(rx.el.span(t(title)), rx.el.b(rx.cond(value, value.to_string(), "0")), class_name=look)
