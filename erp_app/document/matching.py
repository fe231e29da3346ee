"""How the lines of a document find the lines of the document it follows (a receipt its order), and what is too much.

Pure: quantities in, answers out. A line may name its source line; otherwise it takes the first one of the same item with
enough left, or else the first one with anything left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Wanted:
    """A line of the following document.

    Attributes:
        source_line: number of the source line it names, or None.
    """

    line_no: int
    item_id: int
    quantity: Decimal
    source_line: int | None = None


@dataclass(frozen=True)
class Offered:
    """A line of the source document with the quantity that is still open."""

    line_no: int
    item_id: int
    left: Decimal


@dataclass(frozen=True)
class Excess:
    """More was asked of a source line than it has left; `source_line` is None when the source has no such item."""

    line_no: int
    item_id: int
    source_line: int | None
    wanted: Decimal
    left: Decimal


def assign(wanted: Sequence[Wanted], offered: Sequence[Offered]) -> dict[int, int | None]:
    """Return the source line of each line, by line number; None where the source has no line of that item."""
    left = {one.line_no: one.left for one in offered}
    items = {one.line_no: one.item_id for one in offered}
    found: dict[int, int | None] = {}
    for want in wanted:
        named = want.source_line
        if named is None or items.get(named) != want.item_id:
            named = _first(want, offered, left)
        found[want.line_no] = named
        if named is not None:
            left[named] -= want.quantity
    return found


def excesses(wanted: Iterable[Wanted], offered: Sequence[Offered]) -> list[Excess]:
    """Return, for each source line that is asked for more than it has left, the line that goes beyond it."""
    left = {one.line_no: one.left for one in offered}
    items = {one.line_no: one.item_id for one in offered}
    found = []
    for want in wanted:
        source = want.source_line
        if source is None or items.get(source) != want.item_id:
            found.append(Excess(want.line_no, want.item_id, None, want.quantity, Decimal(0)))
            continue
        if want.quantity > left[source]:
            found.append(Excess(want.line_no, want.item_id, source, want.quantity, max(left[source], Decimal(0))))
        left[source] -= want.quantity
    return found


def _first(want: Wanted, offered: Sequence[Offered], left: dict[int, Decimal]) -> int | None:
    same = [one.line_no for one in offered if one.item_id == want.item_id]
    enough = [line for line in same if left[line] >= want.quantity]
    some = [line for line in same if left[line] > 0]
    return next(iter(enough or some or same), None)
