"""FIFO over large plain queues at once: receipts with given values, issues first in first out, nothing revalued or returned.

The same arithmetic as `rules.portion`, on whole columns: positions are running sums, so the pieces are the stretches between
all ends of layers and of issues. Many queues are laid end to end and done in one go. Numbers too large for 64 bits go
through `rules` one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from erp_app.costing.movement import ShortError
from erp_app.costing.rules import portion

Whole = NDArray[np.int64]
SAFE_QUANTITY = 2**31 - 1


class Movements(NamedTuple):
    """Columns of one length, sorted by (queue, time, id): what comes in has quantity > 0 and a value, what goes out < 0."""

    queue: Whole
    id: Whole
    quantity: Whole
    value: Whole


class Pieces(NamedTuple):
    """Columns of one length, in order of the issues: row numbers in `Movements`, where the stretch begins in its layer, and its worth."""

    issue: Whole
    receipt: Whole
    start: Whole
    quantity: Whole
    value: Whole


def cut(rows: Movements) -> Pieces:
    """Cut all issues out of the layers of their queues.

    Raises:
        ShortError: when an issue takes more than lies there at its time.
        OverflowError: when the quantities together leave 64 bits.
    """
    _never_negative(rows)
    receipts, issues = np.flatnonzero(rows.quantity > 0), np.flatnonzero(rows.quantity < 0)
    layer_ends = np.cumsum(rows.quantity[receipts])
    issue_ends = _issue_ends(rows, receipts, issues, layer_ends)
    issue_starts = issue_ends + rows.quantity[issues]
    ends = np.concatenate((layer_ends, issue_ends, issue_starts))
    ends.sort(kind="stable")  # three rising runs: merged, not sorted
    ends = ends[np.diff(ends, prepend=-1) > 0]
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1])) if len(ends) else ends
    which = np.searchsorted(issue_ends, starts, side="right")
    held = which < len(issues)
    held[held] = starts[held] >= issue_starts[which[held]]
    held &= ends > starts
    starts, ends, which = starts[held], ends[held], which[held]
    layer = np.searchsorted(layer_ends, starts, side="right")
    quantity, value = rows.quantity[receipts][layer], rows.value[receipts][layer]
    base = layer_ends[layer] - quantity
    worth = portions(value, quantity, ends - base) - portions(value, quantity, starts - base)
    return Pieces(issues[which], receipts[layer], starts - base, ends - starts, worth)


def portions(value: Whole, quantity: Whole, position: Whole) -> Whole:
    """Return `rules.portion` of whole columns.

    The 64-bit path needs quantities below 2**31: there, value = whole x quantity + rest keeps every product in range.
    """
    size = np.abs(value)
    safe = (quantity <= SAFE_QUANTITY) & (size < 2**61)
    divisor = np.where(safe, quantity, 1)
    whole, rest = np.divmod(size, divisor)
    place = np.where(safe, position, 0)
    result: Whole = np.sign(value) * (whole * place + (2 * rest * place + divisor) // (2 * divisor))
    for row in np.flatnonzero(~safe):
        result[row] = portion(int(value[row]), int(quantity[row]), int(position[row]))
    return result


def _never_negative(rows: Movements) -> None:
    if float(np.abs(rows.quantity).sum(dtype=np.float64)) > 2.0**62:
        raise OverflowError("quantities leave 64 bits")
    running = np.cumsum(rows.quantity)
    first = np.flatnonzero(np.diff(rows.queue, prepend=rows.queue[:1] - 1)) if len(rows.queue) else np.zeros(0, np.int64)
    before = np.repeat(running[first] - rows.quantity[first], np.diff(np.append(first, len(running))))
    short = np.flatnonzero(running - before < 0)
    if len(short):
        row = int(short[0])
        raise ShortError(int(rows.id[row]), int(rows.queue[row]), int(before[row] - running[row]))


def _issue_ends(rows: Movements, receipts: Whole, issues: Whole, layer_ends: Whole) -> Whole:
    """Return where each issue ends on the line of all layers: issues of a queue begin where its first layer begins."""
    out = np.cumsum(-rows.quantity[issues])
    queues, first_issue = np.unique(rows.queue[issues], return_index=True)
    first_layer = np.searchsorted(rows.queue[receipts], queues)
    begin = layer_ends[first_layer] - rows.quantity[receipts][first_layer]
    before = out[first_issue] + rows.quantity[issues][first_issue]
    shift = np.repeat(begin - before, np.diff(np.append(first_issue, len(issues))))
    ends: Whole = out + shift
    return ends
