"""The list page of every document type."""

from __future__ import annotations

import reflex as rx

from erp_app.pages import kit
from erp_app.pages.shell import head
from erp_app.pages.words import t
from erp_app.state.listing import Listing
from erp_app.state.session import Session


def listing() -> rx.Component:
    """Title and actions, tools, rows."""
    return kit.Fresh.create(
        head(
            rx.el.h1(kit.Words.create(text=Listing.title)),
            rx.el.span(kit.Value.create(kind="integer", value=Listing.total.to_string()), class_name="count", id="total"),
            rx.el.div(class_name="grow"),
            kit.ExportMenu.create(href=Listing.export_href),
            rx.cond(Listing.rights["import"], rx.link(rx.el.span(t("Import")), href=f"/{Listing.plural}/import", underline="none", class_name="btn")),
            rx.cond(
                Listing.rights["create"],
                rx.link(
                    rx.icon("plus", size=14), t("New"), href=f"/{Listing.plural}/new", underline="none", class_name="btn pri", custom_attrs={"data-key": "n"}
                ),
            ),
        ),
        rx.el.div(
            kit.SearchBox.create(value=Listing.q, on_search=Listing.search),
            kit.SavedViews.create(
                views=Listing.views,
                current=Listing.view,
                can_share=Listing.rights["share"],
                on_use=Listing.use_view,
                on_save=Listing.keep_view,
                on_remove=Listing.drop_view,
            ),
            kit.FilterBar.create(fields=Listing.filter_fields, value=Listing.filters, tz=Session.tz, on_apply=Listing.narrow),
            kit.ColumnChooser.create(
                columns=Listing.fields,
                chosen=Listing.chosen,
                can_add=Listing.rights["fields"],
                add_href=f"/{Listing.plural}/fields",
                on_choose=Listing.arrange,
            ),
            kit.Pager.create(page=Listing.page, size=Listing.size, total=Listing.total, on_go=Listing.go),
            class_name="tbar",
        ),
        kit.BulkBar.create(
            selected=Listing.selected,
            all=Listing.everything,
            total=Listing.total,
            page_size=Listing.rows.length(),
            actions=Listing.bulk,
            busy=Listing.busy,
            on_all=Listing.select_matching,
            on_act=Listing.act,
            on_clear=Listing.clear,
        ),
        kit.DataTable.create(
            rows=Listing.rows,
            columns=Listing.columns,
            tz=Session.tz,
            base=f"/{Listing.plural}",
            sort=Listing.sort,
            place=Listing.place,
            loading=Listing.loading,
            selected=Listing.selected,
            all=Listing.everything,
            total=Listing.total,
            error=Listing.error,
            empty="Nothing found here",
            hint="Change the search or the filters, or enter the first one.",
            on_sort=Listing.order,
            on_select=Listing.select,
        ),
        place=Listing.here,
    )
