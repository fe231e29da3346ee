"""The landed costs a supplier bill charges: billed whole, once, by the supplier who carried the goods."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.uow import Work


def charged(work: Work, bill: Any) -> int:
    """Lock the landed costs of a bill, check that it can charge them, and return their sum.

    Raises:
        Invalid: ERP-3021 for another supplier's. Refused: ERP-3027 for one that is not posted, or billed already.
    """
    total = 0
    for cost in chain.records(work, "landed-costs", bill.landed_costs or []):
        if cost.supplier_id != bill.supplier_id:
            raise Invalid("ERP-3021", f"{cost.number} is from another supplier.", errors={"landed_costs": f"{cost.number} is from another supplier"})
        if cost.state != "posted":
            raise Refused(
                "ERP-3027", f"{cost.number} is {cost.state}; a landed cost is billed once, after it is posted.",
                data={"document": cost.number, "state": cost.state},
            )
        total += cost.amount
    return total


def settle(work: Work, bill: Any, state: str) -> None:
    """Bring the bill's landed costs to `billed`, or back to `posted` when it is reversed."""
    for cost_id in sorted(bill.landed_costs or []):
        chain.advance(work, "landed-costs", cost_id, state)
