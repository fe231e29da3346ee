"""Money to suppliers: Dr payable / Cr bank, and the bills it settles."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain
from erp_app.finance import allocation, repo
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting

TYPE, CLAIMS = "supplier-payments", "supplier-bills"


def check_payment(payment: Any) -> dict[str, str]:
    """Tell what is wrong with the amount."""
    return {} if payment.amount > 0 else {"amount": "must be above zero"}


def complete_payment(work: Work, payment: Any) -> None:
    """Understand what the payment shall pay."""
    allocation.understand(work, payment, TYPE, CLAIMS, "bill")


def post_payment(work: Work, payment: Any, _data: dict[str, Any]) -> None:
    """Book the money and settle the bills."""
    paid = allocation.decide(work, payment, TYPE, CLAIMS, "supplier_id")
    payment.allocated = sum(amount for _, amount in paid)
    bank = repo.account_codes(work, [payment.account_id])[payment.account_id] if payment.account_id else "bank"
    posting.post(
        work,
        Posting(
            document_id=payment.id, effective_at=payment.effective_at, text=f"Supplier payment {payment.number}",
            lines=[JournalLine("ap", debit=payment.amount, party_id=payment.supplier_id), JournalLine(bank, credit=payment.amount)],
        ),
    )
    allocation.apply(work, payment, payment.supplier_id, CLAIMS, paid)


def reverse_payment(work: Work, payment: Any, _data: dict[str, Any]) -> None:
    """Take the payment back; the bills are open again."""
    lines = chain.lines(work, TYPE, payment.id)
    locked = {one.id: one for one in chain.records(work, CLAIMS, [line.claim_id for line in lines])}
    posting.reverse(work, payment.id, text=f"Reversal of {payment.number}")
    allocation.apply(work, payment, payment.supplier_id, CLAIMS, [(locked[line.claim_id], line.amount) for line in lines], sign=-1)
