"""Stock counts: the books are compared at approval by somebody who did not count, and the difference is booked."""

from __future__ import annotations

from typing import Any

from erp_app.catalog import place_repo
from erp_app.document import chain
from erp_app.kernel.errors import Forbidden, Invalid
from erp_app.kernel.money import from_units, half_up, to_units
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import Move, Posting
from erp_app.warehouse import repo

TYPE = "stock-counts"
STORES = ("warehouse", "quarantine", "vendor")


def check_count(work: Work, count: Any) -> None:
    """Refuse a count of a place that stores nothing, or of one item twice; a changed count forgets an earlier comparison.

    Raises:
        Invalid: ERP-3210.
    """
    chain.check_lines(work, TYPE, count.id, above=(), from_zero=("counted",))
    if place_repo.kind_of(work, count.place_id) not in STORES:
        raise Invalid("ERP-3210", "Goods are counted where they are stored.", errors={"place": "must be a warehouse, vendor or quarantine"})
    seen: set[int] = set()
    for line in chain.lines(work, TYPE, count.id):
        if line.item_id in seen:
            name = f"lines.{line.line_no}.item"
            raise Invalid("ERP-3210", f"Line {line.line_no} counts an item that is counted above already.", errors={name: "counted twice"})
        seen.add(line.item_id)
        line.expected = line.difference = None


def approve(work: Work, count: Any, _data: dict[str, Any]) -> None:
    """Compare with the books at the moment of the count.

    Raises:
        Forbidden: ERP-3211 when the approver entered the count or changed it last.
    """
    if work.actor.user_id in (count.created_by, count.updated_by):
        raise Forbidden("ERP-3211", f"{count.number} was counted by you. Somebody else approves it.")
    _compare(work, count)
    count.approved_by = work.actor.user_id


def recount(work: Work, count: Any, _data: dict[str, Any]) -> None:
    """Send the count back to be counted again, blind."""
    for line in chain.lines(work, TYPE, count.id):
        line.expected = line.difference = None
    count.approved_by = None


def post_count(work: Work, count: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Book the differences at the moment of the count: missing goods at their FIFO cost, found ones at the last known cost.

    The comparison is made again, for documents that came in after the approval.
    """
    _compare(work, count)
    adjustment = place_repo.of_kind(work, "adjustment")
    moves = [_move(work, count, line, adjustment) for line in chain.lines(work, TYPE, count.id) if line.difference]
    if not moves:
        return {"pending": False}
    posted = posting.post(work, Posting(document_id=count.id, effective_at=count.effective_at, moves=moves, text=f"Stock count {count.number}"))
    return {"pending": posted.pending}


def reverse_count(work: Work, count: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Take the booked differences back; a count that agreed has none."""
    if not any(line.difference for line in chain.lines(work, TYPE, count.id)):
        return {"pending": False}
    return {"pending": posting.reverse(work, count.id, text=f"Reversal of {count.number}").pending}


def _compare(work: Work, count: Any) -> None:
    lines = chain.lines(work, TYPE, count.id)
    books = repo.on_hand_at(work, count.place_id, (line.item_id for line in lines), count.effective_at)
    for line in lines:
        line.expected = from_units(books.get(line.item_id, 0))
        line.difference = line.counted - line.expected


def _move(work: Work, count: Any, line: Any, adjustment: int) -> Move:
    units = to_units(abs(line.difference))
    if line.difference < 0:
        return Move(line_no=line.line_no, item_id=line.item_id, from_place_id=count.place_id, to_place_id=adjustment, quantity=units)
    known = repo.unit_cost(work, line.item_id, count.effective_at)
    value = half_up(known[0] * units, known[1]) if known else 0
    return Move(line_no=line.line_no, item_id=line.item_id, from_place_id=adjustment, to_place_id=count.place_id, quantity=units, value=value)
