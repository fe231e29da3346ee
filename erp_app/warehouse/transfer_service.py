"""Transfers: goods leave into transit in a queue of their own, and arrive with the origin and cost they had."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.kernel.errors import Invalid
from erp_app.kernel.money import to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting
from erp_app.posting.moments import is_dated, present, settle_moment
from erp_app.stock import reservations

TYPE = "stock-transfers"
STORES = ("warehouse", "quarantine", "vendor")


def differ(transfer: Any) -> dict[str, str]:
    """Tell whether goods would go to where they are."""
    return {} if transfer.from_id != transfer.to_id else {"to": "must be another place"}


def check_transfer(work: Work, transfer: Any) -> None:
    """Refuse a transfer between places that do not store goods of ours.

    Raises:
        Invalid: ERP-3201.
    """
    chain.check_lines(work, TYPE, transfer.id)
    transfer.dated = is_dated(transfer)
    for name in ("from", "to"):
        if place_repo.kind_of(work, getattr(transfer, f"{name}_id")) not in STORES:
            raise Invalid("ERP-3201", "Goods are transferred between places that store them.", errors={name: "must be a warehouse, vendor or quarantine"})


def send(work: Work, transfer: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Let the goods leave: from their place into transit; the ledger refuses what is not there.

    Raises:
        Refused: ERP-3114 for goods kept for an order.
    """
    lines = chain.lines(work, TYPE, transfer.id)
    settle_moment(work, transfer, (line.item_id for line in lines))
    reservations.check_kept(work, transfer.from_id, [(line.item_id, to_units(line.quantity)) for line in lines])
    transit = place_repo.of_kind(work, "in_transit")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=transfer.from_id, to_place_id=transit, to_lot=transfer.id,
            quantity=to_units(line.quantity),
        )
        for line in lines
    ]
    return _post(work, transfer, moves, transfer.effective_at, step=1)


def receive(work: Work, transfer: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Let the goods arrive: from transit to their new place, when people say so; else at the transfer's date, or now if it has none.

    Raises:
        Invalid: ERP-3202 when they would arrive before they left.
    """
    lines = chain.lines(work, TYPE, transfer.id)
    arrived = data.get("effective_at") or (transfer.effective_at if transfer.dated else present(work, (line.item_id for line in lines)))
    if arrived < transfer.effective_at:
        left = f"{transfer.effective_at:%d %b %Y %H:%M}"
        raise Invalid("ERP-3202", f"{transfer.number} left at {left}; it cannot arrive before.", errors={"effective_at": "is before it left"})
    transit = place_repo.of_kind(work, "in_transit")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=transit, from_lot=transfer.id, to_place_id=transfer.to_id,
            quantity=to_units(line.quantity),
        )
        for line in lines
    ]
    return _post(work, transfer, moves, arrived, step=2)


def reverse(work: Work, transfer: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Bring the goods back to where they came from; the ledger refuses when they were used since."""
    return {"pending": posting.reverse(work, transfer.id, text=f"Reversal of {transfer.number}").pending}


def _post(work: Work, transfer: Any, moves: list[Move], at: datetime, *, step: int) -> dict[str, Any]:
    text = f"Transfer {transfer.number} {'sent' if step == 1 else 'received'}"
    posted = posting.post(work, Posting(document_id=transfer.id, effective_at=at, moves=moves, step=step, text=text))
    return {"pending": posted.pending}
