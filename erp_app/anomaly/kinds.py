"""What can be looked for: the kinds of rules, with the thresholds a new company starts with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Kind:
    """One kind of rule.

    Attributes:
        hours: how long something may take before it is a finding; 0 where time does not matter.
        threshold: percent, by which a price may differ from the last one, or of the usual quantity; None where there is none.
        sla_hours: how soon a finding must be settled.
    """

    code: str
    label: str
    severity: str
    hours: int = 0
    threshold: Decimal | None = None
    sla_hours: int = 48


KINDS: tuple[Kind, ...] = (
    Kind("late_input", "Recorded long after it happened", "medium", hours=48),
    Kind("negative_attempt", "Somebody tried to take more than there is", "medium", sla_hours=24),
    Kind("missing_gate", "Goods moved without a gate event", "medium", hours=24),
    Kind("price_jump", "Purchase price far from the last one", "medium", threshold=Decimal(25)),
    Kind("zero_cost", "Goods entered without any cost", "high", sla_hours=24),
    Kind("quantity_outlier", "Quantity far beyond what is usual", "medium", threshold=Decimal(1000)),
    Kind("receipt_without_bill", "Receipt not billed", "low", hours=24 * 14, sla_hours=24 * 7),
    Kind("delivery_without_verification", "Delivery note not verified", "medium", hours=72),
    Kind("duplicate_bill", "Two bills that look like one", "high", hours=72, sla_hours=24),
    Kind("integrity", "The ledger does not prove", "high", sla_hours=4),
)
CODES = tuple(one.code for one in KINDS)
