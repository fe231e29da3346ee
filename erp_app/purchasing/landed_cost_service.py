"""Spreading a landed cost over receipts, and posting it: the goods are followed through everything they became."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from erp_app.costing.rules import shares
from erp_app.document import chain
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.money import to_units
from erp_app.kernel.uow import Work
from erp_app.posting import effects
from erp_app.posting import service as posting
from erp_app.posting.models import Posting, Revaluation
from erp_app.purchasing import repo

RECEIVED = ("posted", "billed")


def check_landed_cost(landed: Any) -> dict[str, str]:
    """Tell what is wrong with the amount."""
    return {} if landed.amount > 0 else {"amount": "must be above zero"}


def spread(work: Work, cost: Any) -> None:
    """Fill in each receipt's share of the amount; with `manual` check that the given shares are the amount.

    Raises:
        Invalid: ERP-3040 without receipts, ERP-3041 when manual shares do not add up, ERP-3042 when there is nothing to spread by.
    """
    given = chain.lines(work, "landed-costs", cost.id)
    if cost.method == "manual":
        cost.receipts = sorted({line.receipt_id for line in given})
        total = sum(line.amount for line in given)
        if total != cost.amount:
            raise Invalid("ERP-3041", f"The shares add up to {total}, the landed cost is {cost.amount}.", errors={"shares": f"add up to {total}"})
    if not cost.receipts:
        raise Invalid("ERP-3040", "A landed cost belongs to at least one goods receipt.", errors={"receipts": "at least one"})
    if cost.method == "manual":
        return
    receipts = list(dict.fromkeys(cost.receipts))
    weights = [sum(_line_weights(work, cost.method, one)) for one in receipts]
    rows = [{"receipt_id": one, "amount": part} for one, part in zip(receipts, _parts(cost.amount, weights, cost.method), strict=True)]
    chain.replace_lines(work, "landed-costs", cost.id, rows)


def post_landed_cost(work: Work, cost: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Add each share to what the receipt's movements laid: Dr wherever the goods are now / Cr landed cost not billed.

    Raises:
        Refused: ERP-3043 when a receipt is not posted.
    """
    for receipt in chain.records(work, "goods-receipts", cost.receipts):
        if receipt.state not in RECEIVED:
            raise Refused(
                "ERP-3043", f"{receipt.number} is {receipt.state}; only goods that were received bear a landed cost.", data={"document": receipt.number},
            )
    amounts: dict[int, int] = {}
    for share in chain.lines(work, "landed-costs", cost.id):
        for move, part in _over_moves(work, cost, share):
            amounts[move] = amounts.get(move, 0) + part
    posted = posting.post(
        work,
        Posting(
            document_id=cost.id, effective_at=cost.effective_at, text=f"Landed cost {cost.number}",
            revaluations=[Revaluation(move, part, "landed_cost") for move, part in amounts.items() if part],
        ),
    )
    chain.link(work, cost.receipts, cost.id)
    return {"pending": posted.pending}


def reverse_landed_cost(work: Work, cost: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Take a landed cost back out of wherever its goods are now."""
    posted = posting.reverse(work, cost.id, text=f"Reversal of {cost.number}")
    return {"pending": posted.pending}


def show_effects(work: Work, cost: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Tell which documents, accounts and margins the posting changes (inside the preview's rolled back transaction)."""
    return effects.of_transaction(work, cost.id)


def _over_moves(work: Work, cost: Any, share: Any) -> list[tuple[int, int]]:
    """Spread a receipt's share over its movements, by the landed cost's own measure (manual shares by value)."""
    moves = repo.receipt_moves(work, share.receipt_id)
    lines = [line for line in chain.lines(work, "goods-receipts", share.receipt_id) if line.line_no in moves]
    method = "value" if cost.method == "manual" else cost.method
    weights = _line_weights(work, method, share.receipt_id)
    if not any(weights):
        weights = _line_weights(work, "quantity", share.receipt_id)
    return [(moves[line.line_no], part) for line, part in zip(lines, shares(share.amount, weights), strict=True)]


def _line_weights(work: Work, method: str, receipt_id: int) -> list[int]:
    lines = chain.lines(work, "goods-receipts", receipt_id)
    if method == "value":
        return [line.amount for line in lines]
    if method == "quantity":
        return [to_units(line.quantity) for line in lines]
    weight = repo.item_weights(work, [line.item_id for line in lines])
    return [int(to_units(line.quantity) * (weight[line.item_id] or Decimal(0))) for line in lines]


def _parts(amount: int, weights: list[int], method: str) -> list[int]:
    if not any(weights):
        missing = {"weight": "None of these items has a weight.", "value": "These receipts have no value."}.get(method, "Nothing was received.")
        raise Invalid("ERP-3042", f"{missing} Choose another way to spread the amount.", errors={"method": "gives no shares"})
    return shares(amount, weights)
