"""Corrections: of each difference, which document caused it and when it counts; and the lines of the journals that follow (rule C5).

All on whole columns: a late document may touch tens of thousands of documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from erp_app.costing.difference import PieceColumns, Whole, begins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Facts(NamedTuple):
    """What journals need to know of movements, as columns sorted by movement: time, document, and the accounts its value goes from and to."""

    move: Whole
    at: Whole
    document: Whole
    from_account: Whole
    to_account: Whole

    @classmethod
    def of(cls, columns: Iterable[Whole]) -> Facts:
        """Sort columns by movement."""
        number, *rest = columns
        order = np.argsort(number, kind="stable")
        return cls(number[order], *(column[order] for column in rest))


class Corrections(NamedTuple):
    """Differences to append, with the document that caused each, the time of the document it belongs to, and the accounts it moves value between."""

    pieces: PieceColumns
    cause: Whole
    at: Whole
    from_account: Whole
    to_account: Whole


class Entries(NamedTuple):
    """Journals to write, in order of time: document, time, cause; and their lines: entry (its position), account, amount (debit positive)."""

    document: Whole
    at: Whole
    cause: Whole
    entry: Whole
    account: Whole
    amount: Whole


def correct(pieces: PieceColumns, facts: Facts, revalued_at: Mapping[int, int], causes: Sequence[tuple[int, int]]) -> Corrections:
    """Say of each difference what caused it: its own document when that was entered now, else the first of `causes` (document, moment) not after it."""
    row = np.searchsorted(facts.move, pieces.move)
    own = facts.document[row] == pieces.document
    at = facts.at[row].copy()
    at[~own] = [revalued_at[document] for document in pieces.document[~own].tolist()]
    cause = pieces.document.copy()
    for document, since in reversed(causes):
        cause[at >= since] = document
    entered = np.isin(pieces.document, np.array([document for document, _ in causes], np.int64))
    cause[entered] = pieces.document[entered]
    return Corrections(pieces, cause, at, facts.from_account[row], facts.to_account[row])


def entries(found: Corrections) -> Entries:
    """Sum the differences by journal and account; one journal for each (document, time, cause), without what comes to nothing."""
    at, document, cause = (np.tile(column, 2) for column in (found.at, found.pieces.document, found.cause))
    account = np.concatenate((found.to_account, found.from_account))
    amount = np.concatenate((found.pieces.value, -found.pieces.value))
    order = np.lexsort((account, cause, document, at))
    keys = [column[order] for column in (at, document, cause, account)]
    first = begins(*keys)
    sums = np.add.reduceat(amount[order], first) if len(first) else amount
    at, document, cause, account = (key[first][sums != 0] for key in keys)
    head = begins(at, document, cause)
    entry = np.repeat(np.arange(len(head)), np.diff(np.append(head, len(at))))
    return Entries(document[head], at[head], cause[head], entry, account, sums[sums != 0])


def line_numbers(entry: Whole, account_rank: Whole, amount: Whole) -> Whole:
    """Number each entry's lines: debits first, then by account."""
    order = np.lexsort((account_rank, amount < 0, entry))
    head = begins(entry[order])
    number = np.empty(len(entry), np.int64)
    number[order] = np.arange(len(entry)) - np.repeat(head, np.diff(np.append(head, len(entry)))) + 1
    return number
