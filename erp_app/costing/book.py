"""The layers and pieces of one replay, kept in columns: a layer or a piece is its index in them.

Layers are numbered in the order they are made, so whatever was cut from a layer has a higher number: a walk in rising
numbers meets every cause before its effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.costing.movement import Layer, Move, Queue, ShortError
from erp_app.costing.rules import portion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOTHING = -1


class Line:
    """One FIFO queue: its layers in order of arrival, and the first that may still hold something."""

    __slots__ = ("head", "layers")

    def __init__(self) -> None:
        self.layers: list[int] = []
        self.head = 0


class Book:
    """Columns of layers (`l_…`) and of pieces (`p_…`), and the queues they lie in.

    `l_done` is the rounded worth of what is already cut from a layer (positions 0 to `l_taken`); `p_now` follows the
    revaluations while `p_value` stays what the piece was worth when its movement happened.
    """

    def __init__(self, known: Mapping[tuple[int, int | None], int]) -> None:
        """Use the stored ids of `known` layers (by movement and parent); new ones get negative ids."""
        self.known = known
        self.l_id: list[int] = []
        self.l_move: list[int] = []
        self.l_parent: list[int | None] = []
        self.l_origin: list[int] = []
        self.l_queue: list[Queue | None] = []
        self.l_at: list[int] = []
        self.l_rank: list[int] = []
        self.l_quantity: list[int] = []
        self.l_value: list[int] = []
        self.l_taken: list[int] = []
        self.l_done: list[int] = []
        self.p_move: list[Move] = []
        self.p_layer: list[int] = []
        self.p_start: list[int] = []
        self.p_quantity: list[int] = []
        self.p_value: list[int] = []
        self.p_now: list[int] = []
        self.p_child: list[int] = []
        self.lines: dict[Queue, Line] = {}

    def open(self, layer: Layer) -> int:
        """Lay a layer as it was when the replay begins."""
        index = self._lay(layer.move, layer.queue, layer.at, layer.quantity, layer.value)
        self.l_id.append(layer.id)
        self.l_parent.append(layer.parent)
        self.l_origin.append(layer.origin)
        self.l_rank.append(layer.rank)
        self.l_taken[index] = layer.taken
        self.l_done[index] = portion(layer.value, layer.quantity, layer.taken)
        return index

    def lay(self, move: Move, parent: int, quantity: int, value: int, rank: int = 0) -> int:
        """Lay what `move` brings into its target queue; `parent` is the layer it was cut from, or NOTHING."""
        parent_id = None if parent == NOTHING else self.l_id[parent]
        index = self._lay(move.id, move.target, move.at, quantity, value)
        self.l_id.append(self.known.get((move.id, parent_id)) or -1 - index)
        self.l_parent.append(parent_id)
        self.l_origin.append(move.document if parent == NOTHING else self.l_origin[parent])
        self.l_rank.append(rank)
        return index

    def _lay(self, move: int, queue: Queue | None, at: int, quantity: int, value: int) -> int:
        index = len(self.l_move)
        self.l_move.append(move)
        self.l_queue.append(queue)
        self.l_at.append(at)
        self.l_quantity.append(quantity)
        self.l_value.append(value)
        self.l_taken.append(0)
        self.l_done.append(0)
        if queue is not None:
            line = self.lines.get(queue)
            if line is None:
                line = self.lines[queue] = Line()
            line.layers.append(index)
        return index

    def first_in(self, move: Move) -> list[tuple[int, int]]:
        """Choose (layer, quantity) first in first out from the movement's source.

        Raises:
            ShortError: when the queue holds less.
        """
        need = move.quantity
        line = self.lines.get(move.source)
        if line is None:
            raise ShortError(move.id, move.source, need)
        layers, head, chosen = line.layers, line.head, []
        l_quantity, l_taken = self.l_quantity, self.l_taken
        while need:
            if head == len(layers):
                raise ShortError(move.id, move.source, need)
            layer = layers[head]
            left = l_quantity[layer] - l_taken[layer]
            if left > need:
                chosen.append((layer, need))
                break
            head += 1
            if left:
                chosen.append((layer, left))
                need -= left
        line.head = head
        return chosen

    def only_from(self, move: Move, layers: Iterable[int]) -> list[tuple[int, int]]:
        """Choose (layer, quantity) from these layers alone, in their order (returns to where the goods came from).

        Raises:
            ShortError: when they hold less.
        """
        need, chosen = move.quantity, []
        for layer in layers:
            left = self.l_quantity[layer] - self.l_taken[layer]
            if left and need and self.l_queue[layer] == move.source:
                part = min(left, need)
                chosen.append((layer, part))
                need -= part
        if need:
            raise ShortError(move.id, move.source, need)
        return chosen

    def cut(self, move: Move, layer: int, quantity: int) -> int:
        """Cut the next `quantity` off a layer; return the piece."""
        start = self.l_taken[layer]
        end = self.l_taken[layer] = start + quantity
        done = portion(self.l_value[layer], self.l_quantity[layer], end)
        value = done - self.l_done[layer]
        self.l_done[layer] = done
        return self._note(move, layer, start, quantity, value)

    def enter(self, move: Move, layer: int, value: int) -> int:
        """Note what entered with `move` as the piece that made `layer`."""
        piece = self._note(move, layer, NOTHING, move.quantity, value)
        self.p_child[piece] = layer
        return piece

    def _note(self, move: Move, layer: int, start: int, quantity: int, value: int) -> int:
        piece = len(self.p_move)
        self.p_move.append(move)
        self.p_layer.append(layer)
        self.p_start.append(start)
        self.p_quantity.append(quantity)
        self.p_value.append(value)
        self.p_now.append(value)
        self.p_child.append(NOTHING)
        return piece
