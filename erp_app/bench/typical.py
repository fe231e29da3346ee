"""Many typical items replayed from their beginning, some together in one transaction as a repair of all does, against plain Python."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from erp_app.bench import costing_world, reference
from erp_app.costing import shadow
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

if TYPE_CHECKING:
    from erp_app.bench.costing_world import World

GOAL = 130
ITEMS, MOVES, TOGETHER = 2_000, 500, 40


def figure(name: str, world: World, count: int = ITEMS) -> dict[str, Any]:
    """Return items a second, the ratio to the reference of the same run, and whether all pieces are the same."""
    items = world.typical_items(count, MOVES)
    ours, theirs, different = 0.0, 0.0, 0
    for start in range(0, count, TOGETHER):
        with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
            batch = items[start : start + TOGETHER]
            begin = time.perf_counter()
            shadow.replay(work, batch)
            middle = time.perf_counter()
            reference.replay(work, batch)
            end = time.perf_counter()
            ours, theirs, different = ours + middle - begin, theirs + end - middle, different + reference.different(work)
    rate = count / ours
    return {"figure": name, "items": count, "movements_each": MOVES, "items_per_s": round(rate), "reference_per_s": round(count / theirs),
            "ratio": round(theirs / ours, 2), "goal": GOAL, "exact": different == 0, "ok": different == 0 and rate >= GOAL}  # fmt: skip
