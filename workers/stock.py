"""The stock repair worker: proves items again that an anomaly made doubtful, one at a time, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.costing import repo_fix
from erp_app.costing.fix import prove
from erp_app.costing.settle import FOR_PEOPLE
from erp_app.kernel.errors import Refused
from erp_app.kernel.fault import fault
from erp_app.kernel.uow import unit_of_work

if TYPE_CHECKING:
    from erp_app.kernel.actor import Actor


def repair(actor: Actor, key: str) -> None:
    """Prove the item of this id, if it waits for it, and before it whatever waits with more urgency."""
    item = int(key)
    while (urgent := _more_urgent(actor, item)) is not None:
        _repair(actor, urgent)
    _repair(actor, item)


def _more_urgent(actor: Actor, item: int) -> int | None:
    with unit_of_work(actor) as work:
        return repo_fix.more_urgent(work, item)


def _repair(actor: Actor, item: int) -> None:
    """Prove an item. What only people can set right is kept as failed, with the reason."""
    with unit_of_work(actor) as work:
        waiting = repo_fix.begin(work, item)
    if not waiting:
        return
    fault("fix_begun")
    try:
        with unit_of_work(actor) as work:
            prove(work, item)
            fault("fix_written")
    except Refused as refusal:
        if refusal.code not in FOR_PEOPLE:
            raise
        with unit_of_work(actor) as work:
            repo_fix.fail(work, item, f"{refusal.code} {refusal.detail}")
            work.emit("hpp.failed", {"item_id": item, "error": refusal.detail}, topics=["queue"])
