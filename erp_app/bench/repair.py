"""How fast a late document is put right, how fast it is validated, and who waits meanwhile.

Each repair is done by plain Python first (and taken back), which must store the very same rows; and in the end the ledger must be what
a replay of everything gives.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import erp_app.domains  # noqa: F401 - all tables
from erp_app.bench import beside, costing_world, reference, typical
from erp_app.bench.scratch import scratch
from erp_app.costing import repo_checkpoint, shadow
from erp_app.costing.recost import Recosted
from erp_app.costing.settle import settle
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 1, 1, tzinfo=UTC)
GOAL_LATE, GOAL_MANY, GOAL_CHECK_MS = 0.2, 2.0, 10.0
MANY, LATER, FEW = 22_364, 10_000, 1_000


class Late(NamedTuple):
    """A repair: seconds it took, seconds the reference took, whether both stored the same, and what was found."""

    seconds: float
    reference: float
    same: bool
    done: Recosted


def run(rows: int = 1_000_000, repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Yield figures: seconds from the waiting row to the stored corrections, and milliseconds of a validation."""
    with scratch() as admin_url:
        world = costing_world.build(admin_url)
        _late(world, world.plain_item(FEW), 0)  # nobody's statistics are those of empty tables
        large = world.plain_item(rows)
        taken = [_late(world, large, rows * 99 // 100 + number) for number in range(repeats)]
        yield _figure("repair.late_at_99_percent", taken, GOAL_LATE, exact=_exact(large))
        many = world.plain_item(2 * MANY)
        yield _figure("repair.many_documents", [_late(world, many, 0)], GOAL_MANY, exact=_exact(many))
        yield from _check(world, large, rows, repeats)
        yield typical.figure("repair.typical", world)
        yield beside.figure(world, _exact)


def _figure(name: str, taken: list[Late], goal: float, *, exact: bool) -> dict[str, Any]:
    seconds, plain = (statistics.median(column) for column in ([one.seconds for one in taken], [one.reference for one in taken]))
    done, exact = taken[-1].done, exact and all(one.same for one in taken)
    return {"figure": name, "movements": done.moves, "documents": len(done.documents), "pieces": done.pieces, "seconds": round(seconds, 3),
            "reference_seconds": round(plain, 3), "ratio": round(plain / seconds, 2), "goal": goal, "exact": exact,
            "ok": exact and seconds <= goal}  # fmt: skip


def _late(world: costing_world.World, item: int, second: int) -> Late:
    """Enter a receipt that came `second` seconds into the history; settle it, by the reference first.

    The database is tidied before each: neither may stumble over what the other left.
    """
    at = START + timedelta(seconds=second, milliseconds=500)
    move, document = Move(1, item, world.params["SUPPLIER"], world.params["WH"], 50_000, value=123_457), world.document()
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        service.post(work, Posting(document, at, [move]))
    world.tidy()
    begin = time.perf_counter()
    with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
        reference.repair(work, item, document, at)
        plain = time.perf_counter() - begin
        wanted = reference.stored(work, item, document, at)
    world.tidy()
    begin = time.perf_counter()
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        done = settle(work, item)
    seconds = time.perf_counter() - begin
    if done is None:
        raise RuntimeError("nothing was late")
    with unit_of_work(system_actor(costing_world.TENANT)) as work:
        return Late(seconds, plain, wanted == reference.stored(work, item, document, at), done)


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
