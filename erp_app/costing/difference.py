"""New minus already posted (rule C5): what the ledger must add so that its sums become what a replay found.

Nothing posted is changed. Pieces are compared by movement, layer and the document whose journal carries them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from erp_app.costing.movement import Layer, Move, Piece, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def differences(new: Iterable[Piece], posted: Iterable[Piece]) -> list[Piece]:
    """Return the pieces to append, in order of (movement, layer, document); equal ones leave nothing."""
    sums: dict[tuple[int, int, int], list[int]] = {}
    for sign, pieces in ((1, new), (-1, posted)):
        for move, layer, document, quantity, value in pieces:
            row = sums.get((move, layer, document))
            if row is None:
                sums[move, layer, document] = [sign * quantity, sign * value]
            else:
                row[0] += sign * quantity
                row[1] += sign * value
    return [Piece(*key, *row) for key, row in sorted(sums.items()) if row != [0, 0]]


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
