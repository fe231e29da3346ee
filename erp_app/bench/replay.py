"""How fast costs are replayed on a shadow copy, read and write included: one item of a million movements, and many typical ones.

The reference in the same run is what one would write first: rows into Python, a deque of layers, rows back.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from typing import TYPE_CHECKING, Any, LiteralString

import erp_app.domains  # noqa: F401 - all tables
from erp_app.bench import costing_world, reference, typical
from erp_app.bench.scratch import scratch
from erp_app.costing import shadow
from erp_app.kernel.actor import system_actor
from erp_app.kernel.money import half_up
from erp_app.kernel.uow import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from erp_app.kernel.uow import Work

GOAL_MOVEMENTS = 400_000


def run(rows: int = 1_000_000, repeats: int = 3) -> Iterator[dict[str, Any]]:
    """Yield figures: movements a second of one large item against the reference, and typical items a second."""
    with scratch() as admin_url:
        world = costing_world.build(admin_url)
        item = world.plain_item(rows)
        ours, theirs = [], []
        for _ in range(repeats):
            theirs.append(_timed(lambda work: _reference(work, item)))
            ours.append(_timed(lambda work: shadow.replay(work, [item])))
        same = _same(item)
        yield _large("replay.reference", rows, theirs) | {"method": "rows, deque, rows"}
        rate = rows / statistics.median(ours)
        yield _large("replay.large", rows, ours) | {"ratio": round(rate * statistics.median(theirs) / rows, 2), "goal": GOAL_MOVEMENTS, "exact": same,
                                                    "ok": same and rate >= GOAL_MOVEMENTS}  # fmt: skip
        yield typical.figure("replay.typical", world)


def _large(figure: str, rows: int, times: list[float]) -> dict[str, Any]:
    return {"figure": figure, "movements": rows, "seconds": round(statistics.median(times), 3), "movements_per_s": round(rows / statistics.median(times))}


def _timed(call: Callable[[Work], Any]) -> float:
    begin = time.perf_counter()
    with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
        call(work)
    return time.perf_counter() - begin


_READ: LiteralString = (
    "SELECT m.id, CASE WHEN place_followed(t.kind) THEN m.quantity ELSE -m.quantity END, coalesce(m.value, 0) FROM stock_move m"
    " JOIN place t ON t.tenant_id = m.tenant_id AND t.id = m.to_place_id WHERE m.tenant_id = %s AND m.item_id = %s ORDER BY m.effective_at, m.id"
)


def _reference(work: Work, item: int) -> None:
    """Replay with rows and a deque, into a table like ours."""
    work.conn.execute(reference.TABLE)
    rows = work.conn.execute(_READ, (costing_world.TENANT, item)).fetchall()
    layers: deque[list[int]] = deque()
    with work.conn.cursor().copy("COPY reference_piece FROM STDIN") as out:
        for move, quantity, value in rows:
            if quantity > 0:
                layers.append([move, quantity, value, 0])
                out.write_row((move, move, quantity, value))
                continue
            need = -quantity
            while need:
                layer = layers[0]
                part = min(need, layer[1] - layer[3])
                worth = half_up(layer[2] * (layer[3] + part), layer[1]) - half_up(layer[2] * layer[3], layer[1])
                out.write_row((move, layer[0], part, worth))
                layer[3] += part
                need -= part
                if layer[3] == layer[1]:
                    layers.popleft()


def _same(item: int) -> bool:
    """Tell whether reference and shadow hold the same pieces, and the ledger too."""
    with unit_of_work(system_actor(costing_world.TENANT), dry_run=True) as work:
        _reference(work, item)
        found = shadow.compare(work, [item])
        return found.different == 0 and reference.different(work) == 0
