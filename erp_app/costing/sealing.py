"""Sealing all items that moved: when a month is locked, and once a week; item by item, so that postings wait for one item only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from erp_app.costing import checkpoint, repo_checkpoint, repo_sealing
from erp_app.costing.settle import settle
from erp_app.kernel.errors import Refused

if TYPE_CHECKING:
    from datetime import date

    from erp_app.kernel.uow import Work

PERIOD, SCHEDULE = "period", "schedule"
WEEK, AGE = timedelta(days=7), timedelta(days=2)
DUE = "checkpoints.due"


def ask_for_month(work: Work, last_day: date, label: str) -> None:
    """Have everything sealed as it lay at the end of a month that was locked."""
    _ask(work, repo_sealing.end_of_day(work, last_day), PERIOD, label)


def ask_for_week(work: Work) -> bool:
    """Have everything sealed as it lay two days ago, once a week; wake the worker for what still waits in any case.

    Returns:
        True when a new run was asked for.
    """
    at = repo_sealing.end_of_day(work, (work.now - AGE - timedelta(days=1)).date())
    last = repo_sealing.newest(work, SCHEDULE)
    due = last is None or at - last >= WEEK
    if due:
        _ask(work, at, SCHEDULE, "")
    elif repo_sealing.next_open(work):
        work.emit(DUE, {}, topics=["queue"])
    return due


def _ask(work: Work, at: datetime, reason: str, label: str) -> None:
    repo_sealing.add(work, at, reason, label)
    work.emit(DUE, {}, topics=["queue"])


def begin(work: Work) -> tuple[repo_sealing.Run, list[int]] | None:
    """Take up the oldest run that is due; return it with the items still to be looked at, or None."""
    run = repo_sealing.next_open(work)
    if run is None:
        return None
    items = repo_checkpoint.items_to_seal(work, run.at, run.position)
    repo_sealing.begin(work, run, len(items))
    return run, items


def seal_one(work: Work, run: repo_sealing.Run, item: int) -> bool:
    """Seal one item of a run, its waiting costs first; note it done in the same transaction. False when its costs do not hold together."""
    problem = None
    try:
        with work.conn.transaction():
            settle(work, item)
            checkpoint.seal(work, item, run.at, run.reason)
    except Refused as refusal:
        problem = f"{refusal.code} {refusal.detail}"
    repo_sealing.note(work, run, item, problem)
    return problem is None


def finish(work: Work, run: repo_sealing.Run) -> None:
    """Note that a run is done and tell whoever looks on."""
    repo_sealing.finish(work, run)
    work.emit("checkpoints.sealed", {"run_id": run.id, "reason": run.reason}, topics=["queue", "doc:periods"])


def runs(work: Work, size: int = 20) -> list[dict[str, Any]]:
    """Return the latest sealing runs, newest first: at, reason (`period`, `schedule`), label, state, items, done, sealed, percent, lag in seconds, error."""
    return repo_sealing.shown(work, size)
