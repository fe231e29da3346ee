"""Proving one item again from its very beginning: quantities from its movements, values by a replay; other items go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.costing import repo_fix, repo_queue
from erp_app.costing.checkpoint import BEGINNING
from erp_app.costing.recost import Request, recost
from erp_app.costing.settle import settle_reached
from erp_app.kernel.access import may

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

URGENT, USUAL = 1, 5


def ask(work: Work, item: int, cause: int | None = None, priority: int = USUAL) -> None:
    """Let an item wait for its proof and wake the worker."""
    repo_fix.add(work, item, cause, priority)
    work.emit("stock_fix.queued", {"item_id": item}, topics=["queue"])


def prove(work: Work, item: int) -> dict[str, Any]:
    """Replay the item and set right what differs; return what was found, as it stands in the queue's row.

    A correction has the date of the document it corrects: nothing came late, so C5 knows no later one. It goes into a soft-locked month
    for those who may post there.

    Raises:
        Refused: ERP-1220 when its movements do not hold together; ERP-1203 / ERP-1204 when a document that must be corrected lies in
            a locked month. Nothing is changed then.
    """
    settle_reached(work, {item: BEGINNING})
    with repo_queue.soft_months(work, open_=may(work.actor, "periods", "post")):
        done = recost(work, lambda: Request({item: BEGINNING}, ()))
    found = {"moves": done.moves, "pieces": done.pieces, "layers": done.layers, "documents": len(done.documents)}
    wrong = repo_fix.finish(work, item, found)
    work.emit("stock_fix.done", {"item_id": item, **found, "balances": len(wrong)}, topics=["stock", "queue"])
    return {**found, "balances": wrong}
