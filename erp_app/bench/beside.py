"""Postings of other items while a worker of its own process repairs a long history: are people kept waiting?"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import erp_app.domains  # noqa: F401 - all tables, in the worker's process too
from erp_app.bench import costing_world
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL_RATIO = 1.5
MOVES, ITEMS, LINES, QUIET = 100_000, 20, 5, 300  # quiet is before and after: the machine may be busy with other things
THINK = 0.005  # seconds between two postings of the one who posts
START = datetime(2026, 1, 1, tzinfo=UTC)


def figure(world: costing_world.World, exact: Callable[[int], bool]) -> dict[str, Any]:
    """Post to some items in quiet, then during the repair of another one; return the p95 of both and their ratio."""
    long = world.plain_item(MOVES)
    others = world.items(ITEMS)
    dice = random.Random(1)  # noqa: S311 - which items a posting takes
    _post(world, [_line(world, number, item, 10_000_000_000) for number, item in enumerate(others, 1)], clock.now())
    quiet = [_timed(world, dice, others) for _ in range(QUIET)]
    _post(world, [_line(world, 1, long, 50_000)], START + timedelta(milliseconds=500))
    worker = subprocess.Popen([sys.executable, "-m", __name__, str(long)], stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    if worker.stdout is None or worker.stdout.readline() != b"begun\n":
        raise RuntimeError("the worker did not begin")
    begin, during = time.perf_counter(), []
    while worker.poll() is None:
        during.append(_timed(world, dice, others))
    seconds = time.perf_counter() - begin
    if worker.returncode:
        raise RuntimeError("the worker failed")
    quiet += [_timed(world, dice, others) for _ in range(QUIET)]
    ratio, same = _p95(during) / _p95(quiet), exact(long)
    return {"figure": "repair.others_post_meanwhile", "movements": MOVES, "repair_seconds": round(seconds, 2), "postings": len(during),
            "quiet_p95_ms": round(_p95(quiet) * 1000, 2), "during_p95_ms": round(_p95(during) * 1000, 2), "worst_ms": round(max(during) * 1000, 1),
            "ratio": round(ratio, 2), "goal": GOAL_RATIO, "exact": same, "ok": same and ratio <= GOAL_RATIO}  # fmt: skip


def _timed(world: costing_world.World, dice: random.Random, items: list[int]) -> float:
    """Post one document of a few lines, now; return how long it took."""
    time.sleep(THINK)
    lines = [_line(world, number, item, dice.randint(1, 90_000), out=True) for number, item in enumerate(sorted(dice.sample(items, LINES)), 1)]
    return _post(world, lines, clock.now())


def _line(world: costing_world.World, number: int, item: int, quantity: int, *, out: bool = False) -> Move:
    if out:
        return Move(number, item, world.params["WH"], world.params["ADJUSTMENT"], quantity)
    return Move(number, item, world.params["SUPPLIER"], world.params["WH"], quantity, value=123_457)


def _post(world: costing_world.World, moves: list[Move], at: datetime) -> float:
    document = world.document()
    begin = time.perf_counter()
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        service.post(work, Posting(document, at, moves))
    return time.perf_counter() - begin


def _p95(times: list[float]) -> float:
    return sorted(times)[len(times) * 95 // 100]


def work_off(item: int) -> None:
    """What the worker's process does: as the product's, it says when it begins, and steps back for people."""
    from workers import costing, gentle  # noqa: PLC0415 - workers stand above; only this measurement starts one

    gentle.step_back()
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    costing.replay(system_actor(costing_world.TENANT), str(item))


if __name__ == "__main__":
    work_off(int(sys.argv[1]))
