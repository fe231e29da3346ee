"""Repair of one item alone: replay its whole history, show the difference, and append it; other items keep posting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from erp_app.costing.recost import Recosted, Request, recost
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work
from erp_app.posting import effects

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def repair(work: Work, anomaly: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Replay the finding's item from its beginning and append what differs, with one correction journal for each document.

    Raises:
        Invalid: ERP-5002 when the finding names no item.
        Refused: ERP-1220 when the item's history does not hold together.
    """
    if anomaly.item_id is None:
        raise Invalid("ERP-5002", f"{anomaly.number} names no item to repair. Explain it instead.")
    done = recost(work, lambda: Request({anomaly.item_id: BEGINNING}, ()))
    anomaly.reason = f"Repaired: {done.moves} movements replayed, {done.pieces} cost pieces and {len(done.documents)} documents differed."
    return {"repair": _told(done)}


def show(work: Work, anomaly: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Tell, inside the rolled back transaction of the preview, what the repair would add: the shadow copy's difference."""
    return effects.of_transaction(work, anomaly.id)


def _told(done: Recosted) -> dict[str, Any]:
    return {"moves": done.moves, "pieces": done.pieces, "layers": done.layers, "documents": len(done.documents)}
