"""The operations page: queues, lag, workers, failures."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.operations import Operations
from erp_app.state.session import Session


def _columns(*names: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "kind": kind, "label": label} for name, kind, label in names]


def _table(title: str, rows: rx.Var[list[dict[str, Any]]], columns: list[dict[str, Any]], empty: str) -> rx.Component:
    return rx.el.section(
        rx.el.h2(t(title)),
        kit.DataTable.create(rows=rows, columns=columns, link=False, selectable=False, total=rows.length(), empty=empty, hint="", tz=Session.tz),
        class_name="card stack",
    )


def _safety(one: rx.Var[dict[str, Any]]) -> rx.Component:
    return rx.el.div(
        rx.el.span(rx.cond(one["kind"] == "backup", t("Last backup"), t("Last restore drill"))),
        rx.cond(
            one["at"] == "",
            rx.el.b(t("never")),
            rx.fragment(
                rx.el.b(kit.Value.create(kind="moment", value=one["at"], tz=Session.tz)),
                rx.el.small(t("age"), " ", one["age"].to(str), " · ", one["facts"].to(str)),
                rx.el.small(one["file"].to(str)),
            ),
        ),
        class_name=rx.cond(one["good"].to(bool), "card tile good", "card tile bad"),
        custom_attrs={"data-kind": one["kind"].to(str)},
    )


def operations() -> rx.Component:
    """Waiting work first, then who does it."""
    return rx.fragment(
        head(
            rx.el.h1(t("Operations")),
            rx.el.span(t("as of"), " ", kit.Value.create(kind="moment", value=Operations.as_of, tz=Session.tz), class_name="asof"),
            rx.el.div(class_name="grow"),
            rx.cond(Session.open_pages.contains("/operations"), rx.el.a(t("Job queues"), href="/admin/queues/", class_name="btn")),
            rx.el.button(rx.icon("refresh-cw", size=14), t("Read again"), class_name="btn", on_click=Operations.refresh),
        ),
        rx.cond(
            Operations.redis,
            rx.fragment(),
            rx.el.div(t("Valkey does not answer: live updates and jobs are paused, nothing is lost."), class_name="alert", role="alert"),
        ),
        rx.el.div(
            rx.foreach(
                Operations.waiting,
                lambda one: rx.el.div(
                    rx.el.span(kit.Words.create(text=one["name"].to(str))),
                    rx.el.b(one["pending"].to_string()),
                    rx.el.small(
                        t("oldest"),
                        " ",
                        one["oldest"].to(str),
                        rx.cond(one["failed"].to(int) > 0, rx.fragment(" · ", one["failed"].to_string(), " ", t("failed"))),
                    ),
                    class_name=rx.cond(one["failed"].to(int) > 0, "card tile bad", "card tile"),
                ),
            ),
            class_name="tiles",
        ),
        rx.el.section(
            rx.el.h2(t("Backups")),
            rx.el.div(rx.foreach(Operations.safety, _safety), class_name="tiles"),
            rx.el.p(
                t("./erp backup writes one, ./erp drill restores the newest into a scratch database and proves it; both while people work."),
                class_name="muted",
            ),
            class_name="card stack", id="backups",
        ),
        rx.el.div(
            _table(
                "Job queues",
                Operations.queues,
                _columns(("name", "text", "Queue"), ("waiting", "integer", "Waiting"), ("running", "integer", "Running"), ("failed", "integer", "Failed")),
                "No jobs yet",
            ),
            _table(
                "Workers",
                Operations.workers,
                _columns(("name", "text", "Worker"), ("state", "choice", "State"), ("job", "text", "Job"), ("silence", "text", "Last sign of life")),
                "No worker is running",
            ),
            class_name="two even",
        ),
        _table("Durations", Operations.speeds, _columns(("name", "text", "What"), ("p50", "text", "p50"), ("p95", "text", "p95")), "No numbers yet"),
        rx.cond(
            Operations.failed.length() > 0,
            rx.el.section(
                head(
                    rx.el.h2(t("Events that could not be delivered")),
                    rx.el.div(class_name="grow"),
                    rx.el.button(t("Send again"), class_name="btn", on_click=Operations.retry),
                ),
                kit.DataTable.create(
                    rows=Operations.failed,
                    link=False,
                    selectable=False,
                    total=Operations.failed.length(),
                    columns=_columns(
                        ("event", "text", "Event"),
                        ("consumer", "text", "Consumer"),
                        ("attempts", "integer", "Attempts"),
                        ("given_up", "flag", "Given up"),
                        ("error", "text", "Error"),
                    ),
                ),
                class_name="card stack",
            ),
        ),
    )
