"""The lines of a supplier bill: what is open of the receipts it charges, at the prices the supplier wrote."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from erp_app.document import chain
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import amount, quantity_text
from erp_app.kernel.uow import Work
from erp_app.purchasing import repo
from erp_app.purchasing.rules import cleared_value

Key = tuple[int, int]  # a receipt's id and the number of its line


def sources(work: Work, bill: Any) -> dict[Key, Any]:
    """Return the lines of all receipts of the bill, in the order in which the bill names them."""
    return {(one, line.line_no): line for one in bill.receipts or [] for line in chain.lines(work, "goods-receipts", one)}


def complete(work: Work, bill: Any) -> list[Any]:
    """Put the complete lines in place of the sketchy ones the bill was entered with, and return them.

    Raises:
        Invalid: ERP-3021 for a line that names no line of the receipts.
        Refused: ERP-3023 when nothing is left to bill.
    """
    known = sources(work, bill)
    if not known:
        return chain.replace_lines(work, "supplier-bills", bill.id, [])
    entered = _entered(chain.lines(work, "supplier-bills", bill.id), list(known))
    rows = []
    for key, source in known.items():
        said = entered.get(key, {})
        quantity = said.get("quantity")
        quantity = source.quantity - source.billed if quantity is None else quantity
        if quantity > 0:
            rows.append(_line(key, source, quantity, said.get("unit_price")))
    if not rows:
        raise billed_already(work, next(iter(known)), next(iter(known.values())))
    return chain.replace_lines(work, "supplier-bills", bill.id, rows)


def clear(work: Work, bill: Any, sign: int = 1) -> list[Any]:
    """Count the bill's lines as billed on receipts and orders (or take that back), refusing what was billed before.

    The receipts are locked by the caller. Returns the bill's lines.

    Raises:
        Refused: ERP-3023.
    """
    known = sources(work, bill)
    lines = chain.lines(work, "supplier-bills", bill.id)
    for line in lines:
        source = known[line.source_id, line.source_line]
        if sign * line.quantity > source.quantity - source.billed:
            raise billed_already(work, (line.source_id, line.source_line), source)
        source.billed += sign * line.quantity
        source.billed_value += sign * line.received_value
        _count_on_order(work, line, source, sign)
    return lines


def billed_already(work: Work, key: Key, source: Any) -> Refused:
    """Return the refusal that names the receipt, the bills on it and what can still be billed."""
    receipt = chain.record(work, "goods-receipts", key[0])
    bills = ", ".join(repo.bills_of_receipt(work, key[0])) or "another bill"
    item = repo.item_codes(work, [source.item_id])[source.item_id]
    fits = quantity_text(source.quantity - source.billed)
    return Refused(
        "ERP-3023", f"{receipt.number} line {key[1]} ({item}) is billed by {bills}; {fits} of it can still be billed.",
        data={"document": receipt.number, "billed_by": bills, "fits": fits},
    )


def _entered(lines: list[Any], keys: list[Key]) -> dict[Key, dict[str, Any]]:
    """Return what was entered, by receipt line: a line without a receipt counts along all lines of all receipts."""
    found: dict[Key, dict[str, Any]] = {}
    for line in lines:
        key = (line.source_id, line.source_line)
        position = (line.source_line or line.line_no) - 1
        if line.source_id is None and 0 <= position < len(keys):
            key = keys[position]
        if key not in keys:
            name = f"lines.{line.line_no}.source_line"
            raise Invalid("ERP-3021", f"Line {line.line_no} names no line of the receipts this bill charges.", errors={name: "no such line"})
        found[key] = {"quantity": line.quantity, "unit_price": line.unit_price}
    return found


def _line(key: Key, source: Any, quantity: Decimal, price: Decimal | None) -> dict[str, Any]:
    value = cleared_value(source.amount, source.quantity, source.billed, quantity, source.billed_value)
    same = price is None or price == source.unit_price
    return {
        "source_id": key[0], "source_line": key[1], "item_id": source.item_id, "quantity": quantity,
        "unit_price": source.unit_price if same else price, "received_value": value,
        "amount": value if price is None or same else amount(quantity, price),
    }


def _count_on_order(work: Work, line: Any, source: Any, sign: int) -> None:
    receipt = chain.record(work, "goods-receipts", line.source_id)
    if receipt.purchase_order_id is None or source.order_line is None:
        return
    chain.record(work, "purchase-orders", receipt.purchase_order_id, lock=True)
    ordered = {one.line_no: one for one in chain.lines(work, "purchase-orders", receipt.purchase_order_id)}
    ordered[source.order_line].billed += sign * line.quantity
