"""The costing worker: settles what waits in the queue of late work, item by item.

RQ and the event only wake it; what is to be done stands in `hpp_queue`, and everything is done in one transaction, its mark in
the queue included. So it may die at any point and be called any number of times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.costing import repo_queue
from erp_app.costing.settle import FOR_PEOPLE, settle
from erp_app.kernel.errors import Refused
from erp_app.kernel.fault import fault
from erp_app.kernel.uow import unit_of_work

if TYPE_CHECKING:
    from erp_app.costing.repo_queue import Waiting
    from erp_app.kernel.actor import Actor

SHOWN_FROM = 2_000  # movements; below that it is over before anybody looks


def replay(actor: Actor, key: str) -> None:
    """Settle the item of this id, and before it whatever waits with more urgency."""
    item = int(key)
    while (urgent := _more_urgent(actor, item)) is not None:
        _replay(actor, urgent)
    _replay(actor, item)


def _more_urgent(actor: Actor, item: int) -> int | None:
    with unit_of_work(actor) as work:
        return repo_queue.more_urgent(work, item)


def _replay(actor: Actor, item: int) -> None:
    """Settle an item and all that waits together with it.

    What only people can set right is no failure of the worker: the rows are kept as failed, with the reason, and people are
    told. Anything else is raised, and tried again.
    """
    with unit_of_work(actor) as work:
        rows = repo_queue.waiting(work, [item])
        repo_queue.begin(work, rows)
    if not rows:
        return
    fault("hpp_begun")
    try:
        with unit_of_work(actor) as work:
            settle(work, item, lambda phase, moves: _tell(actor, rows, phase, moves))
            fault("hpp_written")
    except Refused as refusal:
        if refusal.code not in FOR_PEOPLE:
            raise
        with unit_of_work(actor) as work:
            repo_queue.fail(work, rows, f"{refusal.code} {refusal.detail}")
            work.emit("hpp.failed", {"item_id": item, "error": refusal.detail}, topics=["queue"])
    fault("hpp_settled")


def _tell(actor: Actor, rows: list[Waiting], phase: str, moves: int) -> None:
    fault(f"hpp_{phase}")
    if moves >= SHOWN_FROM:
        with unit_of_work(actor) as work:
            repo_queue.note_progress(work, rows, {"phase": phase, "moves": moves})
            work.emit("queue.changed", {"item_ids": sorted({one.item for one in rows})}, topics=["queue"])
