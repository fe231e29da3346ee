"""Credit control (plafon): what a customer owes or will owe, against the limit; each rupiah is counted once.

Exposure = unpaid invoices + delivered, not invoiced + open confirmed orders with VAT - receipts not allocated yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.accounting import exposure_repo, tax_repo
from erp_app.document import chain
from erp_app.kernel.money import amount
from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Over:
    """By how much a customer would be over the limit, and the sentence that says so."""

    by: int
    text: str


def over_limit(work: Work, customer_id: int, more: int) -> Over | None:
    """Tell whether `more` (minor units, with VAT) would bring a customer over the limit; the customer stays locked."""
    exposure = exposure_repo.total(work, customer_id)
    limit = exposure_repo.limit_of(work, customer_id)
    if limit is None or exposure + more <= limit:
        return None
    by = exposure + more - limit
    customer = chain.record(work, "customers", customer_id)
    text = f"{customer.name} would owe {exposure + more} against a limit of {limit}: over by {by}. The sales manager releases it, or a payment does."
    return Over(by, text)


def track_order(work: Work, order: Any, *, closed: bool = False) -> None:
    """Set what an order counts for: what is still to deliver (unless it is closed), and what is delivered and not invoiced."""
    day = (order.effective_at or work.now).astimezone(ZoneInfo(work.actor.tz)).date()
    rule = tax_repo.rule_on(work, order.tax, day)
    lines = chain.lines(work, "sales-orders", order.id)
    waiting = sum(amount(line.quantity - line.delivered, line.unit_price) for line in lines)
    delivered = sum(amount(line.delivered - line.billed, line.unit_price) for line in lines)
    for kind, net in (("order", 0 if closed else waiting), ("delivered", delivered)):
        exposure_repo.put(work, order.customer_id, order.id, kind, net + (rule.tax_on(net) if rule else 0))


def track_invoice(work: Work, invoice: Any) -> None:
    """Set what an invoice counts for: what is unpaid of it."""
    exposure_repo.put(work, invoice.customer_id, invoice.id, "invoice", invoice.total - invoice.paid)


def forget(work: Work, document_id: int) -> None:
    """Take a cancelled or reversed document out of the exposure."""
    exposure_repo.forget(work, document_id)
