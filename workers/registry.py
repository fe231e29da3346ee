"""Who wants to know of which event: every consumer of business events, on one page.

A consumer without `key` handles each event once: `path(work, event)`, in one transaction with the proof that it did.
A consumer with `key` (the name of a payload field) is called once for all waiting events of one key: `path(actor, key)`; it keeps
its own transactions and must find out from the database what is left to do, for it may be called again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from erp_app.kernel.delivery import Debt, Event


@dataclass(frozen=True)
class Consumer:
    """One consumer: its stable name (kept in the database), the events it takes, its queue, and where its function is."""

    name: str
    events: tuple[str, ...]
    path: str
    queue: str = "default"
    key: str = ""

    def function(self) -> Any:
        """Import and return the function behind `path` (`module:name`)."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)

    def debt(self, event: Event) -> Debt:
        """Return what this consumer owes after the event."""
        return Debt(event.tenant_id, event.id, self.name, str(event.payload.get(self.key, "")) if self.key else "")


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("notify", ("comment.added", "document.changed", "hpp.failed", "import.finished"), "workers.notify:tell", queue="notify"),
)


@lru_cache(maxsize=1)
def consumers() -> dict[str, Consumer]:
    """Return all consumers by name; tests add theirs by environment (ERP_TEST_CONSUMERS=module:tuple)."""
    extra = os.environ.get("ERP_TEST_CONSUMERS", "")
    module, _, name = extra.partition(":")
    added: tuple[Consumer, ...] = getattr(import_module(module), name) if extra else ()
    return {one.name: one for one in (*CONSUMERS, *added)}


@lru_cache(maxsize=512)
def consumers_of(event_name: str) -> tuple[Consumer, ...]:
    """Return the consumers of one kind of event."""
    return tuple(one for one in consumers().values() if event_name in one.events)
