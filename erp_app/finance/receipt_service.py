"""Money from customers: Dr bank, Dr bank charges / Cr receivable, the rest Cr advances; orders held for credit go on when there is room again."""

from __future__ import annotations

from typing import Any

from erp_app.accounting import exposure_repo
from erp_app.document import chain, registry, service
from erp_app.finance import allocation, repo
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting

TYPE, CLAIMS = "customer-receipts", "sales-invoices"


def check_receipt(receipt: Any) -> dict[str, str]:
    """Tell what is wrong with the amounts: something comes in, and the bank keeps less than that."""
    errors = {} if receipt.amount > 0 else {"amount": "must be above zero"}
    if receipt.charge < 0:
        errors["charge"] = "must not be below zero"
    elif not errors and receipt.charge >= receipt.amount:
        errors["charge"] = "must be less than the amount"
    return errors


def complete_receipt(work: Work, receipt: Any) -> None:
    """Understand what the receipt shall pay."""
    allocation.understand(work, receipt, TYPE, CLAIMS, "invoice")


def post_receipt(work: Work, receipt: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Book the money and settle the invoices; what is left is an advance of the customer."""
    paid = allocation.decide(work, receipt, TYPE, CLAIMS, "customer_id")
    receipt.allocated = sum(amount for _, amount in paid)
    bank = repo.account_codes(work, [receipt.account_id])[receipt.account_id] if receipt.account_id else "bank"
    posting.post(
        work,
        Posting(
            document_id=receipt.id, effective_at=receipt.effective_at, text=f"Customer receipt {receipt.number}",
            lines=[
                JournalLine(bank, debit=receipt.amount - receipt.charge), JournalLine("bank_charges", debit=receipt.charge),
                JournalLine("ar", credit=receipt.allocated, party_id=receipt.customer_id),
                JournalLine("advances", credit=receipt.amount - receipt.allocated, party_id=receipt.customer_id),
            ],
        ),
    )
    allocation.apply(work, receipt, receipt.customer_id, CLAIMS, paid)
    _expose(work, receipt, [claim for claim, _ in paid], receipt.allocated - receipt.amount)
    return {"released": _release_held(work, receipt)}


def reverse_receipt(work: Work, receipt: Any, _data: dict[str, Any]) -> None:
    """Take the money back out of the books; the invoices are open again."""
    lines = chain.lines(work, TYPE, receipt.id)
    locked = {one.id: one for one in chain.records(work, CLAIMS, [line.claim_id for line in lines])}
    posting.reverse(work, receipt.id, text=f"Reversal of {receipt.number}")
    paid = [(locked[line.claim_id], line.amount) for line in lines]
    allocation.apply(work, receipt, receipt.customer_id, CLAIMS, paid, sign=-1)
    _expose(work, receipt, [claim for claim, _ in paid], 0)


def _expose(work: Work, receipt: Any, claims: list[Any], unallocated: int) -> None:
    """Bring the customer's credit exposure up to date: what is unpaid of the invoices, less what waits as an advance."""
    for claim in claims:
        exposure_repo.put(work, receipt.customer_id, claim.id, "invoice", claim.total - claim.paid)
    exposure_repo.put(work, receipt.customer_id, receipt.id, "receipt", unallocated)


def _release_held(work: Work, receipt: Any) -> list[str]:
    """Release the customer's held orders, oldest first, as far as the limit now allows; return their numbers."""
    released = []
    limit = exposure_repo.limit_of(work, receipt.customer_id)
    for order in repo.held_orders(work, receipt.customer_id):
        if limit is not None and exposure_repo.total(work, receipt.customer_id) + order["total"] > limit:
            break
        done = service.act(
            work, registry.get("sales-orders"), order["id"], "release", {"reason": f"Payment {receipt.number}"}, internal=True,
        )
        released.append(str(done["number"]))
    return released
