"""What waits for the costing workers: item by item, since when, because of which document, and how far it is."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.document.declare import Access
from erp_app.iam import resources
from erp_app.kernel.uow import Work

RESOURCE = resources.declare(
    "cost-queues", "Queues of costs and stock repairs", "Control",
    Access(view=("manager", "warehouse", "purchasing_manager", "finance", "finance_manager"), edit=("finance_manager",), export=(), see_cost=()),
    ("view", "edit"),
)
OPEN, DONE = ("running", "failed", "waiting"), ("done",)
_PHASES = {"replaying": 45, "writing": 80}
_FIRST: LiteralString = (
    "SELECT q.id, q.item_id, i.code AS item, i.name, q.from_at, q.priority, q.state, q.attempts, q.progress, q.error, q.created_at, q.started_at, q.done_at,"
    " extract(epoch FROM coalesce(q.done_at, clock_timestamp()) - q.created_at)::float AS lag, r.id AS cause_id, r.type AS cause_type, r.number AS cause FROM "
)
_REST: LiteralString = (
    " q JOIN item i ON i.id = q.item_id LEFT JOIN record_ref r ON r.id = q.cause_document_id WHERE q.state = ANY(%(states)s)"
    " ORDER BY CASE WHEN q.state = 'done' THEN 0 ELSE array_position(%(states)s, q.state) END, CASE WHEN q.state = 'done' THEN -q.id ELSE q.priority END, q.id"
    " LIMIT %(size)s OFFSET %(skip)s"
)
_ROWS: dict[str, LiteralString] = {"hpp_queue": _FIRST + "hpp_queue" + _REST, "stock_fix_queue": _FIRST + "stock_fix_queue" + _REST}
_SUM: LiteralString = (
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'running') AS running,"
    " count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'done') AS done,"
    " min(created_at) FILTER (WHERE state <> 'done') AS oldest,"
    " percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - created_at)) FILTER (WHERE done_at > now() - interval '1 day') AS lag FROM "
)
_SUMS: dict[str, LiteralString] = {"hpp_queue": _SUM + "hpp_queue", "stock_fix_queue": _SUM + "stock_fix_queue"}


def rows(work: Work, queue: str, *, done: bool, page: int, size: int) -> list[dict[str, Any]]:
    """Return a page of a queue (`hpp_queue`, `stock_fix_queue`): what is open, most urgent first, or what is done, newest first.

    Each row: item, state, priority, attempts, error, created_at …, `lag` in seconds until done or now, cause (number, type, id), `percent` and `phase`.
    """
    states = list(DONE if done else OPEN)
    found = work.rows(_ROWS[queue], {"states": states, "size": size, "skip": (page - 1) * size})
    return [{**one, **_progress(one)} for one in found]


def sums(work: Work) -> dict[str, dict[str, Any]]:
    """Return by queue: waiting, running, failed, done, `oldest` (moment of the oldest open row), `lag` (p95 of the last day in seconds)."""
    return {name: work.row(query) or {} for name, query in _SUMS.items()}


def _progress(one: dict[str, Any]) -> dict[str, Any]:
    """Say how far a row is, in percent; the worker tells its phase, and how many movements it replays."""
    told = one.pop("progress") or {}
    phase = str(told.get("phase", ""))
    percent = 100 if one["state"] == "done" else _PHASES.get(phase, 10) if one["state"] == "running" else 0
    return {"percent": percent, "phase": phase if one["state"] == "running" else "", "moves": told.get("moves"), "documents": told.get("documents")}
