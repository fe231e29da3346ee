"""Repair of one item alone: replay its whole history, show the difference, and append it; other items keep posting."""

from __future__ import annotations

from typing import Any

from erp_app.anomaly import repo
from erp_app.costing import fix, repo_fix
from erp_app.document import chain
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work
from erp_app.posting import effects


def repair(work: Work, anomaly: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Replay the finding's item from its beginning and append what differs, with one correction journal for each document.

    The documents it corrected are linked with the finding; the repair stands in `stock_fix_queue` like one a worker did.

    Raises:
        Invalid: ERP-5002 when the finding names no item.
        Refused: ERP-1220 when the item's history does not hold together; ERP-1203 when a correction lies in a locked month.
    """
    if anomaly.item_id is None:
        raise Invalid("ERP-5002", f"{anomaly.number} names no item to repair. Explain it instead.")
    repo_fix.add(work, anomaly.item_id, anomaly.id, fix.URGENT)
    repo_fix.begin(work, anomaly.item_id)
    done = fix.prove(work, anomaly.item_id)
    for document in repo.corrected(work):
        chain.link(work, [anomaly.id], document)
    told = {**done, "balances": len(done["balances"]), "item": repo.item_code(work, anomaly.item_id)}
    anomaly.reason = (
        f"{data['reason']}\nRepaired: {told['moves']} movements replayed; {told['pieces']} cost pieces, {told['layers']} layers, {told['balances']} balances"
        f" and {told['documents']} documents differed."
    )
    return {"repair": told}


def show(work: Work, anomaly: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Tell, inside the rolled back transaction of the preview, what the repair would add: the shadow copy's difference."""
    found = effects.of_transaction(work, anomaly.id)
    return {**found, "differences": repo.differences(work)} if work.dry_run else found
