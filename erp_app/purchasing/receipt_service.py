"""Receiving goods: the receipt is completed from its order, posted into stock and ledger, and reversed when it was a mistake."""

from __future__ import annotations

from typing import Any

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.document.matching import Offered, Wanted, assign, excesses
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import amount, quantity_text, to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting
from erp_app.posting.moments import settle_moment
from erp_app.purchasing import repo
from erp_app.purchasing.order_service import RECEIVABLE, advance_order


def complete_receipt(work: Work, receipt: Any) -> None:
    """Fill in what follows from the order: supplier, warehouse, lines that were left out, and the prices.

    Raises:
        Invalid: ERP-3010 for a missing supplier, warehouse, line or price, ERP-3011 when supplier and order do not agree.
    """
    chain.check_lines(work, "goods-receipts", receipt.id)
    if receipt.purchase_order_id is not None:
        _complete_from_order(work, receipt)
    lines = chain.lines(work, "goods-receipts", receipt.id)
    missing = {name: "is required without a purchase order" for name in ("supplier", "warehouse") if getattr(receipt, f"{name}_id") is None}
    if not lines:
        missing["lines"] = "needs at least one line"
    missing.update({f"lines.{line.line_no}.unit_price": "is required without a purchase order" for line in lines if line.unit_price is None})
    if missing:
        raise Invalid("ERP-3010", f"The goods receipt lacks: {', '.join(missing)}.", errors=missing)
    for line in lines:
        line.amount = amount(line.quantity, line.unit_price)
    receipt.total = sum(line.amount for line in lines)


def post_receipt(work: Work, receipt: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Put the goods into stock: one cost layer for each line, Dr inventory / Cr goods received not billed.

    Raises:
        Refused: ERP-3012 when the order cannot receive, ERP-3013 when more comes than is open.
    """
    lines = chain.lines(work, "goods-receipts", receipt.id)
    if receipt.purchase_order_id is not None:
        _receive_order(work, receipt, lines)
    settle_moment(work, receipt, (line.item_id for line in lines))
    supplier_place = place_repo.of_kind(work, "supplier")
    moves = [
        Move(
            line_no=line.line_no, item_id=line.item_id, from_place_id=supplier_place, to_place_id=receipt.warehouse_id,
            quantity=to_units(line.quantity), value=line.amount,
        )
        for line in lines
    ]
    posted = posting.post(work, Posting(document_id=receipt.id, effective_at=receipt.effective_at, moves=moves, text=f"Goods receipt {receipt.number}"))
    return {"pending": posted.pending}


def reverse_receipt(work: Work, receipt: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Take a receipt back: the goods leave its own layers, the order waits for them again.

    Raises:
        Refused: ERP-3014 when a bill charges it; the ledger refuses when goods of it are gone.
    """
    bills = repo.bills_of_receipt(work, receipt.id)
    if bills:
        raise Refused("ERP-3014", f"{receipt.number} is charged by {', '.join(bills)}. Reverse the bill first.", data={"documents": bills})
    posted = posting.reverse(work, receipt.id, text=f"Reversal of {receipt.number}")
    if receipt.purchase_order_id is not None:
        chain.record(work, "purchase-orders", receipt.purchase_order_id, lock=True)
        _count_received(work, receipt, chain.lines(work, "goods-receipts", receipt.id), sign=-1)
    return {"pending": posted.pending}


def _complete_from_order(work: Work, receipt: Any) -> None:
    order = chain.record(work, "purchase-orders", receipt.purchase_order_id)
    if receipt.supplier_id not in (None, order.supplier_id):
        raise Invalid("ERP-3011", f"{order.number} is an order to another supplier.", errors={"supplier": "is not the supplier of the order"})
    receipt.supplier_id = order.supplier_id
    receipt.warehouse_id = receipt.warehouse_id or order.warehouse_id
    ordered = chain.lines(work, "purchase-orders", order.id)
    lines = chain.lines(work, "goods-receipts", receipt.id)
    if not lines:
        chain.replace_lines(work, "goods-receipts", receipt.id, _rest_of(ordered))
        return
    chosen = assign([_wanted(line) for line in lines], [_offered(line) for line in ordered])
    prices = {line.line_no: line.unit_price for line in ordered}
    for line in lines:
        line.order_line = chosen[line.line_no]
        if line.order_line is not None:  # the order's price holds, whatever was typed
            line.unit_price = prices[line.order_line]


def _rest_of(ordered: list[Any]) -> list[dict[str, Any]]:
    """Return receipt lines for everything an order still waits for."""
    return [
        {"item_id": line.item_id, "quantity": line.quantity - line.received, "unit_price": line.unit_price, "order_line": line.line_no}
        for line in ordered if line.received < line.quantity
    ]


def _receive_order(work: Work, receipt: Any, lines: list[Any]) -> None:
    """Count the goods as received under the order's lock, refusing what it does not wait for."""
    order = chain.record(work, "purchase-orders", receipt.purchase_order_id, lock=True)
    if order.state not in RECEIVABLE:
        raise Refused(
            "ERP-3012", f"{order.number} is {order.state}; goods can be received once it is sent.",
            data={"document": order.number, "state": order.state},
        )
    over = excesses([_wanted(line) for line in lines], [_offered(line) for line in chain.lines(work, "purchase-orders", order.id)])
    if over:
        first = over[0]
        item = repo.item_codes(work, [first.item_id])[first.item_id]
        fits = quantity_text(first.left)
        raise Refused(
            "ERP-3013",
            f"Line {first.line_no}: {quantity_text(first.wanted)} {item} are more than {order.number} still waits for; {fits} would fit."
            " Receive that much, or have the order amended.",
            errors={f"lines.{first.line_no}.quantity": f"at most {fits}"}, data={"document": order.number, "item": item, "fits": fits},
        )
    chain.link(work, [order.id], receipt.id)
    _count_received(work, receipt, lines)


def _count_received(work: Work, receipt: Any, lines: list[Any], sign: int = 1) -> None:
    """Add the receipt's quantities to its order's lines, or take them back."""
    ordered = {line.line_no: line for line in chain.lines(work, "purchase-orders", receipt.purchase_order_id)}
    for line in lines:
        if line.order_line is not None:
            ordered[line.order_line].received += sign * line.quantity
    advance_order(work, receipt.purchase_order_id)


def _wanted(line: Any) -> Wanted:
    return Wanted(line.line_no, line.item_id, line.quantity, line.order_line)


def _offered(line: Any) -> Offered:
    return Offered(line.line_no, line.item_id, line.quantity - line.received)
