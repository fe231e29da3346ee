"""Taking up again what a worker gave up, once people have set right what was in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.costing import repo_again
from erp_app.costing.fix import URGENT
from erp_app.kernel.access import require
from erp_app.kernel.errors import NotFound

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

EVENTS = {"hpp_queue": "hpp.queued", "stock_fix_queue": "stock_fix.queued"}


def retry(work: Work, queue: str, row: int) -> None:
    """Let a failed row of a queue wait again and wake its worker.

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-5003 when there is no such failed row.
    """
    require(work.actor, "cost-queues", "edit")
    item = repo_again.wait_again(work, queue, row) if queue in EVENTS else None
    if item is None:
        raise NotFound("ERP-5003", "There is nothing failed to try again.")
    work.emit(EVENTS[queue], {"item_id": item}, topics=["queue"])
    work.audit(f"{queue}.retried", resource="cost-queues", after={"row": row, "item": item})


def hurry(work: Work, queue: str, item: int) -> None:
    """Let an item be done before all others that wait.

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-5003 when nothing of the item waits there.
    """
    require(work.actor, "cost-queues", "edit")
    if queue not in EVENTS or not repo_again.set_priority(work, queue, item, URGENT):
        raise NotFound("ERP-5003", "Nothing of that item waits.")
    work.emit(EVENTS[queue], {"item_id": item}, topics=["queue"])
    work.audit(f"{queue}.hurried", resource="cost-queues", after={"item": item})
