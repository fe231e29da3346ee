"""FIFO arithmetic (rule C1): what a stretch of a layer is worth, and how a whole is shared.

Values are whole minor units, quantities whole ten-thousandths. A layer of quantity Q and value V is a line from (0, 0) to
(Q, V); the piece between positions a and b is the difference of the rounded heights. So pieces always add up to V, however
and in whatever order the layer is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.kernel.money import half_up

if TYPE_CHECKING:
    from collections.abc import Sequence


def portion(value: int, quantity: int, position: int) -> int:
    """Return what the first `position` units of a layer are worth: half_up(value x position / quantity)."""
    if position >= quantity:
        return value
    return half_up(value * position, quantity)


def piece_value(value: int, quantity: int, start: int, end: int) -> int:
    """Return what the stretch from `start` to `end` of a layer is worth."""
    return portion(value, quantity, end) - portion(value, quantity, start)


def share(total: int, weight_total: int, before: int, weight: int) -> int:
    """Return the part of `total` that `weight` gets when `before` is already given out; all parts add up to `total`."""
    return piece_value(total, weight_total, before, before + weight)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` by weights, in their order, exactly.

    Raises:
        ValueError: when a weight is negative or all are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be positive or zero, and not all zero")
    parts, before = [], 0
    for weight in weights:
        parts.append(share(total, whole, before, weight))
        before += weight
    return parts
