"""How fast a late document is put right: at the end of a long history, with thousands of affected documents, and its validation."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import erp_app.domains  # noqa: F401 - all tables
from erp_app.bench import costing_world
from erp_app.bench.scratch import scratch
from erp_app.costing import shadow
from erp_app.costing.settle import settle
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erp_app.costing.recost import Recosted

START = datetime(2026, 1, 1, tzinfo=UTC)
GOAL_LATE, GOAL_MANY, GOAL_CHECK_MS = 0.2, 2.0, 10.0
MANY, LATER = 22_364, 10_000


def run(rows: int = 1_000_000, repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Yield figures: seconds from the waiting row to the stored corrections, and milliseconds of a validation."""
    with scratch() as admin_url:
        world = costing_world.build(admin_url)
        large = world.plain_item(rows)
        taken = [_late(world, large, rows * 99 // 100 + number) for number in range(repeats)]
        yield _figure("repair.late_at_99_percent", taken, GOAL_LATE, exact=_exact(large))
        many = world.plain_item(2 * MANY)
        yield _figure("repair.many_documents", [_late(world, many, 0)], GOAL_MANY, exact=_exact(many))
        yield _check(world, large, rows, repeats)


def _figure(name: str, taken: list[tuple[float, Recosted]], goal: float, *, exact: bool) -> dict[str, Any]:
    seconds, done = statistics.median(one for one, _ in taken), taken[-1][1]
    return {"figure": name, "movements": done.moves, "documents": len(done.documents), "pieces": done.pieces, "seconds": round(seconds, 3),
            "goal": goal, "exact": exact, "ok": exact and seconds <= goal}  # fmt: skip


def _late(world: costing_world.World, item: int, second: int) -> tuple[float, Recosted]:
    """Enter a receipt that came `second` seconds into the history; return how long settling took, and what it found."""
    at = START + timedelta(seconds=second, milliseconds=500)
    move = Move(1, item, world.params["SUPPLIER"], world.params["WH"], 50_000, value=123_457)
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        service.post(work, Posting(world.document(), at, [move]))
    begin = time.perf_counter()
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        done = settle(work, item)
    if done is None:
        raise RuntimeError("nothing was late")
    return time.perf_counter() - begin, done


def _exact(item: int) -> bool:
    """Tell whether the ledger now is what a replay of everything gives."""
    with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
        return shadow.compare(work, [item]).different == 0


def _check(world: costing_world.World, item: int, rows: int, repeats: int) -> dict[str, Any]:
    """Validate a late issue over the movements after it, as every posting of one does."""
    at = START + timedelta(seconds=rows - LATER, milliseconds=750)
    times = []
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        for _ in range(repeats * 5):
            begin = time.perf_counter()
            work.row(
                "SELECT l.* FROM stock_balance b, stock_lowest(%s::bigint, b, %s, 1::bigint, (-1)::bigint) l WHERE b.item_id = %s AND b.place_id = %s",
                (costing_world.TENANT, at, item, world.params["WH"]),
            )
            times.append((time.perf_counter() - begin) * 1000)
    return {"figure": "repair.validation", "later_movements": LATER, "ms": round(statistics.median(times), 2), "goal_ms": GOAL_CHECK_MS,
            "ok": statistics.median(times) <= GOAL_CHECK_MS}  # fmt: skip
