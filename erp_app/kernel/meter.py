"""What this process has done so far, in numbers: counters and durations, shared through Redis so that any process can show all.

Numbers are for operators only; losing them (a crash, an empty Redis) costs nothing but a gap in a graph.
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_left
from typing import Any, cast

import redis

from erp_app.kernel import bus, clock

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds; the last bucket is open
KEPT_SECONDS = 60
_lock = threading.Lock()
_counters: dict[str, float] = {}
_durations: dict[str, list[int]] = {}
_sums: dict[str, float] = {}
_last = 0.0


def count(name: str, amount: float = 1) -> None:
    """Add to a counter of this process."""
    with _lock:
        _counters[name] = _counters.get(name, 0) + amount


def took(name: str, seconds: float) -> None:
    """Enter one duration, in seconds."""
    with _lock:
        _durations.setdefault(name, [0] * (len(BUCKETS) + 1))[bisect_left(BUCKETS, seconds)] += 1
        _sums[name] = _sums.get(name, 0.0) + seconds


def share(part: str, every: float = 5.0) -> None:
    """Write this process's numbers to Redis, at most once in `every` seconds; a Redis that is away is passed over."""
    global _last  # noqa: PLW0603 - one per process by design
    moment = clock.monotonic()
    with _lock:
        if moment - _last < every:
            return
        _last = moment
        text = json.dumps({"part": part, "pid": os.getpid(), "counters": _counters, "durations": _durations, "sums": _sums})
    try:
        bus.client().set(f"meter:{part}:{os.getpid()}", text, ex=KEPT_SECONDS)
    except redis.RedisError:
        return


def everywhere() -> list[dict[str, Any]]:
    """Return the numbers of every process that shared some in the last minute.

    Raises:
        redis.RedisError: when Redis is away.
    """
    client = bus.client()
    found = [cast("bytes | None", client.get(key)) for key in client.scan_iter("meter:*")]
    return [json.loads(one) for one in found if one]


def quantile(counts: list[int], share_of: float) -> float:
    """Return the upper edge of the bucket in which the quantile lies, in seconds; 0 when nothing was counted."""
    wanted = share_of * sum(counts)
    seen = 0
    for n, edge in zip(counts, (*BUCKETS, BUCKETS[-1]), strict=True):
        seen += n
        if n and seen >= wanted:
            return edge
    return 0.0
