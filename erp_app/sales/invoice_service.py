"""Sales invoices: completed from the delivery orders they bill, taxed by the rule of the day, posted to the customer's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from erp_app.accounting import tax_repo
from erp_app.document import chain
from erp_app.document.matching import Offered, Wanted, assign, excesses
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import amount, quantity_text
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting
from erp_app.sales import credit, repo
from erp_app.sales.order_service import day_of, follow

TYPE = "sales-invoices"
LINES_PER_SOURCE = 10_000  # lines of several delivery orders are numbered through: nth order x this + its line


def complete_invoice(work: Work, invoice: Any) -> None:
    """Fill in customer, lines, prices, tax and due date from the delivery orders.

    Raises:
        Invalid: ERP-3130 without customer or lines, ERP-3131 for delivery orders of several customers or foreign items.
        Refused: ERP-3132 when all of it is billed.
    """
    chain.check_lines(work, TYPE, invoice.id)
    invoice.delivery_orders = list(dict.fromkeys(invoice.delivery_orders or []))
    if invoice.delivery_orders:
        _complete_from_deliveries(work, invoice)
    lines = chain.lines(work, TYPE, invoice.id)
    missing = {} if invoice.customer_id else {"customer": "is required without delivery orders"}
    if not lines:
        missing["lines"] = "needs at least one line"
    missing.update({f"lines.{line.line_no}.unit_price": "is required" for line in lines if line.unit_price is None})
    missing.update({f"lines.{line.line_no}.item": "needs an item or a description" for line in lines if not (line.item_id or line.description)})
    if missing:
        raise Invalid("ERP-3130", f"The invoice lacks: {', '.join(missing)}.", errors=missing)
    for line in lines:
        line.amount = amount(line.quantity, line.unit_price)
    _sum(work, invoice, lines)


def post_invoice(work: Work, invoice: Any, _data: dict[str, Any]) -> None:
    """Book the claim: Dr receivable of the customer / Cr sales, Cr VAT out.

    Raises:
        Refused: ERP-3132 when a delivery is billed already, ERP-3133 when one is not posted.
    """
    _bill_deliveries(work, invoice)
    posting.post(
        work,
        Posting(
            document_id=invoice.id, effective_at=invoice.effective_at, text=f"Invoice {invoice.number}",
            lines=[
                JournalLine("ar", debit=invoice.total, party_id=invoice.customer_id),
                JournalLine("sales", credit=invoice.net), JournalLine("vat_out", credit=invoice.vat),
            ],
        ),
    )
    credit.track_invoice(work, invoice)
    chain.link(work, invoice.delivery_orders, invoice.id)


def reverse_invoice(work: Work, invoice: Any, _data: dict[str, Any]) -> None:
    """Take an invoice back; its deliveries can be billed again.

    Raises:
        Refused: ERP-3134 when something is paid on it.
    """
    if invoice.paid:
        raise Refused("ERP-3134", f"{invoice.paid} is paid on {invoice.number}. Reverse the receipt first.", data={"paid": invoice.paid})
    chain.records(work, "delivery-orders", invoice.delivery_orders)
    posting.reverse(work, invoice.id, text=f"Reversal of {invoice.number}")
    credit.forget(work, invoice.id)
    _count_billed(work, invoice, sign=-1)


def _complete_from_deliveries(work: Work, invoice: Any) -> None:
    orders = [chain.record(work, "delivery-orders", one) for one in invoice.delivery_orders]
    if len({order.customer_id for order in orders}) > 1 or invoice.customer_id not in (None, orders[0].customer_id):
        raise Invalid("ERP-3131", "An invoice bills deliveries to one customer only.", errors={"delivery_orders": "of several customers"})
    invoice.customer_id = orders[0].customer_id
    invoice.tax = invoice.tax or chain.record(work, "sales-orders", orders[0].sales_order_id).tax
    sources = _sources(work, invoice)
    lines = chain.lines(work, TYPE, invoice.id)
    if not lines:
        rows = [
            {"item_id": line.item_id, "quantity": line.quantity - line.billed, "unit_price": line.unit_price, "source_id": key[0], "source_line": key[1]}
            for key, line in sources.items() if line.quantity > line.billed
        ]
        if not rows:
            raise _billed_already(work, orders[0], next(iter(sources.values())))
        chain.replace_lines(work, TYPE, invoice.id, rows)
        return
    _name_sources(invoice, lines, sources)


def _name_sources(invoice: Any, lines: list[Any], sources: dict[tuple[int, int], Any]) -> None:
    """Find the delivery line that each given line bills."""
    chosen = assign([_wanted(invoice, line) for line in lines], _offered(invoice, sources))
    foreign = {f"lines.{line.line_no}.item": "is not on the delivery orders" for line in lines if chosen[line.line_no] is None}
    if foreign:
        raise Invalid("ERP-3131", "A line bills an item that is not on the delivery orders.", errors=foreign)
    for line in lines:
        nth, number = divmod(chosen[line.line_no] or 0, LINES_PER_SOURCE)
        line.source_id, line.source_line = invoice.delivery_orders[nth], number
        if line.unit_price is None:
            line.unit_price = sources[line.source_id, line.source_line].unit_price


def _sum(work: Work, invoice: Any, lines: list[Any]) -> None:
    day = day_of(work, invoice)
    invoice.tax = invoice.tax or "ppn"
    rule = tax_repo.rule_on(work, invoice.tax, day)
    invoice.net = sum(line.amount for line in lines)
    invoice.tax_base = rule.base(invoice.net) if rule else 0
    invoice.tax_rule = rule.name if rule else None
    invoice.vat = rule.tax_on(invoice.net) if rule else 0
    invoice.total = invoice.net + invoice.vat
    invoice.due_on = invoice.due_on or day + timedelta(days=chain.record(work, "customers", invoice.customer_id).terms_days)


def _bill_deliveries(work: Work, invoice: Any) -> None:
    """Count the deliveries as billed under their locks, refusing what was billed before."""
    orders = chain.records(work, "delivery-orders", invoice.delivery_orders)
    for order in orders:
        if order.state not in ("posted", "invoiced"):
            raise Refused(
                "ERP-3133", f"{order.number} is {order.state}; only a posted delivery order is billed.",
                data={"document": order.number, "state": order.state},
            )
    sources = _sources(work, invoice)
    lines = [line for line in chain.lines(work, TYPE, invoice.id) if line.source_id]
    over = excesses([_wanted(invoice, line) for line in lines], _offered(invoice, sources))
    if over:
        nth, number = divmod(over[0].source_line or 0, LINES_PER_SOURCE)
        order_id = invoice.delivery_orders[nth]
        raise _billed_already(work, next(one for one in orders if one.id == order_id), sources[order_id, number])
    _count_billed(work, invoice)


def _count_billed(work: Work, invoice: Any, sign: int = 1) -> None:
    """Add the invoice's quantities to deliveries and sales orders (or take them back) and bring both to their states."""
    sources = _sources(work, invoice)
    sales = {chain.record(work, "delivery-orders", one).sales_order_id for one in invoice.delivery_orders}
    chain.records(work, "sales-orders", sales)
    for line in chain.lines(work, TYPE, invoice.id):
        if not line.source_id:
            continue
        delivered = sources[line.source_id, line.source_line]
        delivered.billed += sign * line.quantity
        order_id = chain.record(work, "delivery-orders", line.source_id).sales_order_id
        ordered = {one.line_no: one for one in chain.lines(work, "sales-orders", order_id)}
        ordered[delivered.order_line].billed += sign * line.quantity
    for order_id in invoice.delivery_orders:
        rest = [line for line in chain.lines(work, "delivery-orders", order_id) if line.billed < line.quantity]
        chain.advance(work, "delivery-orders", order_id, "posted" if rest else "invoiced")
    for order_id in sorted(sales):
        follow(work, order_id)


