"""Turns debts of consumers into jobs: few jobs for many events, and never a second job for a key while one is waiting.

A job that is only *waiting* will read every debt there is when it starts; so another event of the same key needs no job. One that
has *started* may have read before our event came; then the key gets a second job. What Redis loses is sent again by the relay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any
from uuid import uuid4

from rq.job import Job

from erp_app.kernel import meter
from erp_app.kernel.delivery import Debt
from workers import queues
from workers.registry import Consumer, consumers

EVENTS_A_JOB = 50
ENTRY = "workers.job.run"
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")
FAILED_KEPT = 7 * 86400  # seconds a failed job stays visible


def send(debts: Sequence[Debt], *, again: bool = False) -> int:
    """Enqueue what the debts need; return the number of jobs.

    `again`: they were sent before and nothing came of it, so a job that only claims to be waiting is not believed.

    Raises:
        redis.RedisError: when Redis is away; the debts stay and are sent again.
    """
    known = consumers()
    jobs = 0
    for name, group in groupby(sorted(debts, key=lambda d: (d.consumer, d.tenant_id, d.key, d.event_id)), key=lambda d: d.consumer):
        if (consumer := known.get(name)) is not None:
            jobs += _send(consumer, list(group), again=again)
    meter.count("jobs_enqueued", jobs)
    return jobs


def job_id(consumer: str, tenant_id: int, key: str) -> str:
    """Return the id of the job of one key; RQ takes letters, digits, `_` and `-` only, so other keys are told apart by a hash."""
    plain = _UNFIT.sub("_", key)
    mark = "" if plain == key else f"-{sha256(key.encode()).hexdigest()[:12]}"
    return f"{_UNFIT.sub('_', consumer)}-{tenant_id}-{plain[:80]}{mark}"


def _send(consumer: Consumer, debts: list[Debt], *, again: bool) -> int:
    queue = queues.queue(consumer.queue)
    wanted = dict(_by_key(consumer, debts) if consumer.key else _by_batch(consumer, debts))
    waiting = _waiting(queue, list(wanted), again=again)
    data = [
        queue.prepare_data(
            ENTRY,
            args=args,
            job_id=chosen,
            result_ttl=0,
            failure_ttl=FAILED_KEPT,
            description=f"{consumer.name} for tenant {args[1]}, key {args[2] or '-'}",
        )
        for base, args in wanted.items()
        if (chosen := waiting[base]) is not None
    ]
    if data:
        queue.enqueue_many(data)
        if again:  # the failure that is tried again is no longer the last word
            queues.connection().zrem(queue.failed_job_registry.key, *[one.job_id for one in data])
    return len(data)


def _by_key(consumer: Consumer, debts: Iterable[Debt]) -> Iterable[tuple[str, tuple[Any, ...]]]:
    for one in debts:
        yield job_id(consumer.name, one.tenant_id, one.key), (consumer.name, one.tenant_id, one.key, [])


def _by_batch(consumer: Consumer, debts: Iterable[Debt]) -> Iterable[tuple[str, tuple[Any, ...]]]:
    for tenant, group in groupby(debts, key=lambda d: d.tenant_id):
        ids = [one.event_id for one in group]
        for start in range(0, len(ids), EVENTS_A_JOB):
            batch = ids[start : start + EVENTS_A_JOB]
            yield job_id(consumer.name, tenant, f"e{batch[0]}"), (consumer.name, tenant, "", batch)


def _waiting(queue: Any, bases: list[str], *, again: bool) -> dict[str, str | None]:
    """Return for each wanted job the id to use, or None when one that waits will do it."""
    with queues.connection().pipeline(transaction=False) as pipe:
        for base in bases:
            pipe.hget(Job.key_for(base), "status")
            pipe.hget(Job.key_for(f"{base}-next"), "status")
            if again:
                pipe.lpos(queue.key, base)
                pipe.lpos(queue.key, f"{base}-next")
        answers = pipe.execute()
    each = 4 if again else 2
    return {base: _vacant(base, answers[n * each : (n + 1) * each]) for n, base in enumerate(bases)}


def _vacant(base: str, answer: list[Any]) -> str | None:
    """Choose the id of one job from what is known of the two it may have (status, status of the next, places in the queue)."""
    states, places = answer[:2], answer[2:]
    if places:
        if any(place is not None for place in places):
            return None
        return base if states[0] != b"started" else f"{base}-{uuid4().hex[:8]}"
    if b"queued" in states:
        return None
    for one, state in zip((base, f"{base}-next"), states, strict=True):
        if state != b"started":
            return one
    return f"{base}-{uuid4().hex[:8]}"
