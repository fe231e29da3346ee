"""New minus already posted (rule C5): what the ledger must add so that its sums become what a replay found.

Nothing posted is changed. Pieces are compared by movement, layer and the document whose journal carries them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from erp_app.costing.movement import Layer, Move, Piece, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Whole = NDArray[np.int64]


class PieceColumns(NamedTuple):
    """Pieces as columns of one length: see `Piece`."""

    move: Whole
    layer: Whole
    document: Whole
    quantity: Whole
    value: Whole

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> PieceColumns:
        """Make columns of rows."""
        rows = list(pieces)
        return cls(*np.array(rows, np.int64).reshape(len(rows), len(cls._fields)).T)

    def where(self, mask: NDArray[np.bool_]) -> PieceColumns:
        """Return the rows of a mask."""
        return PieceColumns(*(column[mask] for column in self))


def differences(new: Iterable[Piece], posted: Iterable[Piece]) -> list[Piece]:
    """Return the pieces to append, in order of (movement, layer, document); equal ones leave nothing."""
    found = subtract(PieceColumns.of(new), PieceColumns.of(posted))
    return [Piece(*row) for row in zip(*(column.tolist() for column in found), strict=True)]


def subtract(new: PieceColumns, posted: PieceColumns) -> PieceColumns:
    """Return new minus posted, summed by (movement, layer, document) and in that order; equal ones leave nothing."""
    sign = np.repeat(np.array([1, -1], np.int64), [len(new.move), len(posted.move)])
    whole = [np.concatenate(pair) for pair in zip(new, posted, strict=True)]
    order = np.lexsort((whole[2], whole[1], whole[0]))
    keys = [column[order] for column in whole[:3]]
    first = begins(*keys)
    sums = [np.add.reduceat((sign * column)[order], first) if len(first) else column for column in whole[3:]]
    found = PieceColumns(*(key[first] for key in keys), *sums)
    return found.where((found.quantity != 0) | (found.value != 0))


def begins(*keys: Whole) -> NDArray[np.intp]:
    """Return where in sorted columns a new key begins."""
    fresh = np.zeros(len(keys[0]), bool)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(fresh)


def opening(layers: Iterable[Layer], pieces: Iterable[Piece], moves: Mapping[int, Move], revalued_at: Mapping[int, int], start: int) -> list[Layer]:
    """Return the layers as they were just before `start`, from the posted pieces of all their movements, in FIFO order.

    Pieces of movements from `start` on are undone; what revaluation documents effective from `start` on changed becomes a
    step of its own. `revalued_at` gives the time of every revaluation document.
    """
    taken: dict[int, int] = defaultdict(int)
    rows: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        if moves[piece.move].at < start:
            taken[piece.layer] += piece.quantity
            rows[piece.move].append(piece)
    before = sorted((one for one in layers if one.at < start and one.quantity), key=lambda one: (one.at, one.move, one.rank))
    opened = []
    for layer in before:
        own, value, steps = _worth(layer, rows[layer.move], moves[layer.move].document, revalued_at, start)
        opened.append(layer._replace(value=value, taken=taken[layer.id] - own, steps=steps))
    return opened


def _worth(layer: Layer, rows: Iterable[Piece], document: int, revalued_at: Mapping[int, int], start: int) -> tuple[int, int, tuple[Step, ...]]:
    """Return of a layer's making: the quantity its movement laid in from outside, its value before `start`, and the steps after."""
    value, own = 0, 0
    steps: dict[int, int] = defaultdict(int)
    for piece in rows:
        if layer.parent is not None and piece.layer not in {layer.parent, layer.id}:
            continue
        own += piece.quantity if piece.layer == layer.id else 0
        if piece.document != document and revalued_at[piece.document] >= start:
            steps[piece.document] += piece.value
        else:
            value += piece.value
    return own, value, tuple(Step(*step) for step in steps.items())
