"""Sealing runs: asked for, resumed item by item, shown with their progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Run:
    """One run: seal all items that moved up to `at`; those up to `position` are done."""

    id: int
    at: datetime
    reason: str
    position: int


def add(work: Work, at: datetime, reason: str, label: str) -> None:
    """Ask for a run; one that is still open for the same moment does."""
    work.run(
        "INSERT INTO checkpoint_run (tenant_id, at, reason, label) SELECT %(tenant)s, %(at)s, %(reason)s, %(label)s"
        " WHERE NOT EXISTS (SELECT 1 FROM checkpoint_run WHERE tenant_id = %(tenant)s AND at = %(at)s AND state <> 'done')",
        {"tenant": work.actor.tenant_id, "at": at, "reason": reason, "label": label},
    )


def end_of_day(work: Work, day: date) -> datetime:
    """Return the last microsecond of a day of this company."""
    query = "SELECT ((%s::date + 1)::timestamp AT TIME ZONE tenant_zone(%s)) - interval '1 microsecond'"
    found: datetime = work.value(query, (day, work.actor.tenant_id))
    return found


def next_open(work: Work) -> Run | None:
    """Return the oldest run that is not done and whose moment is over since more than a day, held for this transaction; None when others have it."""
    found = work.conn.execute(
        "SELECT id, at, reason, position FROM checkpoint_run WHERE tenant_id = %s AND state <> 'done' AND at < clock_timestamp() - interval '25 hours'"
        " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
        (work.actor.tenant_id,),
    ).fetchone()
    return Run(*found) if found else None


def begin(work: Work, run: Run, items: int) -> None:
    """Note how many items there are still to look at, beside those that are done."""
    work.run(
        "UPDATE checkpoint_run SET state = 'running', items = done + %s, started_at = coalesce(started_at, now()) WHERE tenant_id = %s AND id = %s",
        (items, work.actor.tenant_id, run.id),
    )


def note(work: Work, run: Run, item: int, problem: str | None) -> None:
    """Note that an item is done, or why it could not be sealed."""
    work.run(
        "UPDATE checkpoint_run SET done = done + 1, sealed = sealed + %s, position = %s, error = coalesce(%s, error) WHERE tenant_id = %s AND id = %s",
        (int(problem is None), item, problem, work.actor.tenant_id, run.id),
    )


def finish(work: Work, run: Run) -> None:
    """Note that nothing is left to do."""
    work.run("UPDATE checkpoint_run SET state = 'done', done_at = now() WHERE tenant_id = %s AND id = %s", (work.actor.tenant_id, run.id))


def newest(work: Work, reason: str) -> datetime | None:
    """Return the latest moment a run of this kind was asked for."""
    found: datetime | None = work.value("SELECT max(at) FROM checkpoint_run WHERE tenant_id = %s AND reason = %s", (work.actor.tenant_id, reason))
    return found


def shown(work: Work, size: int) -> list[dict[str, Any]]:
    """Return the latest runs, newest first, with `percent`."""
    return work.rows(
        "SELECT id, at, reason, label, state, items, done, sealed, error, created_at, started_at, done_at,"
        " CASE WHEN state = 'done' THEN 100 WHEN items > 0 THEN 100 * done / items ELSE 0 END AS percent,"
        " extract(epoch FROM coalesce(done_at, clock_timestamp()) - created_at)::float AS lag FROM checkpoint_run ORDER BY id DESC LIMIT %s",
        (size,),
    )
