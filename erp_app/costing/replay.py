"""The costing engine: movements and revaluations in the order they happened, to pieces and layers to the last rupiah.

Start from nothing, or from the layers of any moment (a checkpoint): the outcome is the same bit for bit, as long as nothing
before that moment changed. Nothing here knows of databases; it reads `movement` tuples and answers with `Piece` and `Layer`.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from erp_app.costing.book import NOTHING, Book
from erp_app.costing.difference import PieceColumns
from erp_app.costing.movement import Layer, Move, Piece, Revaluation, Transform
from erp_app.costing.ripple import Ripple
from erp_app.costing.rules import shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Replay:
    """One replay, from `opening` layers on. Feed it with `run`; read `pieces()` and `layers()`."""

    def __init__(
        self,
        opening: Iterable[Layer] = (),
        transforms: Iterable[Transform] = (),
        known: Mapping[tuple[int, int | None], int] | None = None,
    ) -> None:
        """Lay the opening layers (each queue's in FIFO order) and remember the transformations by document."""
        self.book = Book(known or {})
        self.ripple = Ripple(self.book, transforms)
        self.made: dict[int, list[int]] = {}
        self.wanted: set[int] = set()
        self.early: dict[int, list[tuple[int, int]]] = {}
        self.steps: dict[int, list[tuple[int, int]]] = {}
        for layer in opening:
            self._open(layer)
        self.opened = len(self.book.l_id)

    def run(self, moves: Sequence[Move], revaluations: Iterable[Revaluation] = ()) -> Replay:
        """Play movements (sorted by `at`, `id`) and revaluations in order of time.

        Revaluations: all effective from the beginning of the replay on, and earlier ones of movements played here.

        Raises:
            ShortError: when a movement takes more than there is.
        """
        changes = sorted(revaluations, key=lambda one: (one.at, one.id))
        self.expect(moves, changes)
        start = 0
        for change in changes:
            end = _after_document(moves, bisect_left(moves, (change.at, change.id), start, key=lambda one: (one.at, one.id)))
            self._play(moves[start:end])
            self._revalue(change)
            start = end
        self._play(moves[start:])
        return self

    def expect(self, moves: Iterable[Move], revaluations: Iterable[Revaluation]) -> None:
        """Remember which movements others will refer to; needed before `run` only when the rest is played in a later `run`."""
        self.wanted.update(move.source_move for move in moves if move.source_move is not None)
        self.wanted.update(move for change in revaluations for move, _ in change.amounts)

    def pieces(self) -> list[Piece]:
        """Return every piece, and after them what each revaluation changed in the pieces before it."""
        book, ids = self.book, self.book.l_id
        own = [
            Piece(move.id, ids[layer], move.document, quantity, value)
            for move, layer, quantity, value in zip(book.p_move, book.p_layer, book.p_quantity, book.p_value, strict=True)
        ]
        return own + [Piece(move, ids[layer], document, 0, value) for (move, layer, document), value in self.ripple.effects.items()]

    def columns(self) -> PieceColumns:
        """Return the same as `pieces`, as columns."""
        book, effects = self.book, self.ripple.effects
        ids = np.array(book.l_id, np.int64)
        by = np.array(list(effects), np.int64).reshape(len(effects), 3)
        own = (
            np.array([move.id for move in book.p_move], np.int64), ids[np.array(book.p_layer, np.intp)],
            np.array([move.document for move in book.p_move], np.int64), np.array(book.p_quantity, np.int64), np.array(book.p_value, np.int64),
        )  # fmt: skip
        later = (by[:, 0], ids[by[:, 1]], by[:, 2], np.zeros(len(by), np.int64), np.array(list(effects.values()), np.int64))
        return PieceColumns(*(np.concatenate(pair) for pair in zip(own, later, strict=True)))

    def layers(self) -> list[Layer]:
        """Return every layer as it now is, in the order they were made."""
        book = self.book
        who = (book.l_id, book.l_move, book.l_parent, book.l_origin, book.l_queue, book.l_at, book.l_rank)
        return [Layer(*row) for row in zip(*who, book.l_quantity, book.l_value, book.l_taken, strict=True)]

    def _open(self, layer: Layer) -> None:
        index = self.book.open(layer)
        self.made.setdefault(layer.move, []).append(index)
        for document, amount in layer.steps:
            self.steps.setdefault(document, []).append((index, amount))

    def _play(self, moves: Sequence[Move]) -> None:
        made, wanted = self.made, self.wanted
        for move in moves:
            if move.source_move is not None:
                laid = self._take(move, self.book.only_from(move, made.get(move.source_move, ())))
            elif move.source is not None:
                laid = self._take(move, self.book.first_in(move))
            else:
                laid = [self._enter(move)]
            if move.id in wanted:
                made[move.id] = laid
                for document, amount in self.early.pop(move.id, ()):
                    self.ripple.revalue(document, (), self._spread(move.id, amount))

    def _take(self, move: Move, chosen: list[tuple[int, int]]) -> list[int]:
        book = self.book
        taken = [book.cut(move, layer, quantity) for layer, quantity in chosen]
        if move.transform and move.source is not None:
            self.ripple.consume(move.document, taken)
        if move.target is None and move.id not in self.wanted:
            return []
        if move.target is not None and not move.keep_origin:
            merged = book.lay(move, NOTHING, move.quantity, sum(book.p_value[piece] for piece in taken))
            for piece in taken:
                book.p_child[piece] = merged
            return [merged]
        for rank, piece in enumerate(taken):
            book.p_child[piece] = book.lay(move, book.p_layer[piece], book.p_quantity[piece], book.p_value[piece], rank)
        return [book.p_child[piece] for piece in taken]

    def _enter(self, move: Move) -> int:
        value = self.ripple.worth(move) if move.transform else move.value
        layer = self.book.lay(move, NOTHING, move.quantity, value)
        piece = self.book.enter(move, layer, value)
        if move.transform:
            self.ripple.produce(move, layer, piece)
        return layer

    def _revalue(self, change: Revaluation) -> None:
        """Revalue the layers made by the movements it names; those made before the replay have their part as a step."""
        own: list[tuple[int, int]] = []
        for move, amount in change.amounts:
            if move in self.made:
                own += self._spread(move, amount)
            else:
                self.early.setdefault(move, []).append((change.document, amount))
        self.ripple.revalue(change.document, self.steps.pop(change.document, ()), own)

    def _spread(self, move: int, amount: int) -> list[tuple[int, int]]:
        """Share an amount over the layers of one movement by quantity (a receipt made exactly one)."""
        layers = [layer for layer in self.made[move] if layer >= self.opened]
        if not layers:
            return []
        return list(zip(layers, shares(amount, [self.book.l_quantity[layer] for layer in layers]), strict=True))


def _after_document(moves: Sequence[Move], index: int) -> int:
    """Return the first position from `index` on that does not tear one document's movements of one time apart."""
    while 0 < index < len(moves) and (moves[index].document, moves[index].at) == (moves[index - 1].document, moves[index - 1].at):
        index += 1
    return index
