"""Our own browser components (assets/erp) as Reflex components. Each family is a module of its own in the bundle."""

from __future__ import annotations

from typing import Any, Self

import reflex as rx

from erp_app.state.session import Session

Spec = rx.event.passthrough_event_spec


class _Ours(rx.Component):
    """A component of assets/erp; every one knows the language."""

    lang: rx.Var[str]

    @classmethod
    def create(cls, *children: Any, **props: Any) -> Self:
        """Make one that follows the user's language."""
        return super().create(*children, **{"lang": Session.lang, **props})


class Words(_Ours):
    """A text whose English is only known at run time (labels of fields and types)."""

    library = "$/public/erp/base.jsx"
    tag = "Words"
    text: rx.Var[str]


class Value(_Ours):
    """One value as people read it: numbers grouped, moments in the tenant's zone."""

    library = "$/public/erp/base.jsx"
    tag = "Value"
    kind: rx.Var[str]
    value: rx.Var[Any]
    tz: rx.Var[str]


class Badge(_Ours):
    """A state as a coloured badge."""

    library = "$/public/erp/base.jsx"
    tag = "State"
    value: rx.Var[str]


class Fresh(rx.Component):
    """Shows its content once the server has sent it for the address in the browser."""

    library = "$/public/erp/base.jsx"
    tag = "Fresh"
    place: rx.Var[str]


class Popup(rx.Component):
    """A button with something that opens below it."""

    library = "$/public/erp/base.jsx"
    tag = "Popup"
    title: rx.Var[Any]
    class_name: rx.Var[str]
    align: rx.Var[str]
    badge: rx.Var[Any]
    name: rx.Var[str]


class DataTable(_Ours):
    """Rows of a list with keyboard, selection and highlight of what changed."""

    library = "$/public/erp/table.jsx"
    tag = "DataTable"
    rows: rx.Var[list[dict[str, Any]]]
    columns: rx.Var[list[dict[str, Any]]]
    tz: rx.Var[str]
    base: rx.Var[str]
    sort: rx.Var[str]
    place: rx.Var[str]
    loading: rx.Var[bool]
    selected: rx.Var[list[int]]
    all: rx.Var[bool]
    total: rx.Var[int]
    empty: rx.Var[str]
    hint: rx.Var[str]
    error: rx.Var[str]
    link: rx.Var[bool]
    selectable: rx.Var[bool]
    totals: rx.Var[dict[str, Any]]
    on_sort: rx.EventHandler[Spec(str)]
    on_select: rx.EventHandler[Spec(list[int])]


class SearchBox(_Ours):
    """The search of a list."""

    library = "$/public/erp/tools.jsx"
    tag = "SearchBox"
    value: rx.Var[str]
    on_search: rx.EventHandler[Spec(str)]


class FilterBar(_Ours):
    """Filters, each as its kind of field asks for."""

    library = "$/public/erp/tools.jsx"
    tag = "FilterBar"
    fields: rx.Var[list[dict[str, Any]]]
    value: rx.Var[dict[str, Any]]
    tz: rx.Var[str]
    on_apply: rx.EventHandler[Spec(dict[str, Any])]


class ColumnChooser(_Ours):
    """Which columns, in which order."""

    library = "$/public/erp/tools.jsx"
    tag = "ColumnChooser"
    columns: rx.Var[list[dict[str, Any]]]
    chosen: rx.Var[list[str]]
    can_add: rx.Var[bool]
    add_href: rx.Var[str]
    on_choose: rx.EventHandler[Spec(list[str])]


class SavedViews(_Ours):
    """Lists as people like them."""

    library = "$/public/erp/tools.jsx"
    tag = "SavedViews"
    views: rx.Var[list[dict[str, Any]]]
    current: rx.Var[int]
    can_share: rx.Var[bool]
    on_use: rx.EventHandler[Spec(int)]
    on_save: rx.EventHandler[Spec(str, bool)]
    on_remove: rx.EventHandler[Spec(int)]


class Pager(_Ours):
    """Pages of a list."""

    library = "$/public/erp/tools.jsx"
    tag = "Pager"
    page: rx.Var[int]
    size: rx.Var[int]
    total: rx.Var[int]
    on_go: rx.EventHandler[Spec(int)]


class BulkBar(_Ours):
    """What to do with selected rows."""

    library = "$/public/erp/tools.jsx"
    tag = "BulkBar"
    selected: rx.Var[list[int]]
    all: rx.Var[bool]
    total: rx.Var[int]
    page_size: rx.Var[int]
    actions: rx.Var[list[dict[str, Any]]]
    busy: rx.Var[bool]
    on_all: rx.EventHandler[rx.event.no_args_event_spec]
    on_act: rx.EventHandler[Spec(str)]
    on_clear: rx.EventHandler[rx.event.no_args_event_spec]


class ExportMenu(_Ours):
    """Download of what the list shows."""

    library = "$/public/erp/tools.jsx"
    tag = "ExportMenu"
    href: rx.Var[str]
    pdf: rx.Var[bool]