def _sources(work: Work, invoice: Any) -> dict[tuple[int, int], Any]:
    return {(one, line.line_no): line for one in invoice.delivery_orders for line in chain.lines(work, "delivery-orders", one)}


def _through(invoice: Any, source_id: int, source_line: int) -> int:
    return invoice.delivery_orders.index(source_id) * LINES_PER_SOURCE + source_line  # type: ignore[no-any-return]


def _wanted(invoice: Any, line: Any) -> Wanted:
    named = _through(invoice, line.source_id, line.source_line) if line.source_id in invoice.delivery_orders else None
    return Wanted(line.line_no, line.item_id or 0, line.quantity, named)


def _offered(invoice: Any, sources: dict[tuple[int, int], Any]) -> list[Offered]:
    return [Offered(_through(invoice, *key), line.item_id, line.quantity - line.billed) for key, line in sources.items()]


def _billed_already(work: Work, order: Any, source: Any) -> Refused:
    invoices = ", ".join(repo.invoices_of(work, order.id)) or "another invoice"
    item = repo.item_codes(work, [source.item_id])[source.item_id]
    fits = quantity_text(source.quantity - source.billed)
    return Refused(
        "ERP-3132", f"{order.number} line {source.line_no} ({item}) is billed by {invoices}; {fits} of it can still be billed.",
        data={"document": order.number, "billed_by": invoices, "fits": fits},
    )
