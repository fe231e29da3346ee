"""Matching of gate events: by the paper's number as soon as it is known, or by hand."""

from __future__ import annotations

from typing import Any

from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

_PAPER_COLUMN = {"delivery-notes": "delivery_note_id", "goods-receipts": "goods_receipt_id"}


def complete(work: Work, event: Any) -> None:
    """Find the delivery note or receipt by the paper's number; an event with a document is matched."""
    if event.paper and not (event.delivery_note_id or event.goods_receipt_id):
        found = work.row(
            "SELECT id, type FROM record_ref WHERE number = %s AND type = ANY(%s) AND state <> 'deleted'", (event.paper, list(_PAPER_COLUMN)),
        )
        if found:
            setattr(event, _PAPER_COLUMN[found["type"]], found["id"])
    if event.state in ("open", "unmatched") and (event.delivery_note_id or event.goods_receipt_id):
        event.state = "matched"


def match(_work: Work, event: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Say by hand which document the vehicle belonged to.

    Raises:
        Invalid: ERP-3301 when neither is given.
    """
    note, receipt = data.get("delivery_note_id"), data.get("goods_receipt_id")
    if not note and not receipt:
        raise Invalid("ERP-3301", "Name the delivery note or the goods receipt this vehicle belonged to.", errors={"delivery_note": "one of the two"})
    event.delivery_note_id = note or event.delivery_note_id
    event.goods_receipt_id = receipt or event.goods_receipt_id
    return {}
