"""The page of the audit dashboard."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import control, kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.audit_board import AuditBoard
from erp_app.state.session import Session


def audit_board() -> rx.Component:
    """Tiles, what is open by severity, rule and owner, the last weeks, the proof, corrections and repairs."""
    return rx.fragment(
        head(
            rx.el.h1(t("Audit dashboard")),
            rx.el.span(t("as of"), " ", kit.Value.create(kind="moment", value=AuditBoard.as_of, tz=Session.tz), class_name="asof"),
            rx.el.div(class_name="grow"),
            rx.cond(AuditBoard.can_look, rx.el.button(t("Look now"), class_name="btn", on_click=AuditBoard.look, custom_attrs={"data-testid": "look"})),
            rx.link(t("Anomalies"), href="/anomalies?state=open", underline="none", class_name="btn"),
            rx.cond(Session.open_pages.contains("/anomaly-rules"), rx.link(t("Anomaly rules"), href="/anomaly-rules", underline="none", class_name="btn")),
            rx.cond(Session.open_pages.contains("/cost-queues"), rx.link(t("Cost queues"), href="/cost-queues", underline="none", class_name="btn")),
        ),
        rx.cond(AuditBoard.ready, rx.fragment(), rx.el.div(class_name="card skeletonbox", style={"min_height": "90px"})),
        rx.el.div(rx.foreach(AuditBoard.tiles, kit.tile), class_name="tiles"),
        rx.el.div(
            _card("Open by severity", control.Bars.create(rows=AuditBoard.severity, empty="Nothing is open."), "slim"),
            _card("Open by rule", control.Bars.create(rows=AuditBoard.rules, empty="Nothing is open."), "wide"),
            _card("Open by owner", control.Bars.create(rows=AuditBoard.owners, empty="Nothing is open."), "slim"),
            _card("Findings by week", control.Trend.create(rows=AuditBoard.weeks), "wide"),
            _card("Settled in the last 30 days", control.Bars.create(rows=AuditBoard.sla, empty="Nothing was settled."), "slim"),
            _card("Does the ledger prove?", _proof(), "slim"),
            _card("Repairs", _repairs(), "slim"),
            _card("Recent corrections of costs", _corrections(), "full"),
            class_name="charts board",
        ),
    )


def _card(title: str, content: rx.Component, width: str) -> rx.Component:
    return rx.el.section(rx.el.h2(t(title)), content, class_name=f"card {width}")


def _proof() -> rx.Component:
    proved = rx.el.div(
        rx.cond(
            AuditBoard.proof["violations"].to(int) == 0,
            rx.el.p(rx.icon("shield-check", size=17), t("Every invariant holds."), class_name="verdict check-ok"),
            rx.el.p(rx.icon("shield-alert", size=17), AuditBoard.proof["violations"].to_string(), " ", t("violations"), class_name="verdict check-bad"),
        ),
        rx.el.p(
            AuditBoard.proof["checks"].to_string(),
            " ",
            t("checks over"),
            " ",
            kit.Value.create(kind="integer", value=AuditBoard.proof["rows"].to_string()),
            " ",
            t("rows"),
            ", ",
            kit.Value.create(kind="moment", value=AuditBoard.proof["at"].to(str), tz=Session.tz),
            class_name="muted sm",
        ),
        class_name="stack",
    )
    return rx.el.div(
        rx.cond(AuditBoard.proof["at"], proved, rx.el.p(t("Not proved by the schedule yet."), class_name="muted")),
        rx.cond(Session.open_pages.contains("/integrity"), rx.link(t("Prove now"), href="/integrity", underline="none", class_name="btn sm")),
        class_name="stack",
    )


def _repairs() -> rx.Component:
    return rx.cond(
        AuditBoard.repairs.length() > 0,
        rx.el.ul(
            rx.foreach(
                AuditBoard.repairs,
                lambda one: rx.el.li(
                    rx.el.span(
                        rx.link(one["item"].to(str), href=one["href"].to(str), class_name="key"),
                        " ",
                        rx.cond(one["cause_href"] != "", rx.link(one["cause"].to(str), href=one["cause_href"].to(str)), one["cause"].to(str)),
                    ),
                    rx.el.span(one["documents"].to_string(), " ", t("documents corrected"), class_name="muted sm"),
                ),
            ),
            class_name="mini-list",
        ),
        rx.el.p(t("No item was repaired yet."), class_name="muted"),
    )


def _linked(text: rx.Var[str], href: rx.Var[str]) -> rx.Component:
    """A document's number, as a link where it has a page."""
    return rx.cond(href != "", rx.link(text, href=href, class_name="key"), rx.fragment(text))


def _corrections() -> rx.Component:
    heads = [rx.el.th(t("Document")), rx.el.th(t("Because of")), rx.el.th(t("Date")), rx.el.th(t("Recorded")), rx.el.th(t("Amount"), class_name="num")]
    return rx.cond(
        AuditBoard.corrections.length() > 0,
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(*heads)),
                rx.el.tbody(
                    rx.foreach(
                        AuditBoard.corrections,
                        lambda one: rx.el.tr(
                            rx.el.td(_linked(one["number"].to(str), one["href"].to(str))),
                            rx.el.td(_linked(one["cause"].to(str), one["cause_href"].to(str))),
                            rx.el.td(kit.Value.create(kind="date", value=one["date"])),
                            rx.el.td(kit.Value.create(kind="moment", value=one["recorded_at"], tz=Session.tz)),
                            rx.el.td(kit.Value.create(kind="money", value=one["amount"]), class_name="num"),
                        ),
                    ),
                ),
                class_name="dtable",
            ),
            class_name="gwrap",
        ),
        rx.el.p(t("No cost was corrected yet."), class_name="muted"),
    )
