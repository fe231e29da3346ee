"""How a revaluation runs down the graph of goods: through every cut, transfer, production and sale that came before it.

Every movement keeps the value it had when it happened; what a later revaluation changes in it is noted as that revaluation's
own effect. So history stays what it was, the money is where the goods are, and two revaluations never mix.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from erp_app.costing.book import NOTHING, Book
from erp_app.costing.rules import portion, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erp_app.costing.movement import Move, Transform


class Ripple:
    """The edges between layers that only matter when a value changes, and the walk along them.

    `effects` is the outcome: (movement id, layer index, revaluation document) to the change of value.
    """

    def __init__(self, book: Book, transforms: Iterable[Transform]) -> None:
        """Watch `book`; know each transforming document's added cost and weights."""
        self.book = book
        self.transforms = {one.document: one for one in transforms}
        self.total = {one.document: one.added for one in self.transforms.values()}
        self.steps: dict[int, list[tuple[int, int]]] = {}
        for one in self.transforms.values():
            for step in one.steps:
                self.steps.setdefault(step.document, []).append((one.document, step.amount))
        self.feeds: dict[int, int] = {}
        self.outputs: dict[int, list[int]] = {}
        self.entered: dict[int, int] = {}
        self.cuts: list[list[int]] = []
        self.seen = 0
        self.effects: dict[tuple[int, int, int], int] = {}

    def consume(self, document: int, pieces: Iterable[int]) -> None:
        """Add goods taken to what `document` transforms."""
        if document in self.total:
            for piece in pieces:
                self.total[document] += self.book.p_value[piece]
                self.feeds[piece] = document

    def worth(self, move: Move) -> int:
        """Return an output's share of consumed + added cost."""
        return share(self.total[move.document], self.transforms[move.document].weight, move.weight_before, move.weight)

    def produce(self, move: Move, layer: int, piece: int) -> None:
        """Remember that `layer` is an output: it is worth its share, whatever its document's total becomes."""
        self.outputs.setdefault(move.document, []).append(layer)
        self.entered[layer] = piece

    def revalue(self, document: int, amounts: Iterable[tuple[int, int]], own: Iterable[tuple[int, int]]) -> None:
        """Let `document` add amounts to layers, and follow the goods.

        `own` are layers (index, amount) it revalues itself; `amounts` are opening layers' parts, already posted.
        """
        self._index_cuts()
        delta: dict[int, int] = {}
        for layer, amount in amounts:
            delta[layer] = delta.get(layer, 0) + amount
        for layer, amount in own:
            delta[layer] = delta.get(layer, 0) + amount
            self._note(self.book.l_move[layer], layer, document, amount)
        for transformed, amount in self.steps.pop(document, ()):
            self._feed(transformed, amount, delta)
        todo = list(delta)
        heapify(todo)
        while todo:
            layer = heappop(todo)
            changed = delta.pop(layer) + self._reshare(layer, document)
            if changed:
                self.book.l_value[layer] += changed
                for child in self._recut(layer, document, delta):
                    heappush(todo, child)

    def _reshare(self, layer: int, document: int) -> int:
        """Return what an output layer's share of its document's total changed by."""
        piece = self.entered.get(layer)
        if piece is None:
            return 0
        book = self.book
        change = self.worth(book.p_move[piece]) - book.p_now[piece]
        book.p_now[piece] += change
        self._note(book.l_move[layer], layer, document, change)
        return change

    def _recut(self, layer: int, document: int, delta: dict[int, int]) -> list[int]:
        """Value the pieces of a changed layer anew; return the layers that now wait for a change."""
        book, waiting = self.book, []
        value, quantity, now = book.l_value[layer], book.l_quantity[layer], book.p_now
        book.l_done[layer] = portion(value, quantity, book.l_taken[layer])
        for piece in self.cuts[layer]:
            start = book.p_start[piece]
            worth = portion(value, quantity, start + book.p_quantity[piece]) - portion(value, quantity, start)
            change = worth - now[piece]
            if change == 0:
                continue
            now[piece] = worth
            self._note(book.p_move[piece].id, layer, document, change)
            child = book.p_child[piece]
            if child != NOTHING:
                if child not in delta:
                    delta[child] = 0
                    waiting.append(child)
                delta[child] += change
            if piece in self.feeds:
                waiting += self._feed(self.feeds[piece], change, delta)
        return waiting

    def _feed(self, document: int, change: int, delta: dict[int, int]) -> list[int]:
        """Change what a document transforms; return its outputs that did not wait yet."""
        self.total[document] += change
        waiting = [layer for layer in self.outputs.get(document, ()) if layer not in delta]
        for layer in waiting:
            delta[layer] = 0
        return waiting

    def _note(self, move: int, layer: int, document: int, change: int) -> None:
        if change:
            key = (move, layer, document)
            self.effects[key] = self.effects.get(key, 0) + change

    def _index_cuts(self) -> None:
        """List each layer's pieces, in the order they were cut, as far as not yet done."""
        book = self.book
        self.cuts.extend([] for _ in range(len(book.l_id) - len(self.cuts)))
        for piece in range(self.seen, len(book.p_layer)):
            if book.p_start[piece] != NOTHING:
                self.cuts[book.p_layer[piece]].append(piece)
        self.seen = len(book.p_layer)
