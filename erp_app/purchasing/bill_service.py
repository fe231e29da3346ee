"""Supplier bills: completed from the receipts they charge, matched, posted against goods received not billed.

A price that differs from the receipt's re-values the receipt's layers (rule C4), wherever the goods are by now.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.accounting import tax_repo
from erp_app.document import chain
from erp_app.kernel.access import may
from erp_app.kernel.errors import Conflict, Invalid, Refused
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting, Revaluation
from erp_app.purchasing import bill_landed, bill_lines, repo
from erp_app.purchasing.order_service import advance_order
from erp_app.purchasing.rules import within_tolerance

BILLABLE = ("posted", "billed")


def complete_bill(work: Work, bill: Any) -> None:
    """Fill in lines, tax, due date and the result of the match from the receipts named.

    Raises:
        Invalid: ERP-3020 without a receipt, ERP-3021 for a receipt of another supplier or a line that names no source line.
        Refused: ERP-3022 for a receipt that is not posted, ERP-3023 for goods billed already.
        Conflict: ERP-3024 when the supplier's number was used this year.
    """
    if not bill.receipts and not bill.landed_costs:
        raise Invalid("ERP-3020", "A supplier bill charges at least one goods receipt or landed cost.", errors={"receipts": "at least one"})
    _lock_receipts(work, bill)
    lines = bill_lines.complete(work, bill)
    _sum(work, bill, lines, bill_landed.charged(work, bill))
    _check_number(work, bill)
    bill.matching = "matched" if all(line.amount == line.received_value for line in lines) else "mismatch"


def approve_bill(work: Work, bill: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Accept a bill although it differs from what was received; the answer names the difference."""
    lines = chain.lines(work, "supplier-bills", bill.id)
    return {"difference": _billed(lines) - _received(lines)}


def post_bill(work: Work, bill: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Book the debt: Dr goods received not billed, Dr VAT in / Cr payable, Cr withholding; re-value layers by price differences.

    Raises:
        Conflict: ERP-3024 when the supplier's number was used this year.
        Refused: ERP-3023 for goods billed already, ERP-3025 for a difference beyond the tolerance that nobody approved.
    """
    landed = bill_landed.charged(work, bill)
    _lock_receipts(work, bill)
    _check_number(work, bill)
    lines = bill_lines.clear(work, bill)
    _require_match(work, bill, lines)
    posted = posting.post(
        work,
        Posting(
            document_id=bill.id, effective_at=bill.effective_at, text=f"Supplier bill {bill.number}",
            lines=[
                JournalLine("grni", debit=bill.net - landed), JournalLine("landed_cost", debit=landed), JournalLine("vat_in", debit=bill.vat),
                JournalLine("ap", credit=bill.total, party_id=bill.supplier_id), JournalLine("withholding", credit=bill.withheld),
            ],
            revaluations=_revaluations(work, lines),
        ),
    )
    _settle_sources(work, lines)
    bill_landed.settle(work, bill, "billed")
    chain.link(work, [*(bill.receipts or []), *(bill.landed_costs or [])], bill.id)
    return {"pending": posted.pending}


def reverse_bill(work: Work, bill: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Take a bill back; its receipts can be billed again.

    Raises:
        Refused: ERP-3026 when something is paid on it.
    """
    if bill.paid:
        raise Refused("ERP-3026", f"{bill.paid} is paid on {bill.number}. Reverse the payment first.", data={"paid": bill.paid})
    _lock_receipts(work, bill)
    posted = posting.reverse(work, bill.id, text=f"Reversal of {bill.number}")
    _settle_sources(work, bill_lines.clear(work, bill, sign=-1))
    bill_landed.settle(work, bill, "posted")
    return {"pending": posted.pending}


def day_of(work: Work, bill: Any) -> date:
    """Return the bill's date in the tenant's zone."""
    moment = bill.effective_at or work.now
    day: date = moment.astimezone(ZoneInfo(work.actor.tz)).date()
    return day


def _lock_receipts(work: Work, bill: Any) -> None:
    """Lock the receipts of a bill and check that they can be billed by it."""
    for receipt in chain.records(work, "goods-receipts", bill.receipts or []):
        if receipt.supplier_id != bill.supplier_id:
            raise Invalid("ERP-3021", f"{receipt.number} is from another supplier.", errors={"receipts": f"{receipt.number} is from another supplier"})
        if receipt.state not in BILLABLE:
            raise Refused(
                "ERP-3022", f"{receipt.number} is {receipt.state}; only a posted receipt is billed.",
                data={"document": receipt.number, "state": receipt.state},
            )


def _sum(work: Work, bill: Any, lines: list[Any], landed: int) -> None:
    day = day_of(work, bill)
    vat = tax_repo.rule_on(work, bill.tax, day)
    withholding = tax_repo.rule_on(work, bill.withholding, day)
    bill.net = sum(line.amount for line in lines) + landed
    bill.vat = vat.tax_on(bill.net) if vat else 0
    bill.withheld = withholding.tax_on(bill.net) if withholding else 0
    bill.total = bill.net + bill.vat - bill.withheld
    bill.fiscal_year = day.year
    bill.due_on = bill.due_on or day + timedelta(days=chain.record(work, "suppliers", bill.supplier_id).terms_days)


def _check_number(work: Work, bill: Any) -> None:
    if not bill.supplier_number:
        return
    other = repo.bill_with_number(work, bill.supplier_id, bill.supplier_number, day_of(work, bill).year, bill.id)
    if other is not None:
        raise Conflict(
            "ERP-3024", f"The supplier's number {bill.supplier_number} was entered already, as {other['number']}. Check whether this bill came twice.",
            errors={"supplier_number": f"is already on {other['number']}"}, data={"document": other["number"]},
        )


def _require_match(work: Work, bill: Any, lines: list[Any]) -> None:
    """Let a difference pass within the supplier's tolerance, after approval, or for somebody who may approve."""
    received = _received(lines)
    tolerance = chain.record(work, "suppliers", bill.supplier_id).price_tolerance
    if bill.state == "matched" or within_tolerance(received, _billed(lines), tolerance) or may(work.actor, "supplier-bills", "approve"):
        return
    raise Refused(
        "ERP-3025", f"{bill.number} charges {_billed(lines)}, received were goods for {received}: a difference of {_billed(lines) - received}."
        " The purchasing manager approves it before it is posted.", data={"billed": _billed(lines), "received": received},
    )


def _billed(lines: list[Any]) -> int:
    return sum(line.amount for line in lines)


def _received(lines: list[Any]) -> int:
    return sum(line.received_value for line in lines)


def _revaluations(work: Work, lines: list[Any]) -> list[Revaluation]:
    """Return the price differences as amounts added to what the receipts' movements laid."""
    different = [line for line in lines if line.amount != line.received_value]
    moves = {receipt_id: repo.receipt_moves(work, receipt_id) for receipt_id in {line.source_id for line in different}}
    return [Revaluation(moves[line.source_id][line.source_line], line.amount - line.received_value, "grni") for line in different]


def _settle_sources(work: Work, lines: list[Any]) -> None:
    """Bring receipts and orders to the states that the billed quantities mean."""
    orders = set()
    for receipt_id in sorted({line.source_id for line in lines}):
        all_billed = all(line.billed >= line.quantity for line in chain.lines(work, "goods-receipts", receipt_id))
        chain.advance(work, "goods-receipts", receipt_id, "billed" if all_billed else "posted")
        orders.add(chain.record(work, "goods-receipts", receipt_id).purchase_order_id)
    for order_id in sorted(orders - {None}):
        advance_order(work, order_id)
