"""Browser components of the pages that watch over the books: queues and the audit dashboard."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.pages.kit import Spec, _Ours

LIBRARY = "$/public/erp/control.jsx"


class QueueTable(_Ours):
    """Rows of a queue with progress and age; `retry` tells whether the user may have them tried again, or done first."""

    library = LIBRARY
    tag = "QueueTable"
    rows: rx.Var[list[dict[str, Any]]]
    queue: rx.Var[str]
    past: rx.Var[bool]
    retry: rx.Var[bool]
    tz: rx.Var[str]
    on_retry: rx.EventHandler[Spec(str, int)]
    on_hurry: rx.EventHandler[Spec(str, int)]


class Age(_Ours):
    """How old something is; it ticks."""

    library = LIBRARY
    tag = "Age"
    since: rx.Var[str]


class Bars(_Ours):
    """Bars with a figure; each leads to the rows that make it."""

    library = LIBRARY
    tag = "Bars"
    rows: rx.Var[list[dict[str, Any]]]
    empty: rx.Var[str]


class Trend(_Ours):
    """Two columns a week: found and settled."""

    library = LIBRARY
    tag = "Trend"
    rows: rx.Var[list[dict[str, Any]]]
