"""Who wants to know of which event: every consumer of business events, on one page.

A consumer without `key` handles each event once: `path(work, event)`, in one transaction with the proof that it did.
A consumer with `key` (the name of a payload field, or `*`: one key for the tenant) is called once for all waiting events of one key:
`path(actor, key)`; it keeps its own transactions and finds out from the database what is left to do, for it may be called again.
With `when` (the name of a payload field) it takes only events in which that field is not empty.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from erp_app.kernel.delivery import Debt, Event

EVERYTHING = "*"


@dataclass(frozen=True)
class Consumer:
    """One consumer: its stable name (kept in the database), the events it takes, its queue, and where its function is."""

    name: str
    events: tuple[str, ...]
    path: str
    queue: str = "default"
    key: str = ""
    when: str = ""

    def takes(self, event: Event) -> bool:
        """Tell whether this consumer has anything to do with the event."""
        return event.name in self.events and (not self.when or bool(event.payload.get(self.when)))

    def function(self) -> Any:
        """Import and return the function behind `path` (`module:name`)."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)

    def debt(self, event: Event) -> Debt:
        """Return what this consumer owes after the event."""
        key = self.key if self.key in ("", EVERYTHING) else str(event.payload.get(self.key, ""))
        return Debt(event.tenant_id, event.id, self.name, key)


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("costing", ("hpp.queued",), "workers.costing:replay", queue="hpp", key="item_id"),
    Consumer("stock", ("stock_fix.queued",), "workers.stock:repair", queue="stock_fix", key="item_id"),
    Consumer("checkpoint-ask", ("period.locked",), "workers.checkpoint:ask"),
    Consumer("checkpoints", ("checkpoints.due",), "workers.checkpoint:seal", key=EVERYTHING),
    Consumer("anomalies", ("anomalies.due",), "workers.anomaly:find", key=EVERYTHING),
    Consumer("notify", ("comment.added", "document.changed", "hpp.failed", "import.finished"), "workers.notify:tell", queue="notify"),
)


@lru_cache(maxsize=1)
def consumers() -> dict[str, Consumer]:
    """Return all consumers by name; tests add theirs by environment (ERP_TEST_CONSUMERS=module:tuple)."""
    extra = os.environ.get("ERP_TEST_CONSUMERS", "")
    module, _, name = extra.partition(":")
    added: tuple[Consumer, ...] = getattr(import_module(module), name) if extra else ()
    return {one.name: one for one in (*CONSUMERS, *added)}


def consumers_of(event: Event) -> list[Consumer]:
    """Return the consumers that have something to do with an event."""
    return [one for one in consumers().values() if one.takes(event)]
