"""Rules of sales: where an order stands, what an amendment may do, and what a verification adds up to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from erp_app.kernel.money import quantity_text


@dataclass(frozen=True)
class Progress:
    """How far one order line has come."""

    quantity: Decimal
    delivered: Decimal
    billed: Decimal


def order_state(lines: Sequence[Progress]) -> str:
    """Return the state of a confirmed order that its deliveries and invoices bring it to."""
    if all(line.billed >= line.quantity for line in lines):
        return "billed"
    if all(line.delivered >= line.quantity for line in lines):
        return "delivered"
    return "partly_delivered" if any(line.delivered > 0 for line in lines) else "confirmed"


@dataclass(frozen=True)
class Checked:
    """What a verification found of one sent line; `accepted` None means: all that is neither damaged nor short."""

    sent: Decimal
    accepted: Decimal | None
    damaged: Decimal
    short: Decimal
    extra: Decimal

    def accepted_or_rest(self) -> Decimal:
        """Return the accepted quantity."""
        return self.sent - self.damaged - self.short if self.accepted is None else self.accepted

    def problem(self) -> str:
        """Return why the line does not add up, or nothing: accepted + damaged + short = sent; extra comes on top."""
        found = self.accepted_or_rest() + self.damaged + self.short
        if found == self.sent and self.accepted_or_rest() >= 0:
            return ""
        parts = [f"{name} {quantity_text(value)}" for name, value in (("accepted", self.accepted_or_rest()), ("damaged", self.damaged), ("short", self.short))]
        return f"{' + '.join(parts)} is not the {quantity_text(self.sent)} sent"
