"""The wrapper around every job: whose tenant, which request, one transaction for effect and proof, and a failure people can see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import redis
import structlog

from erp_app.kernel import bus, clock, delivery, log, meter
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.delivery import Event
from erp_app.kernel.errors import ErpError
from erp_app.kernel.fault import fault
from erp_app.kernel.uow import unit_of_work
from workers.registry import Consumer, consumers

BUSY_SECONDS = 1.0


def run(consumer_name: str, tenant_id: int, key: str, event_ids: list[int]) -> None:
    """Do what one job is for; RQ calls this with JSON values only.

    Raises:
        Exception: the first failure of a consumer, after the reason was stored and the other events were handled.
    """
    consumer = consumers()[consumer_name]
    fault("job_before")
    if consumer.key:
        _run_key(consumer, tenant_id, key)
    else:
        _run_events(consumer, tenant_id, event_ids)
    meter.share("worker")
    _tell_queue(tenant_id)


def _run_events(consumer: Consumer, tenant_id: int, event_ids: list[int]) -> None:
    """Handle events one by one, each with its proof in its own transaction; one that fails does not hold up the others."""
    failures: list[Exception] = []
    function = consumer.function()
    for event_id in event_ids:
        try:
            with _logged(consumer, tenant_id, f"e{event_id}"):
                _run_event(consumer, function, tenant_id, event_id)
        except Exception as error:  # noqa: BLE001 - kept, shown, and raised below
            failures.append(error)
    fault("job_after_commit")
    if failures:
        raise failures[0]


def _run_event(consumer: Consumer, function: Callable[..., Any], tenant_id: int, event_id: int) -> None:
    found: list[Event] = []
    try:
        with unit_of_work(system_actor(tenant_id)) as work:
            found = delivery.take(work.conn, tenant_id, consumer.name, event_id=event_id)
            for event in found:
                work.actor = _on_behalf(tenant_id, event)
                if delivery.settle(work.conn, consumer.name, event):
                    function(work, event)
            fault("job_after_effect")
    except Exception as error:
        _remember(consumer, tenant_id, found, error)
        raise


def _run_key(consumer: Consumer, tenant_id: int, key: str) -> None:
    """Call the consumer once for all waiting events of the key; the debts stay locked meanwhile, which says: in work."""
    found: list[Event] = []
    with _logged(consumer, tenant_id, key):
        try:
            with unit_of_work(system_actor(tenant_id)) as work:
                if not delivery.alone(work.conn, tenant_id, consumer.name, key):
                    delivery.hurry(work.conn, tenant_id, consumer.name, key, BUSY_SECONDS)
                    return
                found = delivery.take(work.conn, tenant_id, consumer.name, key=key)
                if not found:
                    return
                consumer.function()(_on_behalf(tenant_id, found[-1]), key)
                fault("job_after_effect")
                for event in found:
                    delivery.settle(work.conn, consumer.name, event)
        except Exception as error:
            _remember(consumer, tenant_id, found, error)
            raise
    fault("job_after_commit")


def _on_behalf(tenant_id: int, event: Event) -> Actor:
    """The system's identity, with the request that caused the event, so that one search in the logs finds the whole story."""
    return replace(system_actor(tenant_id), request_id=event.request_id)


def _remember(consumer: Consumer, tenant_id: int, events: list[Event], error: Exception) -> None:
    """Store the reason; when the database itself is what failed, the log has it."""
    with suppress(ErpError), unit_of_work(system_actor(tenant_id)) as work:
        for event in events:
            delivery.note_failure(work.conn, consumer.name, event, f"{type(error).__name__}: {error}")


@contextmanager
def _logged(consumer: Consumer, tenant_id: int, key: str) -> Iterator[None]:
    """Log begin and end of one piece of work as one line with its duration, and count it."""
    started = clock.monotonic()
    say = log.logger("job")
    with structlog.contextvars.bound_contextvars(consumer=consumer.name, tenant=tenant_id, key=key):
        try:
            yield
        except Exception:
            meter.count("jobs_failed")
            say.exception("job.failed", seconds=round(clock.monotonic() - started, 4))
            raise
        meter.count("jobs_done")
        meter.took("job", clock.monotonic() - started)
        say.info("job.done", seconds=round(clock.monotonic() - started, 4))


def _tell_queue(tenant_id: int) -> None:
    """Let operations pages look again; a Redis that is away has nobody to tell."""
    try:
        bus.publish(tenant_id, {"topics": ["queue"], "event": "queue.changed", "payload": {}})
    except redis.RedisError:
        return
