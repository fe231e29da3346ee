"""How the machinery does: what waits in which queue and for how long, who works, how fast answers come. For operators only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, LiteralString

import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from erp_app.kernel import bus, clock, db, meter, safety
from erp_app.kernel.access import require
from erp_app.kernel.actor import Actor
from erp_app.kernel.config import settings
from erp_app.kernel.uow import Work, unit_of_work

WORKER_SILENCE = 480  # seconds after which a worker that says nothing is dead (RQ lets its key expire at about that time)

# Repairs that failed are still waiting: somebody has to look. One row: pending, failed, age of the oldest in seconds.
_REPAIRS: LiteralString = (
    "SELECT count(*) AS pending, count(*) FILTER (WHERE state = 'failed') AS failed,"
    " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float AS oldest_seconds FROM "
)
_OPEN: LiteralString = " WHERE state <> 'done'"
_WAITING: dict[str, LiteralString] = {
    "hpp_queue": _REPAIRS + "hpp_queue" + _OPEN,
    "stock_fix_queue": _REPAIRS + "stock_fix_queue" + _OPEN,
    "outbox": (
        "SELECT count(*) AS pending, 0 AS failed, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float AS oldest_seconds"
        " FROM outbox WHERE sent_at IS NULL"
    ),
    "deliveries": (
        "SELECT count(*) AS pending, count(*) FILTER (WHERE given_up OR error IS NOT NULL) AS failed,"
        " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float AS oldest_seconds FROM event_delivery"
    ),
}
# What the sealer does right after each commit; it must be about a second behind and no more.
_SEALS: dict[str, LiteralString] = {
    "audit_seals": (
        "SELECT count(*) AS pending, 0 AS failed, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float AS oldest_seconds"
        " FROM audit_event WHERE id > coalesce((SELECT audit_id FROM audit_chain ORDER BY seq DESC LIMIT 1), 0)"
    ),
    "journal_numbers": (
        "SELECT count(*) AS pending, 0 AS failed, coalesce(extract(epoch FROM clock_timestamp() - min(e.recorded_at)), 0)::float AS oldest_seconds"
        " FROM journal_number n JOIN journal_entry e ON e.id = n.entry_id WHERE n.seq IS NULL"
    ),
}
_FAILED: LiteralString = (
    "SELECT d.event_id, d.consumer, d.attempts, d.given_up, d.error, d.next_at, d.created_at, o.name AS event FROM event_delivery d"
    " JOIN outbox o ON o.tenant_id = d.tenant_id AND o.id = d.event_id WHERE d.error IS NOT NULL OR d.given_up ORDER BY d.event_id DESC LIMIT 50"
)


def waiting(actor: Actor) -> dict[str, dict[str, Any]]:
    """Return by queue of this company: `pending`, `failed`, `oldest_seconds`. A queue whose table is not there yet is empty."""
    with unit_of_work(actor) as work:
        return {name: _one(work, query) for name, query in _WAITING.items()}


def snapshot(actor: Actor) -> dict[str, Any]:
    """Return everything the operations page shows.

    Keys: `waiting` (see `waiting`; also what is not sealed and numbered yet), `safety` (see `safe`),
    `failed` (events whose consumer fails, newest first), `queues` (name, waiting, running, failed),
    `workers` (name, state, job, seconds since the last sign of life), `processes` (see `processes`), `redis` (bool).

    Raises:
        Forbidden: ERP-1301 without the right to view operations.
    """
    require(actor, "operations", "view")
    with unit_of_work(actor) as work:
        found: dict[str, Any] = {
            "waiting": {name: _one(work, query) for name, query in (_WAITING | _SEALS).items()}, "failed": work.rows(_FAILED), "safety": safe(),
        }
    try:
        return found | {"queues": queues(), "workers": workers(), "processes": processes(), "redis": True}
    except redis.RedisError:
        return found | {"queues": [], "workers": [], "processes": {}, "redis": False}


def safe() -> dict[str, dict[str, Any] | None]:
    """Return the last `backup` (file, bytes, rows, seconds) and the last restore `drill` (file, ok, rows, seconds), with `at` and `age_seconds`."""
    folder = settings().data / "backups"
    return {kind: safety.known(folder, kind) for kind in (safety.BACKUP, safety.DRILL)}


def queues() -> list[dict[str, Any]]:
    """Return the job queues with what waits, runs and has failed in each."""
    connection = bus.client(bus.QUEUES)
    return [
        {"name": one.name, "waiting": one.count, "running": one.started_job_registry.count, "failed": one.failed_job_registry.count}
        for one in sorted(Queue.all(connection=connection, serializer=JSONSerializer), key=lambda q: q.name)
    ]


def workers() -> list[dict[str, Any]]:
    """Return the job workers that gave a sign of life lately."""
    found = []
    for one in Worker.all(connection=bus.client(bus.QUEUES), serializer=JSONSerializer):
        silence = (clock.now() - (one.last_heartbeat or datetime.fromtimestamp(0, UTC)).replace(tzinfo=UTC)).total_seconds()
        if silence <= WORKER_SILENCE:
            found.append({"name": one.name, "state": str(one.get_state()), "job": one.get_current_job_id() or "", "silence": round(silence, 1)})
    return sorted(found, key=lambda one: one["name"])


def processes() -> dict[str, Any]:
    """Return the numbers of all processes of the last minute: sums of counters, and p50/p95 of durations in seconds."""
    counters: dict[str, float] = {}
    durations: dict[str, list[int]] = {}
    sums: dict[str, float] = {}
    found = meter.everywhere()
    for one in found:
        for name, value in one["counters"].items():
            counters[name] = counters.get(name, 0) + value
        for name, counts in one["durations"].items():
            durations[name] = [a + b for a, b in zip(durations.get(name, [0] * len(counts)), counts, strict=True)]
            sums[name] = sums.get(name, 0.0) + one["sums"].get(name, 0.0)
    return {
        "parts": sorted({str(one["part"]) for one in found}), "counters": counters, "durations": durations, "sums": sums,
        "p50": {name: meter.quantile(counts, 0.5) for name, counts in durations.items()},
        "p95": {name: meter.quantile(counts, 0.95) for name, counts in durations.items()},
    }


def everywhere() -> dict[str, dict[str, float]]:
    """Return outbox and deliveries over all companies, with the relay's eyes (it sees nothing else): for metrics without a login."""
    found: dict[str, dict[str, float]] = {}
    with db.connection("relay") as conn:
        for name in ("outbox", "deliveries"):
            row = conn.execute(_WAITING[name]).fetchone()
            assert row is not None  # noqa: S101 - an aggregate has one row
            found[name] = {"pending": row[0], "failed": row[1], "oldest_seconds": row[2]}
    return found


def readiness() -> dict[str, bool]:
    """Tell which of the parts a full service needs are there: database, redis, relay, workers."""
    try:
        parts = {str(one["part"]) for one in meter.everywhere()}
        found = {"redis": True, "relay": "relay" in parts, "workers": bool(workers())}
    except (redis.RedisError, RuntimeError):
        found = {"redis": False, "relay": False, "workers": False}
    return {"database": db.ping(), **found}


def _one(work: Work, query: LiteralString) -> dict[str, Any]:
    row = work.row(query) or {}
    return {"pending": row["pending"], "failed": row["failed"], "oldest_seconds": round(row["oldest_seconds"], 3)}


