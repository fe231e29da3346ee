"""How fast a document of five lines is posted from Python, with FIFO, journal, row-level security and triggers, on 8 clients.

The reference is the bare floor in the same run, in blocks that take turns (`posting_floor.py` says what it does, and what not).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg

import erp_app.domains  # noqa: F401 - the document types
from erp_app.bench import posting_floor
from erp_app.bench import posting_world as world
from erp_app.bench.scratch import scratch
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting

CLIENTS, LINES, HOT, SECONDS = 8, 5, 10, 3.0
GOAL_RATIO, GOAL_HOT_RATIO, GOAL_P95_MS = 0.45, 0.30, 12.0
KINDS = ("floor", "floor_tuned", "posting", "floor_hot", "floor_tuned_hot", "posting_hot")
_start: Barrier | None = None


@dataclass(frozen=True)
class Task:
    """One client's part of one block."""

    kind: str
    admin_url: str
    ids: world.Ids
    documents: list[int]
    seed: int
    at: datetime  # of all documents alike: present, so that nothing is late


def run(repeats: int = 5) -> Iterator[dict[str, Any]]:
    """Yield one figure for each kind of block: tps, p50_ms, p95_ms, and for ours the ratio to the floor, and to the tuned floor."""
    with scratch() as admin_url:
        ids = world.build(admin_url)
        at = clock.now()
        context = multiprocessing.get_context("spawn")
        with context.Pool(CLIENTS, _ready, (context.Barrier(CLIENTS),)) as pool:
            blocks: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
            for number in range(repeats):
                for kind in KINDS:
                    tasks = [Task(kind, admin_url, ids, _papers(kind, admin_url, ids), number * 100 + n, at) for n in range(CLIENTS)]
                    blocks[kind].append([one for times in pool.map(_client, tasks, chunksize=1) for one in times])
        yield from _figures(blocks)


def _papers(kind: str, admin_url: str, ids: world.Ids) -> list[int]:
    """Return drafts for one client to post; the floor makes its own headers."""
    return world.papers(admin_url, ids.tenant) if kind.startswith("posting") else []


def _figures(blocks: dict[str, list[list[float]]]) -> Iterator[dict[str, Any]]:
    rates = {kind: [len(block) / SECONDS for block in taken] for kind, taken in blocks.items()}
    for kind, taken in blocks.items():
        times = sorted(one * 1000 for block in taken for one in block)
        figure: dict[str, Any] = {
            "figure": f"posting.{kind}", "clients": CLIENTS, "lines": LINES, "tps": round(statistics.median(rates[kind])),
            "p50_ms": round(times[len(times) // 2], 2), "p95_ms": round(times[len(times) * 95 // 100], 2), "postings": len(times),
        }
        if kind.startswith("posting"):
            goal = GOAL_HOT_RATIO if kind.endswith("hot") else GOAL_RATIO
            ratio, tuned = (_ratio(rates[kind], rates[kind.replace("posting", floor)]) for floor in ("floor", "floor_tuned"))
            figure |= {"ratio": round(ratio, 3), "ratio_tuned": round(tuned, 3), "goal_ratio": goal, "goal_p95_ms": GOAL_P95_MS}
            figure["ok"] = ratio >= goal and (kind.endswith("hot") or figure["p95_ms"] <= GOAL_P95_MS)
        yield figure


def _ratio(ours: list[float], floor: list[float]) -> float:
    """Return the median over the blocks that took turns."""
    return statistics.median(mine / bare for mine, bare in zip(ours, floor, strict=True))


def _ready(barrier: Barrier) -> None:
    global _start  # noqa: PLW0603 - one barrier for each client process
    _start = barrier
    os.environ["ERP_POOL_SIZE"] = "1"


def _client(task: Task) -> list[float]:
    """Post as often as time allows; return the seconds each took."""
    dice = random.Random(task.seed)  # noqa: S311 - repeatable on purpose
    call = (_floor if task.kind.startswith("floor") else _ours)(task, dice)
    for _ in range(7):
        call()  # statements are prepared, plans are made
    assert _start is not None  # noqa: S101 - set by _ready
    _start.wait()
    times, end = [], time.perf_counter() + SECONDS
    while (before := time.perf_counter()) < end:
        call()
        times.append(time.perf_counter() - before)
    return times


def _items(task: Task, dice: random.Random) -> list[int]:
    return dice.sample(task.ids.hot if task.kind.endswith("hot") else task.ids.items, LINES)


def _floor(task: Task, dice: random.Random) -> Callable[[], None]:
    conn = psycopg.connect(task.admin_url, autocommit=True)

    def call() -> None:
        posting_floor.post(conn, _items(task, dice), [Decimal(dice.randint(1, 5)) for _ in range(LINES)], tuned="tuned" in task.kind)

    return call


def _ours(task: Task, dice: random.Random) -> Callable[[], None]:
    actor = system_actor(task.ids.tenant)

    def call() -> None:
        document = task.documents.pop()
        moves = [
            Move(line, item, task.ids.warehouse, task.ids.adjustment, dice.randint(1, 5) * 10_000)
            for line, item in enumerate(_items(task, dice), 1)
        ]
        with unit_of_work(actor) as work:
            service.post(work, Posting(document, task.at, moves, text="bench"))

    return call
