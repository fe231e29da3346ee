"""The queue of stock repairs: items whose quantities, and then values, must be proved again after an anomaly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work


def add(work: Work, item: int, cause: int | None, priority: int) -> None:
    """Let an item wait for its proof; it waits once, however often it is asked for."""
    work.run(
        "INSERT INTO stock_fix_queue (tenant_id, item_id, cause_document_id, priority) SELECT %(tenant)s, %(item)s, %(cause)s, %(priority)s"
        " WHERE NOT EXISTS (SELECT 1 FROM stock_fix_queue WHERE tenant_id = %(tenant)s AND item_id = %(item)s AND state = 'waiting')",
        {"tenant": work.actor.tenant_id, "item": item, "cause": cause, "priority": priority},
    )


def more_urgent(work: Work, item: int) -> int | None:
    """Return the most urgent item that waits with more urgency than this one, or None."""
    found: int | None = work.value(
        "SELECT item_id FROM stock_fix_queue WHERE tenant_id = %(tenant)s AND state = 'waiting' AND priority < (SELECT min(priority) FROM stock_fix_queue"
        " WHERE tenant_id = %(tenant)s AND item_id = %(item)s AND state <> 'done') ORDER BY priority, id LIMIT 1",
        {"tenant": work.actor.tenant_id, "item": item},
    )
    return found


def begin(work: Work, item: int) -> int:
    """Note that a worker has taken the item's open rows; return how many there are."""
    return work.run(
        "UPDATE stock_fix_queue SET state = 'running', attempts = attempts + 1, started_at = now(), progress = '{}', error = NULL"
        " WHERE tenant_id = %s AND item_id = %s AND state <> 'done'",
        (work.actor.tenant_id, item),
    )


def finish(work: Work, item: int, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Note that the item is proved: the database itself sets its balances right now. Return the balances that were wrong."""
    rows = work.rows(
        "UPDATE stock_fix_queue SET state = 'done', done_at = now(), progress = %s WHERE tenant_id = %s AND item_id = %s AND state = 'running'"
        " RETURNING progress -> 'balances' AS balances",
        (Jsonb(found), work.actor.tenant_id, item),
    )
    return [balance for row in rows for balance in row["balances"]]


def fail(work: Work, item: int, error: str) -> None:
    """Keep the reason."""
    work.run(
        "UPDATE stock_fix_queue SET state = 'failed', error = %s WHERE tenant_id = %s AND item_id = %s AND state = 'running'",
        (error[:1000], work.actor.tenant_id, item),
    )
