"""Transfers: goods leave into transit in a queue of their own, and arrive with the origin and cost they had."""

from __future__ import annotations

from typing import Any

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.kernel.errors import Invalid
from erp_app.kernel.money import to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting

TYPE = "stock-transfers"
STORES = ("warehouse", "quarantine", "vendor")


def check_transfer(work: Work, transfer: Any) -> None:
    """Refuse a transfer to where the goods are, or between places that do not store goods of ours.

    Raises:
        Invalid: ERP-3201.
    """
    if transfer.from_id == transfer.to_id:
        raise Invalid("ERP-3201", "From and to are the same place.", errors={"to": "must be another place"})
    for name in ("from", "to"):
        if place_repo.kind_of(work, getattr(transfer, f"{name}_id")) not in STORES:
            raise Invalid("ERP-3201", "Goods are transferred between places that store them.", errors={name: "must be a warehouse, vendor or quarantine"})


def send(work: Work, transfer: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Let the goods leave: from their place into transit; the ledger refuses what is not there."""
    transit = place_repo.of_kind(work, "in_transit")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=transfer.from_id, to_place_id=transit, to_lot=transfer.id,
            quantity=to_units(line.quantity),
        )
        for line in chain.lines(work, TYPE, transfer.id)
    ]
    return _post(work, transfer, moves, step=1, text=f"Transfer {transfer.number} sent")


def receive(work: Work, transfer: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Let the goods arrive: from transit to their new place."""
    transit = place_repo.of_kind(work, "in_transit")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=transit, from_lot=transfer.id, to_place_id=transfer.to_id,
            quantity=to_units(line.quantity),
        )
        for line in chain.lines(work, TYPE, transfer.id)
    ]
    return _post(work, transfer, moves, step=2, text=f"Transfer {transfer.number} received")


def reverse(work: Work, transfer: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Bring goods on the way back to where they came from."""
    return {"pending": posting.reverse(work, transfer.id, text=f"Reversal of {transfer.number}").pending}


def _post(work: Work, transfer: Any, moves: list[Move], *, step: int, text: str) -> dict[str, Any]:
    posted = posting.post(work, Posting(document_id=transfer.id, effective_at=transfer.effective_at, moves=moves, step=step, text=text))
    return {"pending": posted.pending}
