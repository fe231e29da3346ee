"""Settling what waits in the queue of late work: for one item, and what hangs together with it, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_app.costing import repo, repo_queue
from erp_app.costing.recost import Cause, Recosted, Request, hold, recost
from erp_app.costing.wire import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from erp_app.costing.repo_queue import Waiting
    from erp_app.kernel.uow import Work

FOR_PEOPLE = {"ERP-1220", "ERP-1203"}  # a history that does not hold together, a correction in a month that was locked: no worker can mend them


def settle(work: Work, item: int, tell: Callable[[str, int], None] = lambda _phase, _moves: None) -> Recosted | None:
    """Replay all that waits together with an item and mark it done; None when nothing waits.

    Raises:
        Refused: ERP-1220 when the movements do not hold together.
    """
    rows: list[Waiting] = []

    def ask() -> Request:
        rows[:] = _together(work, item)
        items = {one.item: one.at for one in sorted(rows, key=lambda one: one.at, reverse=True)}
        return Request(items, tuple(Cause(one.cause, moment(one.at)) for one in rows))

    if not ask().items:
        return None
    with repo_queue.soft_months(work):
        done = recost(work, ask, tell)
    if not rows:
        return None
    repo_queue.finish(work, rows, {"moves": done.moves, "pieces": done.pieces, "documents": len(done.documents)})
    causes = sorted({one.cause for one in rows})
    topics = ["stock", "ledger", *(f"rec:{document}" for document in {*causes, *done.documents[:200]})]
    work.emit("hpp.settled", {"item_id": item, "documents": len(done.documents), "causes": causes}, topics)
    return done


def _together(work: Work, item: int) -> list[Waiting]:
    """Return what waits for an item and for all that something was made into from it: that may wait from an earlier moment on."""
    rows = repo_queue.waiting(work, [item])
    while rows:
        items = {one.item: one.at for one in sorted(rows, key=lambda one: one.at, reverse=True)}
        reached = repo.reach(work, items)
        if reached.keys() == items.keys():
            break
        more = repo_queue.waiting(work, list(reached))
        if len(more) == len(rows):
            break
        rows = more
    return rows


def settle_reached(work: Work, items: dict[int, datetime], also: Iterable[tuple[int, int, int]] = ()) -> None:
    """Settle all that waits for these items from these moments on, and for what was made from them; nothing comes up any more.

    Everything that may be touched (queues `also` too) is locked at once and before anything else: a transaction that replays, and
    then locks more, would sooner or later wait for a posting that waits for it.

    Raises:
        Refused: ERP-1220 when the movements do not hold together, ERP-1221 when others post to these items without a pause.
    """
    hold(work, lambda: Request(_with_what_waits(work, items), ()), also)
    while rows := repo_queue.waiting(work, list(repo.reach(work, items))):
        settle(work, rows[0].item)


def _with_what_waits(work: Work, items: dict[int, datetime]) -> dict[int, datetime]:
    """Return the items and all that waits together with them or with what was made from them, each with its earliest moment."""
    starts: dict[int, datetime] = {}
    more = dict(items)
    while more != starts:
        starts = dict(more)
        for one in repo_queue.waiting(work, list(repo.reach(work, starts))):
            more[one.item] = min(one.at, more.get(one.item, one.at))
    return starts


def settle_what_returns_need(work: Work, document: int) -> bool:
    """Settle a late document at once when it takes certain goods, or from a queue out of which something later does.

    Whether those goods are there can only be told by the replay; so the document is refused here, and not by the worker later.

    Returns:
        True when something was settled.

    Raises:
        Refused: ERP-1220 when a return would not find its goods.
    """
    items = repo_queue.items_with_returns(work, document)
    for item in items:
        settle(work, item)
    return bool(items)
