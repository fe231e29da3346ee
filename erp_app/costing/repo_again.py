"""Rows of the queues that failed, taken up again; and rows that people want to see done first."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

_AGAIN: dict[str, LiteralString] = {
    "hpp_queue": "UPDATE hpp_queue SET state = 'waiting', error = NULL WHERE tenant_id = %s AND id = %s AND state = 'failed' RETURNING item_id",
    "stock_fix_queue": "UPDATE stock_fix_queue SET state = 'waiting', error = NULL WHERE tenant_id = %s AND id = %s AND state = 'failed' RETURNING item_id",
}
_PRIORITY: dict[str, LiteralString] = {
    "hpp_queue": "UPDATE hpp_queue SET priority = %s WHERE tenant_id = %s AND item_id = %s AND state = 'waiting'",
    "stock_fix_queue": "UPDATE stock_fix_queue SET priority = %s WHERE tenant_id = %s AND item_id = %s AND state = 'waiting'",
}


def set_priority(work: Work, queue: str, item: int, priority: int) -> int:
    """Change the urgency of what waits for an item (a lower number comes first); return how many rows wait."""
    return work.run(_PRIORITY[queue], (priority, work.actor.tenant_id, item))


def wait_again(work: Work, queue: str, row: int) -> int | None:
    """Let a failed row wait again; return its item, None when it has not failed."""
    found: int | None = work.value(_AGAIN[queue], (work.actor.tenant_id, row))
    return found
