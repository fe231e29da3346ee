"""The queue of late work: one row for each item and the document that came late. Rows outlive every crash; RQ only wakes the worker."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from erp_app.kernel.uow import Work

# Items that wait because of one document must be settled together: what is made is worth what was used.
_TOGETHER = (
    "WITH RECURSIVE item AS (SELECT unnest(%(items)s::bigint[]) AS id UNION SELECT o.item_id FROM item"
    " JOIN hpp_queue q ON q.tenant_id = %(tenant)s AND q.item_id = item.id AND q.state <> 'done'"
    " JOIN hpp_queue o ON o.tenant_id = %(tenant)s AND o.cause_document_id = q.cause_document_id AND o.state <> 'done')"
    " SELECT q.id, q.item_id, q.from_at, q.cause_document_id FROM item"
    " JOIN hpp_queue q ON q.tenant_id = %(tenant)s AND q.item_id = item.id AND q.state <> 'done' ORDER BY q.id"
)


_RETURNS = (
    "SELECT DISTINCT m.item_id FROM stock_move m WHERE m.tenant_id = %(tenant)s AND m.document_id = %(document)s"
    " AND (m.source_move_id IS NOT NULL OR EXISTS (SELECT 1 FROM stock_move r WHERE r.tenant_id = m.tenant_id AND r.item_id = m.item_id"
    " AND r.from_place_id = m.from_place_id AND r.from_lot = m.from_lot AND r.effective_at >= m.effective_at"
    " AND r.source_move_id IS NOT NULL))"
)


_SOFT = "SELECT set_config('app.soft_period', %s, true)"


@dataclass(frozen=True)
class Waiting:
    """One waiting item: replay it from `at`, because of `cause`."""

    id: int
    item: int
    at: datetime
    cause: int


def waiting(work: Work, items: list[int]) -> list[Waiting]:
    """Return what waits for these items, and for all items that wait because of the same documents, in order of entry."""
    rows = work.conn.execute(_TOGETHER, {"tenant": work.actor.tenant_id, "items": items}).fetchall()
    return [Waiting(*row) for row in rows]


def items_with_returns(work: Work, document: int) -> list[int]:
    """Return the items of which a document takes certain goods, or takes from queues out of which something later does."""
    rows = work.conn.execute(_RETURNS, {"tenant": work.actor.tenant_id, "document": document}).fetchall()
    return [item for (item,) in rows]


def next_item(work: Work) -> int | None:
    """Return the most urgent waiting item, or None."""
    found: int | None = work.value(
        "SELECT item_id FROM hpp_queue WHERE tenant_id = %s AND state IN ('waiting', 'running') ORDER BY priority, id LIMIT 1",
        (work.actor.tenant_id,),
    )
    return found


@contextmanager
def soft_months(work: Work, *, open_: bool = True) -> Iterator[None]:
    """Let the corrections of a replay into soft-locked months too, or not; afterwards the transaction is as before.

    They are let in when they settle what waits: whoever entered the document that made them was let in.
    """
    before = work.value("SELECT coalesce(current_setting('app.soft_period', true), '')")
    work.run(_SOFT, ("yes" if open_ else "",))
    yield
    work.run(_SOFT, (before,))  # after an error the transaction, or its savepoint, is rolled back, and this with it


def more_urgent(work: Work, item: int) -> int | None:
    """Return the most urgent item that waits with more urgency than this one, or None."""
    found: int | None = work.value(
        "SELECT item_id FROM hpp_queue WHERE tenant_id = %(tenant)s AND state = 'waiting' AND priority < (SELECT min(priority) FROM hpp_queue"
        " WHERE tenant_id = %(tenant)s AND item_id = %(item)s AND state <> 'done') ORDER BY priority, id LIMIT 1",
        {"tenant": work.actor.tenant_id, "item": item},
    )
    return found


def begin(work: Work, rows: list[Waiting]) -> None:
    """Note that a worker has taken the rows."""
    work.run(
        "UPDATE hpp_queue SET state = 'running', attempts = attempts + 1, started_at = now(), progress = '{}', error = NULL"
        " WHERE tenant_id = %s AND id = ANY(%s)",
        (work.actor.tenant_id, [one.id for one in rows]),
    )


def note_progress(work: Work, rows: list[Waiting], progress: dict[str, Any]) -> None:
    """Show how far the worker is."""
    work.run(
        "UPDATE hpp_queue SET progress = %s WHERE tenant_id = %s AND id = ANY(%s) AND state = 'running'",
        (Jsonb(progress), work.actor.tenant_id, [one.id for one in rows]),
    )


def finish(work: Work, rows: list[Waiting], progress: dict[str, Any]) -> None:
    """Note, in the transaction of the corrections themselves, that nothing of these rows is left to do."""
    work.run(
        "UPDATE hpp_queue SET state = 'done', done_at = now(), progress = %s, error = NULL WHERE tenant_id = %s AND id = ANY(%s)",
        (Jsonb(progress), work.actor.tenant_id, [one.id for one in rows]),
    )


def fail(work: Work, rows: list[Waiting], error: str) -> None:
    """Keep the reason; the rows are tried again when something new comes, or when a person says so."""
    work.run(
        "UPDATE hpp_queue SET state = 'failed', error = %s WHERE tenant_id = %s AND id = ANY(%s) AND state <> 'done'",
        (error[:1000], work.actor.tenant_id, [one.id for one in rows]),
    )
