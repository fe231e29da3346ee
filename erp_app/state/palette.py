"""Ctrl+K: records of every type the user may see, found by number, name or what is nearly that."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.document import search
from erp_app.kernel.errors import ErpError
from erp_app.state.desk import run
from erp_app.state.guard import for_any_user

LIMIT = 12


class Finder(rx.State):
    """What the palette found last."""

    results: list[dict[str, Any]] = []
    answered: str = ""

    @rx.event
    @for_any_user("finds only what the person may view: the search applies the rights of every type")
    async def find(self, q: str) -> None:
        """Look for records."""
        typed = str(q)[:100]
        try:
            found = await run(lambda work: search.everywhere(work, typed, LIMIT)) if typed.strip() else []
        except ErpError:
            found = []
        self.results = [
            {
                "href": f"/{one['type']}/{one['id']}",
                "name": one["number"],
                "also": one["label"] if one["label"] != one["number"] else "",
                "type": one["type_label"],
                "state": one["state"] if one["state"] != "active" else "",
            }
            for one in found
        ]
        self.answered = typed
