"""What the ledger must show after a month, by the simplest model (tests/model.py) and a few lines of double entry."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from erp_app.costing import movement
from tests import model
from tests.months.papers import PRODUCTION, Key, Paper, followed

Path = tuple[Key, ...]


class Picture(NamedTuple):
    """Everything money and goods end as, in the names of the papers.

    Attributes:
        pieces: (movement, path of the layer, document) to (quantity, value).
        layers: (item, place, path) to (quantity, value, taken).
        balances: (item, place) to quantity.
        totals: document to {account: debit less credit}.
    """

    pieces: dict[tuple[Key, Path, str], tuple[int, int]]
    layers: dict[tuple[str, str, Path], tuple[int, int, int]]
    balances: dict[tuple[str, str], int]
    totals: dict[str, dict[str, int]]


def truth(papers: list[Paper]) -> Picture:
    """Return what must be there, whatever the order of entry was."""
    ids = {(one.name, number): one.at * 100 + number for one in papers for number in range(1, len(one.moves) + 1)}
    moves, transforms, changes = [], [], []
    for one in papers:
        weights = 0
        for number, line in enumerate(one.moves, 1):
            queues = [(line.item, place) if followed(place) else None for place in (line.source, line.target)]
            moves.append(movement.Move(
                ids[one.name, number], one.at, one.document, *queues, line.quantity, line.value or 0, line.keep_origin,
                ids[line.taken_from] if line.taken_from else None, line.transform, line.weight, weights,
            ))
            weights += line.weight
        if one.added is not None:
            transforms.append(movement.Transform(one.document, one.added, weights))
        if one.amounts:
            changes.append(movement.Revaluation(one.at * 100, one.at, one.document, tuple((ids[key], amount) for key, amount, _ in one.amounts)))
    pieces, lots = model.outcome(moves, transforms, changes)
    keys = {number: key for key, number in ids.items()}
    named = {(keys[move], tuple(keys[one] for one in path), document): row for (move, path, document), row in pieces.items()}
    lying: dict[Any, Any] = {(*queue, tuple(keys[one] for one in path)): row for (queue, path), row in lots.items()}
    balances: dict[tuple[str, str], int] = defaultdict(int)
    for (item, place, _), (quantity, _, gone) in lying.items():
        balances[item, place] += quantity - gone
    return Picture(named, lying, {key: left for key, left in balances.items() if left}, journals(papers, named))


def journals(papers: list[Paper], pieces: dict[tuple[Key, Path, str], tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Return what each document's journals come to: every piece from one account to another, and its own lines."""
    lines = {(one.name, number): line for one in papers for number, line in enumerate(one.moves, 1)}
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (move, _, document), (_, value) in pieces.items():
        source, target = lines[move].accounts()
        totals[document][source] -= value
        totals[document][target] += value
    for one in papers:
        for account, amount in one.lines:
            totals[one.document][account] += amount
        totals[one.document][PRODUCTION] += one.added or 0
        for key, amount, side in one.amounts:
            totals[one.document][lines[key].accounts()[0]] += amount
            totals[one.document][side] -= amount
    return clean(totals)


def clean(totals: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Leave out what came to nothing."""
    left = {document: {account: amount for account, amount in accounts.items() if amount} for document, accounts in totals.items()}
    return {document: accounts for document, accounts in left.items() if accounts}


def difference(found: Picture, wanted: Picture) -> str:
    """Tell what differs, a few lines of each kind; empty when nothing does."""
    told = []
    for name, mine, theirs in zip(Picture._fields, found, wanted, strict=True):
        keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
        told += [f"  {name} {key}: found {mine.get(key)}, wanted {theirs.get(key)}" for key in keys[:4]]
        told += [f"  … {len(keys) - 4} more {name}"] if len(keys) > 4 else []
    return "\n".join(told)
