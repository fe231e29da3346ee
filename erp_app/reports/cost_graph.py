"""Attribution of a cost: from goods taken, back through layers and what they were made of, to what was once paid, to the rupiah.

A layer is the same all through (rule C1), so a part of it consists of the same parts as the whole. Each split is made so that
its parts add up exactly; so the amounts on the edges into a document always add up to those that leave it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from erp_app.kernel.money import half_up


class Part(NamedTuple):
    """What a layer is made of: a share of another layer, or (layer 0) an amount a document brought in from outside.

    Attributes:
        quantity: ledger units of the other layer; 0 for money alone.
        source, note: for an amount from outside: the document it comes from, and what it is (an account, or empty for goods bought).
    """

    layer: int
    quantity: int
    value: int
    source: int = 0
    note: str = ""


@dataclass(frozen=True)
class Made:
    """One layer: the document that laid it, its item, its order in time, its whole, and what it is made of.

    Attributes:
        share: how much of all parts is in this layer (one of several outputs of production holds less than all of them).
    """

    document: int
    item: str
    order: tuple[float, int]
    quantity: int
    parts: tuple[Part, ...]
    share: Fraction = Fraction(1)


class Key(NamedTuple):
    """An edge: from one document (or an amount from outside, by its note) to another, of one item."""

    source: int
    target: int
    item: str
    note: str


@dataclass
class Flow:
    """Quantity (ledger units, exact) and money on an edge."""

    quantity: Fraction = Fraction(0)
    value: int = 0

    def add(self, quantity: Fraction, value: int) -> None:
        """Let more flow."""
        self.quantity += quantity
        self.value += value


@dataclass
class Graph:
    """What was found: edges between documents, and the sources: goods bought and amounts added, by document, item and note."""

    edges: dict[Key, Flow] = field(default_factory=dict)
    sources: dict[Key, Flow] = field(default_factory=dict)


class Taken(NamedTuple):
    """What a document took out of a layer."""

    layer: int
    document: int
    quantity: Fraction
    value: int


def attribute(taken: Iterable[Taken], layers: dict[int, Made]) -> Graph:
    """Follow what was taken back to its sources. Layers are looked at from the newest to the oldest, each once."""
    graph = Graph()
    wanted: dict[int, dict[int, Flow]] = {}
    queue: list[tuple[float, int, int]] = []

    def want(one: Taken) -> None:
        if one.layer not in wanted:
            at, move = layers[one.layer].order
            heapq.heappush(queue, (-at, -move, -one.layer))
        wanted.setdefault(one.layer, {}).setdefault(one.document, Flow()).add(one.quantity, one.value)

    for one in taken:
        want(one)
    while queue:
        number = -heapq.heappop(queue)[2]
        made, total = layers[number], Flow()
        for document, flow in wanted.pop(number).items():
            total.add(flow.quantity, flow.value)
            if document != made.document:
                graph.edges.setdefault(Key(made.document, document, made.item, ""), Flow()).add(flow.quantity, flow.value)
        _split(graph, made, total, want)
    return graph


def _split(graph: Graph, made: Made, total: Flow, want: Callable[[Taken], None]) -> None:
    """Share what was taken of a layer over its parts."""
    ratio = total.quantity / made.quantity * made.share if made.quantity else Fraction(0)
    for part, value in zip(made.parts, divided(total.value, [part.value for part in made.parts]), strict=True):
        if part.layer:
            want(Taken(part.layer, made.document, part.quantity * ratio, value))
            continue
        if value or part.quantity:
            graph.sources.setdefault(Key(part.source, made.document, made.item if part.quantity else "", part.note), Flow()).add(part.quantity * ratio, value)
        if value and (part.source != made.document or part.note):
            graph.edges.setdefault(Key(part.source, made.document, "", part.note), Flow()).add(Fraction(0), value)


def divided(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights, so that the parts add up to it; without any weight all of it is the first part's."""
    whole = sum(weights)
    if not whole:
        return [amount, *([0] * (len(weights) - 1))] if weights else []
    parts, before, run = [], 0, 0
    for weight in weights:
        run += weight
        now = half_up(amount * run, whole) if whole > 0 else -half_up(-amount * run, whole)
        parts.append(now - before)
        before = now
    return parts


def sliced(pieces: Sequence[Taken], start: int, end: int) -> list[Taken]:
    """Return the units from `start` to `end` (ledger units) of what was taken, in the order in which it was taken."""
    found, before = [], Fraction(0)
    for one in pieces:
        low, high = max(Fraction(start) - before, Fraction(0)), min(Fraction(end) - before, one.quantity)
        if low < high:
            cut = [half_up(int(one.value * edge), int(one.quantity)) for edge in (low, high)]
            found.append(one._replace(quantity=high - low, value=cut[1] - cut[0]))
        before += one.quantity
    return found
