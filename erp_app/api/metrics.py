"""Numbers for a monitoring system, in Prometheus' text format; and the measuring of every request."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import redis
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from erp_app.api.auth import public, who_asks
from erp_app.api.shield import ADDRESS
from erp_app.kernel import clock, meter
from erp_app.kernel.access import may
from erp_app.kernel.errors import Forbidden
from erp_app.reports import operations

router = APIRouter(tags=["system"])

_HELP = {
    "satu_queue_waiting": "Jobs that wait in a queue",
    "satu_queue_failed": "Jobs that failed lately",
    "satu_events_pending": "Events not yet sent (outbox) or whose consumer is not done (deliveries)",
    "satu_events_failed": "Events whose consumer failed",
    "satu_events_oldest_seconds": "Age of the oldest of them",
    "satu_workers": "Job workers that are alive",
    "satu_part_up": "Whether a part of the system is there",
}


@router.get("/metrics", response_class=PlainTextResponse, include_in_schema=False)
@public("for this machine itself without a login; for others only with the right to view operations")
def metrics(request: Request) -> str:
    """Return all numbers as text.

    Raises:
        Forbidden: ERP-1301 from another machine without the right to view operations.
    """
    if not _is_local(str(request.scope.get(ADDRESS) or "-"), request):
        who = who_asks(request)
        if who is None or not may(who.actor, "operations", "view"):
            raise Forbidden("ERP-1301", "You may not view operations. Ask an administrator for the right.")
    return "\n".join(_lines()) + "\n"


def _is_local(address: str, request: Request) -> bool:
    """Tell whether a program of this machine asks itself: through a proxy everybody would seem to."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _lines() -> Iterator[str]:
    parts = operations.readiness()
    yield from _gauge("satu_part_up", {f'part="{name}"': float(there) for name, there in parts.items()})
    if parts["database"]:
        events = operations.everywhere()
        for key in ("pending", "failed", "oldest_seconds"):
            yield from _gauge(f"satu_events_{key}", {f'queue="{name}"': float(row[key]) for name, row in events.items()})
    if parts["redis"]:
        try:
            yield from _from_redis()
        except redis.RedisError:
            return


def _from_redis() -> Iterator[str]:
    found = operations.queues()
    yield from _gauge("satu_queue_waiting", {f'queue="{one["name"]}"': float(one["waiting"]) for one in found})
    yield from _gauge("satu_queue_failed", {f'queue="{one["name"]}"': float(one["failed"]) for one in found})
    yield from _gauge("satu_workers", {"": float(len(operations.workers()))})
    shared = operations.processes()
    for name, value in sorted(shared["counters"].items()):
        yield f"# TYPE satu_{name}_total counter"
        yield f"satu_{name}_total {value:g}"
    for name, counts in sorted(shared["durations"].items()):
        yield from _histogram(f"satu_{name}_seconds", counts, shared["sums"].get(name, 0.0))


def _gauge(name: str, values: dict[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {_HELP.get(name, name)}"
    yield f"# TYPE {name} gauge"
    for label, value in values.items():
        yield f"{name}{{{label}}} {value:g}" if label else f"{name} {value:g}"


def _histogram(name: str, counts: list[int], total: float) -> Iterator[str]:
    yield f"# TYPE {name} histogram"
    seen = 0
    for edge, count in zip((*map(str, meter.BUCKETS), "+Inf"), counts, strict=True):
        seen += count
        yield f'{name}_bucket{{le="{edge}"}} {seen}'
    yield f"{name}_sum {total:g}"
    yield f"{name}_count {seen}"


class Measured:
    """ASGI middleware: the duration of every request and the number of answers by kind, for `/metrics`."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one request and measure it; sockets and start-up are passed through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = clock.monotonic()

        async def noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                meter.count(f"responses_{int(message['status']) // 100}xx")
                meter.took("request", clock.monotonic() - started)
            await send(message)

        await self.app(scope, receive, noted)
