"""The simplest model of costs, written apart from the engine: the oracle of the property tests.

It knows no queues in memory, no increments, no graph. For every *world* (the first 0, 1, 2 … revaluations) it plays all
movements from the first with plain lists and fractions. What a movement is worth is its value in the world of its own time;
what a revaluation did to it is the difference of two worlds.
"""

from fractions import Fraction


class ShortError(Exception):
    """A movement takes more than there is."""


def nearest(number):
    """Return the nearest whole number, halves away from zero."""
    whole = int(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole


class Lot:
    """Goods that arrived together: `path` names the movements they came by."""

    def __init__(self, path, quantity, value):
        self.path, self.quantity, self.value, self.gone = path, quantity, value, 0

    def left(self):
        return self.quantity - self.gone

    def worth(self, position):
        return nearest(Fraction(self.value * position, self.quantity))

    def take(self, quantity):
        value = self.worth(self.gone + quantity) - self.worth(self.gone)
        self.gone += quantity
        return value


class World:
    """All movements played once, with every receipt worth what it was given plus the amounts in `extra`."""

    def __init__(self, moves, transforms, extra):
        self.places = {}
        self.laid = {}
        self.pieces = {}
        self.totals = {one.document: one.added for one in transforms}
        self.weights = {one.document: one.weight for one in transforms}
        self.extra = extra
        for move in sorted(moves, key=lambda one: (one.at, one.id)):
            self.play(move)

    def play(self, move):
        if move.source is None and move.source_move is None:
            self.enter(move)
            return
        if move.source_move is not None:
            lots = [lot for place, lot in self.laid.get(move.source_move, []) if place == move.source]
        else:
            lots = self.places.get(move.source, [])
        if sum(lot.left() for lot in lots) < move.quantity:
            raise ShortError(move)
        goods, need = [], move.quantity
        for lot in lots:
            part = min(need, lot.left())
            if part:
                value = lot.take(part)
                self.pieces[move.id, lot.path] = (part, value)
                goods.append((lot.path, part, value))
                need -= part
        if move.transform and move.source is not None and move.document in self.totals:
            self.totals[move.document] += sum(value for _, _, value in goods)
        if move.keep_origin or move.target is None:
            for path, part, value in goods:
                self.lay(move, Lot((*path, move.id), part, value))
        else:
            self.lay(move, Lot((move.id,), move.quantity, sum(value for _, _, value in goods)))

    def enter(self, move):
        value = move.value
        if move.transform:
            total, whole = self.totals[move.document], self.weights[move.document]
            upto = nearest(Fraction(total * (move.weight_before + move.weight), whole))
            value = upto - nearest(Fraction(total * move.weight_before, whole))
        self.pieces[move.id, (move.id,)] = (move.quantity, value)
        self.lay(move, Lot((move.id,), move.quantity, value))

    def lay(self, move, lot):
        lots = self.laid.setdefault(move.id, [])
        if not lots:
            lot.value += self.extra.get(move.id, 0)
        lots.append((move.target, lot))
        if move.target is not None:
            self.places.setdefault(move.target, []).append(lot)


def outcome(moves, transforms, revaluations):
    """Return ({(move, path, document): (quantity, value)}, {(queue, path): (quantity, value, gone)}) as the ledger must show it.

    Revaluations name movements that laid exactly one lot.
    """
    order = sorted(revaluations, key=lambda one: (one.at, one.id))
    worlds, extra = [World(moves, transforms, {})], {}
    for change in order:
        extra = dict(extra)
        for move, amount in change.amounts:
            extra[move] = extra.get(move, 0) + amount
        worlds.append(World(moves, transforms, extra))
    pieces = {}
    for move in moves:
        _tell(move, worlds, order, pieces)
    for change in order:
        for move, amount in change.amounts:
            pieces.setdefault((move, (move,), change.document), [0, 0])[1] += amount
    lots = {
        (place, lot.path): (lot.quantity, lot.value, lot.gone)
        for laid in worlds[-1].laid.values()
        for place, lot in laid
        if place is not None
    }
    return {key: tuple(row) for key, row in pieces.items() if any(row)}, lots


def _tell(move, worlds, order, pieces):
    """Note a movement's own value, and what each later revaluation did to it."""
    own = sum(1 for change in order if (change.at, change.id) < (move.at, move.id))
    for key, (quantity, value) in worlds[own].pieces.items():
        if key[0] == move.id:
            pieces[*key, move.document] = [quantity, value]
    for number in range(own + 1, len(worlds)):
        for key, (_, value) in worlds[number].pieces.items():
            change = value - worlds[number - 1].pieces[key][1]
            if key[0] == move.id and change:
                pieces.setdefault((*key, order[number - 1].document), [0, 0])[1] += change
