"""The queues of late costs and stock repairs as people follow them: item by item, live."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.costing import again
from erp_app.document import registry
from erp_app.iam import page_access
from erp_app.kernel import clock
from erp_app.kernel.access import may
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import Work
from erp_app.reports import cost_queues
from erp_app.state.desk import done, refused, run
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub

page_access.declare("/cost-queues", "Cost queues", "Control", "cost-queues")
SIZE = 25
QUEUES = ("hpp_queue", "stock_fix_queue")


class CostQueues(rx.State):
    """What the page shows; a change in either queue is seen at once."""

    sums: dict[str, dict[str, Any]] = {"hpp_queue": {}, "stock_fix_queue": {}}
    hpp: list[dict[str, Any]] = []
    repairs: list[dict[str, Any]] = []
    past: bool = False
    page: int = 1
    can_retry: bool = False
    as_of: str = ""
    ready: bool = False

    @rx.var
    def total(self) -> int:
        """How many rows the longer of the two queues has in this view."""
        return max(cost_queues.total(one, done=self.past)[0] if one else 0 for one in self.sums.values())

    @rx.event
    @requires("cost-queues", "view")
    async def open(self) -> Any:
        """Follow both queues, then show them."""
        await hub.join(self, "queue", "ledger")
        self.past, self.page = False, 1
        return await self._read()

    @rx.event
    @requires("cost-queues", "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @requires("cost-queues", "view")
    async def turn(self, past: bool) -> Any:
        """Show what is done, or what is open."""
        self.past, self.page = bool(past), 1
        return await self._read()

    @rx.event
    @requires("cost-queues", "view")
    async def go(self, page: int) -> Any:
        """Show another page."""
        self.page = max(1, min(int(page), -(-self.total // SIZE) or 1))
        return await self._read()

    @rx.event
    @requires("cost-queues", "edit")
    async def retry(self, queue: str, row: int) -> Any:
        """Try a failed row again."""
        lang = actor().lang
        try:
            await run(lambda work: again.retry(work, str(queue), int(row)))
        except ErpError as error:
            return refused(error, lang)
        await self._read()
        return done("It is tried again.", lang)

    @rx.event
    @requires("cost-queues", "edit")
    async def hurry(self, queue: str, item: int) -> Any:
        """Let what waits for an item be done before everything else."""
        lang = actor().lang
        try:
            await run(lambda work: again.hurry(work, str(queue), int(item)))
        except ErpError as error:
            return refused(error, lang)
        await self._read()
        return done("It is done next.", lang)

    async def _read(self) -> Any:
        past, page = self.past, self.page
        try:
            found = await run(lambda work: _look(work, past=past, page=page))
        except ErpError as error:
            return refused(error, actor().lang)
        self.sums, self.hpp, self.repairs = found
        self.can_retry = may(actor(), "cost-queues", "edit")
        self.as_of, self.ready = clock.now().isoformat(), True
        return None


def _look(work: Work, *, past: bool, page: int) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    types = {one.plural for one in registry.all_types()}
    sums = {
        name: {**one, "oldest": one["oldest"].isoformat() if one["oldest"] else "", "lag": None if one["lag"] is None else round(float(one["lag"]), 1)}
        for name, one in cost_queues.sums(work).items()
    }
    hpp, repairs = ([_shown(row, types) for row in cost_queues.rows(work, name, done=past, page=page, size=SIZE)] for name in QUEUES)
    return sums, hpp, repairs


def _shown(row: dict[str, Any], types: set[str]) -> dict[str, Any]:
    times = {name: row[name].isoformat() if row[name] else "" for name in ("from_at", "created_at", "started_at", "done_at")}
    return {
        **row, **times, "lag": round(row["lag"], 1), "error": (row["error"] or "")[:300], "cause": row["cause"] or "",
        "cause_href": f"/{row['cause_type']}/{row['cause_id']}" if row["cause_type"] in types else "",
    }
