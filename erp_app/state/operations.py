"""The machinery as operators see it: what waits, who works, how fast; live."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.iam import page_access
from erp_app.kernel import clock
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import operations
from erp_app.state.desk import apart, done, refused
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub

page_access.declare("/operations", "Operations", "Administration", "operations")
_NAMES = {"hpp_queue": "Costs to recompute", "stock_fix_queue": "Stock repairs", "outbox": "Events to send", "deliveries": "Deliveries to consumers",
          "audit_seals": "Audit rows to seal", "journal_numbers": "Journals to number"}
_STALE = 8 * 24 * 3600  # seconds: backups and drills are weekly at least


class Operations(rx.State):
    """What the operations page shows."""

    waiting: list[dict[str, Any]] = []
    queues: list[dict[str, Any]] = []
    workers: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    speeds: list[dict[str, Any]] = []
    safety: list[dict[str, Any]] = []
    redis: bool = True
    as_of: str = ""

    @rx.event
    @requires("operations", "view")
    async def open(self) -> Any:
        """Follow the queues, then show them."""
        await hub.join(self, "queue")
        return await self._read()

    @rx.event
    @requires("operations", "view")
    async def refresh(self) -> Any:
        """Read again (live, and by the button)."""
        return await self._read()

    @rx.event
    @requires("operations", "edit")
    async def retry(self) -> Any:
        """Send the events again that consumers were given up on."""
        lang = actor().lang
        try:
            count = await apart(_retry)
        except ErpError as error:
            return refused(error, lang)
        await self._read()
        return done(f"{count} events are sent again.", lang)

    async def _read(self) -> Any:
        try:
            found = await apart(operations.snapshot)
        except ErpError as error:
            return refused(error, actor().lang)
        self.waiting = [
            {"id": place, "name": _NAMES.get(name, name), **one, "oldest": _span(one["oldest_seconds"])}
            for place, (name, one) in enumerate(found["waiting"].items())
        ]
        self.queues = [{"id": place, **one} for place, one in enumerate(found["queues"])]
        self.workers = [{"id": place, **one, "silence": _span(one["silence"])} for place, one in enumerate(found["workers"])]
        self.failed = [
            {
                "id": one["event_id"],
                "event": one["event"],
                "consumer": one["consumer"],
                "attempts": one["attempts"],
                "given_up": one["given_up"],
                "error": str(one["error"] or "")[:300],
            }
            for one in found["failed"]
        ]
        numbers = found["processes"]
        self.speeds = [
            {"id": place, "name": name.replace("_", " "), "p50": _milliseconds(value), "p95": _milliseconds(numbers["p95"].get(name))}
            for place, (name, value) in enumerate(sorted(numbers.get("p50", {}).items()))
        ]
        self.safety = [_safe(kind, found["safety"][kind]) for kind in ("backup", "drill")]
        self.redis = found["redis"]
        self.as_of = clock.now().isoformat()
        return None


def _retry(who: Actor) -> int:
    from erp_app.kernel.delivery import revive  # noqa: PLC0415 - only for this button

    with unit_of_work(who) as work:
        count = revive(work.conn, who.tenant_id)
        work.audit("deliveries.retried", resource="operations", after={"count": count})
    return int(count)


def _safe(kind: str, found: dict[str, Any] | None) -> dict[str, Any]:
    """Return the tile of the last backup or drill: when, how long ago, what it was, and whether that is good."""
    if found is None:
        return {"kind": kind, "at": "", "age": "", "file": "", "facts": "", "good": False}
    facts = [f"{found['bytes'] / 2**20:.1f} MB"] if "bytes" in found else []
    facts += [f"{found.get('rows', 0):,} rows", f"{found.get('seconds', 0)} s"]
    good = bool(found.get("ok", True)) and found["age_seconds"] < _STALE
    return {"kind": kind, "at": found["at"], "age": _span(found["age_seconds"]), "file": str(found.get("file", "")), "facts": " · ".join(facts), "good": good}


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f} ms"


def _span(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    if seconds < 3600:  # noqa: PLR2004 - an hour
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    hours = int(seconds // 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"  # noqa: PLR2004 - two days
