"""What warehouse documents ask the stock ledger: quantities at a moment, and what goods cost last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from erp_app.kernel.uow import Work


def on_hand_at(work: Work, place_id: int, items: Iterable[int], at: datetime) -> dict[int, int]:
    """Return ledger units of items at a place (lot 0) by movements effective up to a moment."""
    rows = work.rows(
        "SELECT item_id, sum(CASE WHEN to_place_id = %(place)s THEN quantity ELSE -quantity END)::bigint AS units FROM stock_move"
        " WHERE item_id = ANY(%(items)s) AND effective_at <= %(at)s"
        " AND ((to_place_id = %(place)s AND to_lot = 0) OR (from_place_id = %(place)s AND from_lot = 0)) GROUP BY item_id",
        {"place": place_id, "items": sorted(set(items)), "at": at},
    )
    return {row["item_id"]: row["units"] for row in rows}


def unit_cost(work: Work, item_id: int, at: datetime) -> tuple[int, int] | None:
    """Return (value, ledger units) of the last layer of an item laid anywhere of ours up to a moment, for goods found; None when unknown."""
    row = work.row(
        "SELECT l.value, l.quantity FROM cost_layer l JOIN place p ON p.id = l.place_id"
        " WHERE l.item_id = %s AND l.effective_at <= %s AND p.kind IN ('warehouse', 'quarantine', 'vendor')"
        " ORDER BY l.effective_at DESC, l.move_id DESC LIMIT 1",
        [item_id, at],
    )
    return (row["value"], row["quantity"]) if row else None