class RecordForm(_Ours):
    """Fields and lines of one record; typing stays in the browser until it is saved."""

    library = "$/public/erp/form.jsx"
    tag = "RecordForm"
    spec: rx.Var[dict[str, Any]]
    value: rx.Var[dict[str, Any]]
    errors: rx.Var[dict[str, str]]
    message: rx.Var[str]
    conflict: rx.Var[dict[str, Any]]
    tz: rx.Var[str]
    draft: rx.Var[str]
    stamp: rx.Var[str]
    saving: rx.Var[bool]
    stirred: rx.Var[int]
    on_save: rx.EventHandler[Spec(dict[str, Any])]


class ActionDialog(_Ours):
    """What an action asks before it is done."""

    library = "$/public/erp/form.jsx"
    tag = "ActionDialog"
    spec: rx.Var[dict[str, Any]]
    open: rx.Var[bool]
    value: rx.Var[dict[str, Any]]
    errors: rx.Var[dict[str, str]]
    message: rx.Var[str]
    tz: rx.Var[str]
    saving: rx.Var[bool]
    on_save: rx.EventHandler[Spec(dict[str, Any])]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class EffectsDialog(_Ours):
    """What a step would change, before it is done."""

    library = "$/public/erp/effects.jsx"
    tag = "EffectsDialog"
    effects: rx.Var[dict[str, Any]]
    open: rx.Var[bool]
    message: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]
    on_keep: rx.EventHandler[Spec(str)]
    on_later: rx.EventHandler[Spec(str)]


class TriedRule(_Ours):
    """What a rule would have found in the past."""

    library = "$/public/erp/effects.jsx"
    tag = "TriedRule"
    outcome: rx.Var[dict[str, Any]]
    tz: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Palette(_Ours):
    """Ctrl+K, and the keyboard help."""

    library = "$/public/erp/palette.jsx"
    tag = "Palette"
    entries: rx.Var[list[dict[str, Any]]]
    allowed: rx.Var[list[str]]
    results: rx.Var[list[dict[str, Any]]]
    answered: rx.Var[str]
    on_query: rx.EventHandler[Spec(str)]


class Facts(_Ours):
    """Fields of a record to read."""

    library = "$/public/erp/record.jsx"
    tag = "Facts"
    fields: rx.Var[list[dict[str, Any]]]
    record: rx.Var[dict[str, Any]]
    tz: rx.Var[str]


class LineTable(_Ours):
    """Lines of a record to read; `trace` is where the cost of a line can be traced, without the line's number."""

    library = "$/public/erp/record.jsx"
    tag = "LineTable"
    title: rx.Var[str]
    trace: rx.Var[str]
    fields: rx.Var[list[dict[str, Any]]]
    rows: rx.Var[list[dict[str, Any]]]
    tz: rx.Var[str]


class FlowSteps(_Ours):
    """The road of states as chevrons."""

    library = "$/public/erp/record.jsx"
    tag = "FlowSteps"
    states: rx.Var[list[str]]
    state: rx.Var[str]


class DocumentGraph(_Ours):
    """Linked documents, drawn."""

    library = "$/public/erp/record.jsx"
    tag = "DocumentGraph"
    nodes: rx.Var[list[dict[str, Any]]]
    edges: rx.Var[list[dict[str, Any]]]
    here: rx.Var[int]


class Timeline(_Ours):
    """What happened to a record, and what people say about it."""

    library = "$/public/erp/record.jsx"
    tag = "Timeline"
    entries: rx.Var[list[dict[str, Any]]]
    tz: rx.Var[str]
    can_comment: rx.Var[bool]
    upload: rx.Var[str]
    on_comment: rx.EventHandler[Spec(str)]
    on_uploaded: rx.EventHandler[rx.event.no_args_event_spec]


class Journals(_Ours):
    """Journals with their lines."""

    library = "$/public/erp/record.jsx"
    tag = "Journals"
    journals: rx.Var[list[dict[str, Any]]]
    tz: rx.Var[str]


class ImportWizard(_Ours):
    """Import of a spreadsheet with preview."""

    library = "$/public/erp/import.jsx"
    tag = "ImportWizard"
    plural: rx.Var[str]
    fields: rx.Var[list[dict[str, Any]]]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]


def tile(one: rx.Var[dict[str, Any]]) -> rx.Component:
    """A figure that leads to what it is made of: `label`, `value`, `kind`, `tone`, `href`."""
    return rx.link(
        rx.el.span(Words.create(text=one["label"].to(str))),
        rx.el.b(rx.cond(one["kind"].to(str) == "money", "Rp ", ""), Value.create(kind=one["kind"].to(str), value=one["value"].to(str))),
        href=one["href"].to(str),
        underline="none",
        class_name=rx.cond(one["tone"].to(str) == "bad", "card tile bad", "card tile"),
    )
