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
COUNTED = 10_000  # done rows that are counted and measured: the newest; the past may be of any size
_STEPS = ("reading", "replaying", "writing")  # what a worker tells; each ends before the next begins
_FIRST: LiteralString = (
    "SELECT q.id, q.item_id, i.code AS item, i.name, q.from_at, q.priority, q.state, q.attempts, q.progress, q.error, q.created_at, q.started_at, q.done_at,"
    " extract(epoch FROM coalesce(q.done_at, clock_timestamp()) - q.created_at)::float AS lag, r.id AS cause_id, r.type AS cause_type, r.number AS cause FROM "
)
# The page is found first, so that nothing is looked up for rows that are not on it.
_INNER: LiteralString = "(SELECT * FROM "
_JOINED: LiteralString = " LIMIT %(size)s OFFSET %(skip)s) q JOIN item i ON i.id = q.item_id LEFT JOIN record_ref r ON r.id = q.cause_document_id ORDER BY "
_URGENT: LiteralString = "array_position(ARRAY['running', 'failed', 'waiting'], q.state), q.priority, q.id"
_OPEN: LiteralString = " q WHERE state <> 'done' ORDER BY " + _URGENT + _JOINED + _URGENT
_DONE: LiteralString = " WHERE state = 'done' ORDER BY id DESC" + _JOINED + "q.id DESC"
_ROWS: dict[tuple[str, bool], LiteralString] = {
    ("hpp_queue", False): _FIRST + _INNER + "hpp_queue" + _OPEN,
    ("hpp_queue", True): _FIRST + _INNER + "hpp_queue" + _DONE,
    ("stock_fix_queue", False): _FIRST + _INNER + "stock_fix_queue" + _OPEN,
    ("stock_fix_queue", True): _FIRST + _INNER + "stock_fix_queue" + _DONE,
}
# What is open is read from its own index, what is done newest first up to a fixed number: neither grows with the past.
_SUM: LiteralString = (
    "SELECT open.*, past.* FROM (SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'running') AS running,"
    " count(*) FILTER (WHERE state = 'failed') AS failed, min(created_at) AS oldest FROM "
)
_PAST: LiteralString = (
    " WHERE state <> 'done') AS open, (SELECT count(*) AS done,"
    " percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - created_at)) FILTER (WHERE done_at > now() - interval '1 day') AS lag"
    " FROM (SELECT created_at, done_at FROM "
)
_NEWEST: LiteralString = " WHERE state = 'done' ORDER BY id DESC LIMIT %(counted)s) AS newest) AS past"
_SUMS: dict[str, LiteralString] = {
    "hpp_queue": _SUM + "hpp_queue" + _PAST + "hpp_queue" + _NEWEST,
    "stock_fix_queue": _SUM + "stock_fix_queue" + _PAST + "stock_fix_queue" + _NEWEST,
}


def rows(work: Work, queue: str, *, done: bool, page: int, size: int) -> list[dict[str, Any]]:
    """Return a page of a queue (`hpp_queue`, `stock_fix_queue`): what is open, most urgent first, or what is done, newest first.

    Each row: item, state, priority, attempts, error, created_at …, `lag` in seconds until done or now, cause (number, type, id), and how far
    it is: `step` of `steps` with its name, `phase`, while it runs, and `percent` of the steps that are behind it.
    """
    found = work.rows(_ROWS[queue, done], {"size": size, "skip": (page - 1) * size})
    return [{**_progress(one), **one} for one in found]


def sums(work: Work) -> dict[str, dict[str, Any]]:
    """Return by queue: waiting, running, failed, done, `oldest` (moment of the oldest open row), `lag` (p95 of the last day in seconds).

    Of what is done only the newest `COUNTED` rows are counted and measured.
    """
    return {name: work.row(query, {"counted": COUNTED}) or {} for name, query in _SUMS.items()}


def total(figures: dict[str, Any], *, done: bool) -> tuple[int, bool]:
    """Return how many rows a queue has in a view, and whether that is all of them."""
    if done:
        return int(figures["done"]), figures["done"] < COUNTED
    return sum(int(figures[name]) for name in ("waiting", "running", "failed")), True


def _progress(one: dict[str, Any]) -> dict[str, Any]:
    """Say how far a row is: the worker tells the step it has come to, and how many movements it replays."""
    told = one.pop("progress") or {}
    running, phase = one["state"] == "running", str(told.get("phase", _STEPS[0]))
    step = _STEPS.index(phase) + 1 if running and phase in _STEPS else 0
    percent = 100 if one["state"] == "done" else max(0, step - 1) * 100 // len(_STEPS)
    shown = {"percent": percent, "phase": phase if running else "", "step": step, "steps": len(_STEPS)}
    return {**shown, "moves": told.get("moves"), "documents": told.get("documents")}
