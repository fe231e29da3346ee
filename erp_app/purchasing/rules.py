"""Rules of purchasing: where an order stands, and whether a bill agrees with what was received. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from erp_app.kernel.money import half_up, to_units


@dataclass(frozen=True)
class Progress:
    """How far one order line has come."""

    quantity: Decimal
    received: Decimal
    billed: Decimal


def order_state(lines: Sequence[Progress]) -> str:
    """Return the state of a sent order that its receipts and bills bring it to."""
    if all(line.billed >= line.quantity for line in lines):
        return "billed"
    if all(line.received >= line.quantity for line in lines):
        return "received"
    return "partly_received" if any(line.received > 0 for line in lines) else "sent"


def cleared_value(value: int, quantity: Decimal, billed_before: Decimal, billed_now: Decimal, cleared_before: int) -> int:
    """Return how much of a receipt line's value a bill clears; the parts of a line billed in pieces add up to its value.

    Args:
        value: the line's value when it was received, whole minor units.
        quantity: the quantity received.
        billed_before: quantity billed by earlier bills, `cleared_before` the value they cleared.
        billed_now: quantity of this bill.
    """
    return half_up(value * to_units(billed_before + billed_now), to_units(quantity)) - cleared_before


def within_tolerance(received_value: int, billed_value: int, percent: Decimal) -> bool:
    """Tell whether a bill may pass without approval: its difference is at most `percent` of what was received."""
    return abs(billed_value - received_value) * 100 <= received_value * percent
