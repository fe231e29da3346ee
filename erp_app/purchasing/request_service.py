"""Purchase requests: their total, approval by amount, and what the orders made of them leave open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from erp_app.document import chain
from erp_app.document.declare import Access
from erp_app.document.matching import Offered, Wanted, assign
from erp_app.iam import resources
from erp_app.kernel.access import may
from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.kernel.limits import LARGE_PURCHASE
from erp_app.kernel.money import amount
from erp_app.kernel.uow import Work

TYPE = "purchase-requests"
LARGE_PURCHASES = resources.declare(
    "large-purchases", "Purchases above the limit", "Purchasing", Access(approve=("manager",), export=(), see_cost=()), ("approve",),
)
ORDERABLE = ("approved", "partly_ordered", "ordered")


def total_request(work: Work, request: Any) -> None:
    """Estimate the total from the prices that are known."""
    chain.check_lines(work, TYPE, request.id)
    request.total = sum(amount(line.quantity, line.unit_price or Decimal(0)) for line in chain.lines(work, TYPE, request.id))


def approve(work: Work, request: Any, _data: dict[str, Any]) -> None:
    """Agree that it is bought.

    Raises:
        Forbidden: ERP-3050 above the limit without the right on large purchases.
    """
    if request.total > LARGE_PURCHASE and not may(work.actor, LARGE_PURCHASES.name, "approve"):
        text = f"{request.number} is estimated at {request.total}, above {LARGE_PURCHASE}. Somebody who may approve large purchases does it."
        raise Forbidden("ERP-3050", text, data={"limit": LARGE_PURCHASE})


def fill_order(work: Work, order: Any) -> None:
    """Give a purchase order what its requests ask for: the lines when none are given, else the request line of each.

    Raises:
        Refused: ERP-3051 for a request that is not approved. Invalid: ERP-3052 when nothing is left to order.
    """
    requests = [chain.record(work, TYPE, one) for one in order.requests]
    for request in requests:
        if request.state not in ORDERABLE:
            raise Refused("ERP-3051", f"{request.number} is {request.state}; it is ordered once it is approved.", data={"document": request.number})
    wanted = [(request.id, line) for request in requests for line in chain.lines(work, TYPE, request.id)]
    lines = chain.lines(work, "purchase-orders", order.id)
    if not lines:
        rows = [
            {"item_id": line.item_id, "quantity": line.quantity - line.ordered, "unit_price": line.unit_price or Decimal(0), "request_id": request_id,
             "request_line": line.line_no}
            for request_id, line in wanted if line.quantity > line.ordered
        ]
        if not rows:
            raise Invalid("ERP-3052", "Everything of these requests is ordered already.", errors={"requests": "nothing is left to order"})
        chain.replace_lines(work, "purchase-orders", order.id, rows)
        return
    offered = [Offered(number, line.item_id, line.quantity - line.ordered) for number, (_, line) in enumerate(wanted, 1)]
    chosen = assign([Wanted(line.line_no, line.item_id, line.quantity) for line in lines], offered)
    for line in lines:
        number = chosen[line.line_no]
        line.request_id, line.request_line = (wanted[number - 1][0], wanted[number - 1][1].line_no) if number else (None, None)


def count_ordered(work: Work, order: Any, sign: int = 1) -> None:
    """Count an approved order on its requests (or take it back when it is cancelled) and bring them to their states."""
    touched: dict[int, list[tuple[int, Decimal]]] = {}
    for line in chain.lines(work, "purchase-orders", order.id):
        if line.request_id is not None:
            touched.setdefault(line.request_id, []).append((line.request_line, sign * line.quantity))
    for request in chain.records(work, TYPE, touched):
        lines = {line.line_no: line for line in chain.lines(work, TYPE, request.id)}
        for number, quantity in touched[request.id]:
            lines[number].ordered = max(lines[number].ordered + quantity, Decimal(0))
        complete = all(line.ordered >= line.quantity for line in lines.values())
        some = any(line.ordered > 0 for line in lines.values())
        if request.state in ORDERABLE:
            chain.advance(work, TYPE, request.id, "ordered" if complete else "partly_ordered" if some else "approved")
        chain.link(work, [request.id], order.id)
