"""Postings of other items while a worker of its own process repairs a long history: are people kept waiting?"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
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
MOVES, ITEMS, LINES, ROUNDS = 100_000, 1000, 5, 5
QUIET = 150  # postings before and as many after each repair: even an idle machine has faster and slower spells, twice as slow at times
THINK = 0.005  # seconds between two postings of the one who posts
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Spells:
    """How long each posting took, in seconds, and each repair meanwhile."""

    quiet: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    repairs: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # of each round alone


def figure(world: costing_world.World, exact: Callable[[int], bool]) -> dict[str, Any]:
    """Post to some items in quiet, then during the repair of another one, in rounds; return the p95 of both over all rounds, and their ratio."""
    others = world.items(ITEMS)
    dice = random.Random(1)  # noqa: S311 - which items a posting takes
    _post(world, [_line(world, number, item, 10_000_000_000) for number, item in enumerate(others, 1)], clock.now())
    spells, repaired = Spells(), [world.plain_item(MOVES) for _ in range(ROUNDS)]
    world.tidy()  # or the database tidies up after all this meanwhile
    for item in repaired:
        _round(world, item, spells, lambda: _timed(world, dice, others))
    ratio, same = _p95(spells.during) / _p95(spells.quiet), all(exact(item) for item in repaired)
    return {"figure": "repair.others_post_meanwhile", "movements": MOVES, "repairs": ROUNDS, "repair_seconds": round(statistics.median(spells.repairs), 2),
            "postings": len(spells.during), "quiet_p95_ms": round(_p95(spells.quiet) * 1000, 2), "during_p95_ms": round(_p95(spells.during) * 1000, 2),
            "worst_ms": round(max(spells.during) * 1000, 1), "ratio": round(ratio, 2), "ratios": [round(one, 2) for one in sorted(spells.ratios)],
            "goal": GOAL_RATIO, "exact": same, "ok": same and ratio <= GOAL_RATIO}  # fmt: skip


def _round(world: costing_world.World, item: int, spells: Spells, post: Callable[[], float]) -> None:
    """One repair with others posting beside it, between two quiet spells."""
    quiet, during = [post() for _ in range(QUIET)], []
    _post(world, [_line(world, 1, item, 50_000)], START + timedelta(milliseconds=500))
    worker = subprocess.Popen([sys.executable, "-m", __name__, str(item)], stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    if worker.stdout is None or worker.stdout.readline() != b"begun\n":
        raise RuntimeError("the worker did not begin")
    begin = time.perf_counter()
    while worker.poll() is None:
        during.append(post())
    spells.repairs.append(time.perf_counter() - begin)
    if worker.returncode:
        raise RuntimeError("the worker failed")
    quiet += [post() for _ in range(QUIET)]
    spells.quiet += quiet
    spells.during += during
    spells.ratios.append(_p95(during) / _p95(quiet))


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
