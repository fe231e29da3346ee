"""What happens to purchase orders beside their plain states: totals, progress, and the decision to stop waiting for the rest."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import amount, quantity_text
from erp_app.kernel.uow import Work
from erp_app.purchasing import repo, request_service
from erp_app.purchasing.rules import Progress, order_state

RECEIVABLE = ("sent", "partly_received", "received", "billed")


def total_order(work: Work, order: Any) -> None:
    """Fill in what the order's requests ask for, and compute the amounts of lines and order.

    Raises:
        Invalid: ERP-3001 when there is no line.
    """
    chain.check_lines(work, "purchase-orders", order.id)
    if order.requests:
        request_service.fill_order(work, order)
    lines = chain.lines(work, "purchase-orders", order.id)
    if not lines:
        raise Invalid("ERP-3001", "A purchase order needs at least one line.", errors={"lines": "needs at least one line"})
    for line in lines:
        line.amount = amount(line.quantity, line.unit_price)
    order.total = sum(line.amount for line in lines)


def approve(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Agree to the order; its requests count as ordered."""
    request_service.count_ordered(work, order)


def cancel(work: Work, order: Any, _data: dict[str, Any]) -> None:
    """Give the order up; what it ordered of requests is open again."""
    if order.state not in ("draft", "submitted"):
        request_service.count_ordered(work, order, sign=-1)


def close(work: Work, order: Any, data: dict[str, Any]) -> None:
    """Close an order; what has not come is given up, with a reason.

    Raises:
        Refused: ERP-3002 when something is open and no reason is given.
    """
    rest = [line for line in chain.lines(work, "purchase-orders", order.id) if line.received < line.quantity]
    if rest and not str(data.get("reason") or "").strip():
        codes = repo.item_codes(work, (line.item_id for line in rest))
        waits = ", ".join(f"{quantity_text(line.quantity - line.received)} {codes[line.item_id]}" for line in rest[:5])
        raise Refused("ERP-3002", f"{order.number} still waits for {waits}. Give a reason to close it short.", errors={"reason": "needed"})


def advance_order(work: Work, order_id: int) -> None:
    """Bring a sent order to the state its receipts and bills mean; a closed one stays closed."""
    order = chain.record(work, "purchase-orders", order_id, lock=True)
    if order.state in RECEIVABLE:
        lines = [Progress(line.quantity, line.received, line.billed) for line in chain.lines(work, "purchase-orders", order_id)]
        chain.advance(work, "purchase-orders", order_id, order_state(lines))
