"""A ledger in memory that enters documents the way the database does: append differences, never change a row."""

from typing import NamedTuple

from erp_app.costing.difference import differences, opening
from erp_app.costing.movement import Layer, Move, Piece, Revaluation, Transform
from erp_app.costing.replay import Replay


class Entry(NamedTuple):
    """One document: its movements, and what it transforms or revalues."""

    document: int
    moves: tuple[Move, ...] = ()
    transform: Transform | None = None
    revaluation: Revaluation | None = None


class Ledger:
    """Layers, appended pieces, movements and revaluations, from documents entered in any order."""

    def __init__(self):
        self.moves: dict[int, Move] = {}
        self.transforms: list[Transform] = []
        self.revaluations: list[Revaluation] = []
        self.rows: list[Piece] = []
        self.layers: dict[int, Layer] = {}
        self.next_layer = 1_000_000

    def enter(self, entry):
        """Replay from the earliest point the document touches; return the appended pieces. ShortError leaves no trace."""
        moves = self.moves | {move.id: move for move in entry.moves}
        transforms = self.transforms + ([entry.transform] if entry.transform else [])
        revaluations = self.revaluations + ([entry.revaluation] if entry.revaluation else [])
        touched = [move.at for move in entry.moves]
        if entry.revaluation:
            touched += [entry.revaluation.at, *(moves[move].at for move, _ in entry.revaluation.amounts)]
        start = min(touched)
        for move in entry.moves:
            self.keep_what_left(move.source_move)
        revalued_at = {one.document: one.at for one in revaluations}
        replay = Replay(
            opening(self.layers.values(), self.sums(), moves, revalued_at, start),
            transforms,
            {(one.move, one.parent): one.id for one in self.layers.values()},
        )
        later = sorted((one for one in moves.values() if one.at >= start), key=lambda one: (one.at, one.id))
        changes = [one for one in revaluations if one.at >= start or any(moves[move].at >= start for move, _ in one.amounts)]
        replay.run(later, changes)
        self.moves, self.transforms, self.revaluations = moves, transforms, revaluations
        return self.append(replay, start)

    def keep_what_left(self, number):
        """Lay what a movement brought out of our places, now that something of it comes back."""
        move = self.moves.get(number)
        if move is None or move.target is not None or any(one.move == number for one in self.layers.values()):
            return
        taken = [(self.layers[one.layer], one.quantity) for one in self.sums() if one.move == number and one.quantity]
        for rank, (parent, quantity) in enumerate(sorted(taken, key=lambda one: (one[0].at, one[0].move, one[0].rank))):
            self.layers[self.next_layer] = Layer(self.next_layer, number, parent.id, parent.origin, None, move.at, rank, quantity, 0)
            self.next_layer += 1

    def append(self, replay, start):
        """Give new layers their ids, append what differs, and refresh the layers from `start` on."""
        new = {}
        for layer in replay.layers():
            if layer.id < 0:
                new[layer.id] = self.next_layer
                self.next_layer += 1
        for key, one in self.layers.items():
            if one.at >= start:
                self.layers[key] = one._replace(quantity=0, value=0, taken=0)
        for layer in replay.layers():
            parent = new.get(layer.parent, layer.parent)
            kept = layer._replace(id=new.get(layer.id, layer.id), parent=parent, steps=())
            self.layers[kept.id] = kept
        pieces = [one._replace(layer=new.get(one.layer, one.layer)) for one in replay.pieces()]
        added = differences(pieces, [one for one in self.rows if self.moves[one.move].at >= start])
        self.rows += added
        return added

    def sums(self):
        """Return the current pieces: the sum of all rows by movement, layer and document."""
        return differences(self.rows, ())

    def path(self, layer):
        """Return the movements by which a layer's goods came, as the model names them."""
        one = self.layers[layer]
        return (one.move,) if one.parent is None else (*self.path(one.parent), one.move)

    def picture(self):
        """Return pieces and layers named by paths, to compare with the model."""
        pieces = {(one.move, self.path(one.layer), one.document): (one.quantity, one.value) for one in self.sums()}
        layers = {
            (one.queue, self.path(one.id)): (one.quantity, one.value, one.taken) for one in self.layers.values() if one.quantity and one.queue is not None
        }
        return pieces, layers
