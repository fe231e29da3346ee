"""What a replay reads: movements, revaluations, transformations, and the layers it starts from.

Times are whole numbers that only order things (microseconds since 1970 from the database, days in tests). A queue is one
item's goods at one place and lot, under any key that can be hashed; None is a place whose goods we do not follow.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

Queue = Hashable


class Move(NamedTuple):
    """One stock movement.

    It takes from a queue first in first out, or only from what `source_move` laid there. Or it comes from outside: with a
    given `value`, as a share (`weight` after `weight_before`) of what its document transforms, or, with `source_move`, as
    the return of goods that left.
    """

    id: int
    at: int
    document: int
    source: Queue | None
    target: Queue | None
    quantity: int
    value: int = 0
    keep_origin: bool = False
    source_move: int | None = None
    transform: bool = False
    weight: int = 0
    weight_before: int = 0


class Revaluation(NamedTuple):
    """A document effective at `at` that adds an amount to the layers certain movements made: landed cost, price difference.

    All amounts of one document take effect at once. `id` breaks ties with movements of the same time.
    """

    id: int
    at: int
    document: int
    amounts: tuple[tuple[int, int], ...]


class Step(NamedTuple):
    """What one later revaluation document adds to a value fixed before the replay begins."""

    document: int
    amount: int


class Transform(NamedTuple):
    """A document that turns goods into others: outputs share consumed + `added`.

    `added` is cost from outside, and what was consumed of goods this replay does not follow (with its later `steps`).
    `weight` is the sum of the weights of all outputs.
    """

    document: int
    added: int
    weight: int
    steps: tuple[Step, ...] = ()


class Layer(NamedTuple):
    """What one movement laid into a queue; `rank` orders several layers of one movement.

    When a replay begins with it, `value` is that of the whole, before the revaluations in `steps`; `taken` is cut off.
    """

    id: int
    move: int
    parent: int | None
    origin: int
    queue: Queue | None
    at: int
    rank: int
    quantity: int
    value: int
    taken: int = 0
    steps: tuple[Step, ...] = ()


class Piece(NamedTuple):
    """What movement `move` took out of `layer` (or laid in, when the layer is its own): the row of one document's journal."""

    move: int
    layer: int
    document: int
    quantity: int
    value: int


class ShortError(Exception):
    """A movement wants more than its queue, or the one receipt it takes from, still holds."""

    def __init__(self, move: int, queue: Queue | None, missing: int) -> None:
        """Remember which movement is short of how many units in which queue."""
        super().__init__(f"movement {move} is short of {missing} in {queue}")
        self.move, self.queue, self.missing = move, queue, missing
