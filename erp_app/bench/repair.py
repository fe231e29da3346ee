"""How fast a late document is put right, checked against a replay of everything; how fast it is validated; and who waits meanwhile."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import erp_app.domains  # noqa: F401 - all tables
from erp_app.bench import beside, costing_world
from erp_app.bench.scratch import scratch
from erp_app.costing import repo_checkpoint, shadow
from erp_app.costing.settle import settle
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erp_app.costing.recost import Recosted

START = datetime(2026, 1, 1, tzinfo=UTC)
GOAL_LATE, GOAL_MANY, GOAL_CHECK_MS, GOAL_TYPICAL = 0.2, 2.0, 10.0, 130
MANY, LATER = 22_364, 10_000
TYPICAL, MOVES, TOGETHER = 2_000, 500, 40


def run(rows: int = 1_000_000, repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Yield figures: seconds from the waiting row to the stored corrections, and milliseconds of a validation."""
    with scratch() as admin_url:
        world = costing_world.build(admin_url)
        large = world.plain_item(rows)
        taken = [_late(world, large, rows * 99 // 100 + number) for number in range(repeats)]
        yield _figure("repair.late_at_99_percent", taken, GOAL_LATE, exact=_exact(large))
        many = world.plain_item(2 * MANY)
        yield _figure("repair.many_documents", [_late(world, many, 0)], GOAL_MANY, exact=_exact(many))
        yield from _check(world, large, rows, repeats)
        yield _typical(world)
        yield beside.figure(world, _exact)


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


def _check(world: costing_world.World, item: int, rows: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Validate a late issue over the movements after it, as every posting of one does: by reading them all, and by blocks."""
    later = [LATER, rows // 2]
    plain = {count: _validated(world, item, rows - count, repeats) for count in later}
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        repo_checkpoint.make_blocks(work, item)
    for count in later:
        (ms, fits), (plain_ms, plain_fits) = _validated(world, item, rows - count, repeats * 5), plain[count]
        yield {"figure": "repair.validation", "later_movements": count, "ms": round(ms, 2), "reading_all_ms": round(plain_ms, 2), "goal_ms": GOAL_CHECK_MS,
               "exact": fits == plain_fits, "ok": fits == plain_fits and ms <= GOAL_CHECK_MS}  # fmt: skip


def _validated(world: costing_world.World, item: int, second: int, repeats: int) -> tuple[float, list[Any]]:
    """Return the median in milliseconds, and what fits at several moments from `second` on."""
    times, found = [], []
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        for number in range(max(repeats, 7)):
            at = START + timedelta(seconds=second + number, milliseconds=750)
            begin = time.perf_counter()
            found.append(work.row(
                "SELECT l.* FROM stock_balance b, stock_lowest(%s::bigint, b, %s, 1::bigint, (-1)::bigint) l WHERE b.item_id = %s AND b.place_id = %s",
                (costing_world.TENANT, at, item, world.params["WH"]),
            ))  # fmt: skip
            times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times), found[:7]


def _typical(world: costing_world.World) -> dict[str, Any]:
    """Replay many typical items from their beginning, some together in one transaction, as a repair of all does."""
    items = world.typical_items(TYPICAL, MOVES)
    begin = time.perf_counter()
    for start in range(0, TYPICAL, TOGETHER):
        with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
            shadow.replay(work, items[start : start + TOGETHER])
    rate = TYPICAL / (time.perf_counter() - begin)
    return {"figure": "repair.typical", "items": TYPICAL, "movements_each": MOVES, "items_per_s": round(rate), "goal": GOAL_TYPICAL,
            "ok": rate >= GOAL_TYPICAL}  # fmt: skip
