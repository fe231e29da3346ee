"""Rows of the queues that failed, taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

_AGAIN: dict[str, LiteralString] = {
    "hpp_queue": "UPDATE hpp_queue SET state = 'waiting', error = NULL WHERE tenant_id = %s AND id = %s AND state = 'failed' RETURNING item_id",
    "stock_fix_queue": "UPDATE stock_fix_queue SET state = 'waiting', error = NULL WHERE tenant_id = %s AND id = %s AND state = 'failed' RETURNING item_id",
}


def wait_again(work: Work, queue: str, row: int) -> int | None:
    """Let a failed row wait again; return its item, None when it has not failed."""
    found: int | None = work.value(_AGAIN[queue], (work.actor.tenant_id, row))
    return found
