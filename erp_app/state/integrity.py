"""The integrity page: every invariant of the ledgers proved when somebody asks, with row counts and times."""

from __future__ import annotations

import json
from typing import Any

import reflex as rx

from erp_app.iam import page_access
from erp_app.kernel import clock
from erp_app.kernel.errors import ErpError
from erp_app.reports import integrity
from erp_app.state.desk import refused, run
from erp_app.state.guard import actor, requires

page_access.declare("/integrity", "Integrity", "Administration", "integrity")


class Integrity(rx.State):
    """The last proof this tab asked for."""

    checks: list[dict[str, Any]] = []
    ok: bool = False
    proved: bool = False
    seconds: float = 0.0
    rows: int = 0
    as_of: str = ""

    @rx.event
    @requires("integrity", "view")
    async def open(self) -> Any:
        """Prove everything now."""
        return await self._prove()

    @rx.event
    @requires("integrity", "view")
    async def again(self) -> Any:
        """Prove everything once more."""
        return await self._prove()

    async def _prove(self) -> Any:
        try:
            found = await run(integrity.prove_and_note)
        except ErpError as error:
            return refused(error, actor().lang)
        self.checks = [
            {
                "id": number,
                "name": one["name"].replace("_", " ").capitalize(),
                "rows_checked": one["rows_checked"],
                "violations": one["violations"],
                "seconds": f"{one['seconds']:.3f}",
                "offenders": json.dumps(one["offenders"], default=str)[:300] if one["offenders"] else "",
            }
            for number, one in enumerate(found["checks"])
        ]
        self.ok, self.proved, self.as_of = found["ok"], True, clock.now().isoformat()
        self.seconds = round(sum(one["seconds"] for one in found["checks"]), 3)
        self.rows = sum(one["rows_checked"] for one in found["checks"])
        return None
