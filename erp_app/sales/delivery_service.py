"""Delivery notes: completed from their order, posted at gate-out into transit, reversed while nobody verified them."""

from __future__ import annotations

from typing import Any

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.document.matching import Offered, Wanted, assign, excesses
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import quantity_text, to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting
from erp_app.posting.moments import settle_moment
from erp_app.sales import credit, repo
from erp_app.sales.order_service import OPEN, follow
from erp_app.stock import reservations

TYPE = "delivery-notes"


def complete_delivery(work: Work, note: Any) -> None:
    """Fill in customer, warehouse, lines that were left out, and the order line each line delivers.

    Raises:
        Invalid: ERP-3110 when nothing is left to deliver or an item is not on the order.
    """
    chain.check_lines(work, TYPE, note.id)
    order = chain.record(work, "sales-orders", note.sales_order_id)
    note.customer_id, note.warehouse_id = order.customer_id, order.warehouse_id
    ordered = chain.lines(work, "sales-orders", order.id)
    lines = chain.lines(work, TYPE, note.id)
    if not lines:
        services = repo.services(work, (line.item_id for line in ordered))
        rest = [line for line in ordered if line.delivered < line.quantity and line.item_id not in services]
        rows = [{"item_id": line.item_id, "quantity": line.quantity - line.delivered, "order_line": line.line_no} for line in rest]
        lines = chain.replace_lines(work, TYPE, note.id, rows)
    chosen = assign([_wanted(line) for line in lines], [_offered(line) for line in ordered])
    foreign = [line for line in lines if chosen[line.line_no] is None]
    if not lines or foreign:
        errors = {f"lines.{line.line_no}.item": f"is not on {order.number}" for line in foreign} or {"lines": "nothing is left to deliver"}
        raise Invalid("ERP-3110", f"{order.number}: {next(iter(errors.values()))}.", errors=errors)
    for line in lines:
        line.order_line = chosen[line.line_no]


def post_delivery(work: Work, note: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Let the goods out of the gate: Dr goods in transit / Cr inventory, in a queue of this note alone.

    Raises:
        Refused: ERP-3111 when the order cannot be delivered, ERP-3112 for more than it has open, ERP-3113 over the credit limit, ERP-3114 for
            goods kept for others; the ledger refuses what is not in stock.
    """
    order = chain.record(work, "sales-orders", note.sales_order_id, lock=True)
    lines = chain.lines(work, TYPE, note.id)
    _check_order(work, order, lines)
    settle_moment(work, note, (line.item_id for line in lines))
    reservations.check_kept(work, note.warehouse_id, [(line.item_id, to_units(line.quantity)) for line in lines], order.id)
    transit = place_repo.of_kind(work, "in_transit")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=note.warehouse_id, to_place_id=transit, to_lot=note.id,
            quantity=to_units(line.quantity),
        )
        for line in lines
    ]
    posted = posting.post(work, Posting(document_id=note.id, effective_at=note.effective_at, moves=moves, text=f"Delivery note {note.number}"))
    count_delivered(work, order.id, {line.line_no: (line.order_line, line.quantity) for line in lines})
    chain.link(work, [order.id], note.id)
    return {"pending": posted.pending}


def reverse_delivery(work: Work, note: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Bring the goods back as if they had not left; the order owes them again."""
    chain.record(work, "sales-orders", note.sales_order_id, lock=True)
    posted = posting.reverse(work, note.id, text=f"Reversal of {note.number}")
    lines = chain.lines(work, TYPE, note.id)
    count_delivered(work, note.sales_order_id, {line.line_no: (line.order_line, -line.quantity) for line in lines})
    return {"pending": posted.pending}


def count_delivered(work: Work, order_id: int, changes: dict[int, tuple[int | None, Any]]) -> None:
    """Add quantities to what is delivered of an order's lines (or take them back) and bring the order to its new state.

    Args:
        work: the open unit of work; the order is locked.
        order_id: the sales order.
        changes: (order line, quantity) by any key.
    """
    ordered = {line.line_no: line for line in chain.lines(work, "sales-orders", order_id)}
    for order_line, quantity in changes.values():
        if order_line is not None:
            ordered[order_line].delivered += quantity
    follow(work, order_id)


def _check_order(work: Work, order: Any, lines: list[Any]) -> None:
    if order.state not in OPEN:
        raise Refused(
            "ERP-3111", f"{order.number} is {order.state.replace('_', ' ')}; goods leave for a confirmed order only.",
            data={"document": order.number, "state": order.state},
        )
    over = excesses([_wanted(line) for line in lines], [_offered(line) for line in chain.lines(work, "sales-orders", order.id)])
    if over:
        first = over[0]
        item, fits = repo.item_codes(work, [first.item_id])[first.item_id], quantity_text(first.left)
        raise Refused(
            "ERP-3112",
            f"Line {first.line_no}: {quantity_text(first.wanted)} {item} are more than {order.number} still has open; {fits} would fit."
            " Deliver that much, or amend the order.",
            errors={f"lines.{first.line_no}.quantity": f"at most {fits}"}, data={"document": order.number, "item": item, "fits": fits},
        )
    held = None if order.credit_released else credit.over_limit(work, order.customer_id, 0)
    if held is not None:
        raise Refused("ERP-3113", f"{order.number} cannot leave: {held.text}", data={"over_by": held.by})


def _wanted(line: Any) -> Wanted:
    return Wanted(line.line_no, line.item_id, line.quantity, line.order_line)


def _offered(line: Any) -> Offered:
    return Offered(line.line_no, line.item_id, line.quantity - line.delivered)
