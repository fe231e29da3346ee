"""The page of the cost trace: the picture, the proof, and where to go from there."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.kit import Spec, _Ours
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.session import Session
from erp_app.state.tracing import Tracing

LIBRARY = "$/public/erp/trace.jsx"


class TraceGraph(_Ours):
    """The picture."""

    library = LIBRARY
    tag = "TraceGraph"
    nodes: rx.Var[list[dict[str, Any]]]
    edges: rx.Var[list[dict[str, Any]]]
    here: rx.Var[int]
    tz: rx.Var[str]


class TraceProof(_Ours):
    """What was paid, and that it adds up."""

    library = LIBRARY
    tag = "TraceProof"
    sources: rx.Var[list[dict[str, Any]]]
    proof: rx.Var[dict[str, Any]]


class TraceChoice(_Ours):
    """Which line and unit."""

    library = LIBRARY
    tag = "TraceChoice"
    lines: rx.Var[list[dict[str, Any]]]
    line: rx.Var[str]
    unit: rx.Var[str]
    units: rx.Var[int]
    on_line: rx.EventHandler[Spec(int)]
    on_unit: rx.EventHandler[Spec(str)]


class TraceFinder(_Ours):
    """Find a document by its number."""

    library = LIBRARY
    tag = "TraceFinder"
    on_find: rx.EventHandler[Spec(str)]


def trace() -> rx.Component:
    """The picture first, the figures below it; without a document, what can be traced."""
    return kit.Fresh.create(
        head(
            rx.el.h1(t("Cost trace")),
            rx.cond(
                Tracing.document["number"],
                rx.link(
                    Tracing.document["number"].to(str), href=f"/{Tracing.document['type']}/{Tracing.document['id']}", underline="none", class_name="key",
                ),
            ),
            rx.el.div(class_name="grow"),
            TraceFinder.create(on_find=Tracing.find),
        ),
        rx.cond(Tracing.error != "", rx.el.div(Tracing.error, class_name="alert", role="alert")),
        rx.cond(Tracing.document["number"], _picture(), rx.cond(Tracing.ready, _offer(), rx.el.div(class_name="card skeletonbox"))),
        place=Tracing.here,
    )


def _picture() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            TraceChoice.create(
                lines=Tracing.lines, line=Tracing.asked["line"].to(str), unit=Tracing.asked["unit"].to(str), units=Tracing.units,
                on_line=Tracing.choose, on_unit=Tracing.pick,
            ),
            rx.el.div(class_name="grow"),
            kit.FilterBar.create(fields=Tracing.times, value=Tracing.when, tz=Session.tz, on_apply=Tracing.ask),
            class_name="tbar",
        ),
        rx.cond(Tracing.cut, rx.el.p(t("This reaches further back than can be drawn; only a part is shown."), class_name="notice")),
        rx.cond(
            Tracing.nodes.length() > 0,
            rx.el.div(
                TraceGraph.create(nodes=Tracing.nodes, edges=Tracing.edges, here=Tracing.document["id"].to(int), tz=Session.tz), class_name="card tracecard",
            ),
        ),
        rx.el.div(rx.el.h2(t("Where the money went in")), TraceProof.create(sources=Tracing.sources, proof=Tracing.proof), class_name="card stack"),
    )


def _offer() -> rx.Component:
    return rx.el.div(
        rx.el.h2(t("Choose what to trace")),
        rx.el.p(t("From a delivery, an invoice or a transfer back to purchases, fees, landed cost and overhead, to the rupiah."), class_name="muted"),
        rx.el.ul(
            rx.foreach(
                Tracing.latest,
                lambda one: rx.el.li(
                    rx.link(one["number"].to(str), href=one["href"].to(str), class_name="key"),
                    rx.el.span(
                        kit.Words.create(text=one["type_label"].to(str)),
                        " · ",
                        kit.Value.create(kind="moment", value=one["at"], tz=Session.tz),
                        class_name="muted",
                    ),
                ),
            ),
            class_name="mini-list",
        ),
        class_name="card stack",
    )
