"""The page of every report."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.reporting import Reporting
from erp_app.state.session import Session


def report() -> rx.Component:
    """Title, what is asked, rows that lead further."""
    return kit.Fresh.create(
        head(
            rx.el.h1(kit.Words.create(text=Reporting.title)),
            rx.el.span(Reporting.rows.length().to_string(), class_name="count"),
            rx.cond(Reporting.as_of != "", _when()),
            rx.el.div(class_name="grow"),
            rx.cond(
                Reporting.dated & ~Reporting.value.contains("known_on"),
                rx.el.button(
                    rx.icon("pin", size=14),
                    t("Keep these figures"),
                    class_name="btn",
                    on_click=Reporting.freeze,
                    title=t("The same report as it is known now, under an address that never changes."),
                    custom_attrs={"data-testid": "freeze"},
                ),
            ),
            kit.ExportMenu.create(href=Reporting.export_href, pdf=True),
        ),
        rx.el.div(kit.FilterBar.create(fields=Reporting.asks, value=Reporting.value, tz=Session.tz, on_apply=Reporting.ask), class_name="tbar"),
        rx.cond(Reporting.cut > 0, rx.el.p(t("Only the first rows are shown; the export has them all."), class_name="notice")),
        kit.DataTable.create(
            rows=Reporting.rows,
            columns=Reporting.columns,
            tz=Session.tz,
            place=Reporting.export_href,
            loading=Reporting.loading,
            link=False,
            selectable=False,
            totals=Reporting.totals,
            total=Reporting.rows.length(),
            error=Reporting.error,
            empty="No rows",
            hint="Choose what the report is about above.",
        ),
        place=Reporting.here,
    )


def _when() -> rx.Component:
    """Of which day the report is, and as of when it is known; both are now unless it was asked otherwise."""
    day, known = Reporting.value["as_of"], Reporting.value["known_on"]
    now = kit.Value.create(kind="moment", value=Reporting.as_of, tz=Session.tz)
    return rx.el.span(
        t("as of"), " ", rx.cond(day, kit.Value.create(kind="date", value=day.to(str)), now),
        rx.cond(known, rx.fragment(", ", t("as known on"), " ", kit.Value.create(kind="moment", value=known.to(str), tz=Session.tz))),
        class_name="asof",
        custom_attrs={"data-testid": "dates"},
    )
