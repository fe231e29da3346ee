"""Checkpoints: sealed snapshots of one item's layers, stored beside the ledger and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.sql import SQL

if TYPE_CHECKING:
    from datetime import datetime

    from erp_app.kernel.uow import Work

OURS = ["warehouse", "vendor", "in_transit", "quarantine"]
BLOCK = 512  # movements

_QUEUES = SQL(
    "SELECT b.item_id, b.place_id, b.lot FROM stock_balance b JOIN place p ON p.tenant_id = b.tenant_id AND p.id = b.place_id"
    " WHERE b.tenant_id = %(tenant)s AND b.item_id = %(item)s AND p.kind = ANY(%(ours)s) AND (b.lot = 0 OR b.on_hand > 0"
    " OR b.last_at >= %(at)s)",
)
_KNOWN = SQL(
    "SELECT coalesce(max(id), 0), count(*) FILTER (WHERE effective_at > %(after)s) FROM stock_move"
    " WHERE tenant_id = %(tenant)s AND item_id = %(item)s AND effective_at <= %(at)s",
)
_NEWEST = SQL(
    "SELECT DISTINCT ON (at) id, at, last_move_id, layers, sha256 FROM cost_checkpoint WHERE tenant_id = %(tenant)s AND item_id = %(item)s"
    " AND at >= %(after)s ORDER BY at, id DESC",
)


@dataclass(frozen=True)
class Sealed:
    """A stored checkpoint: the newest of its moment."""

    id: int
    at: datetime
    last_move: int
    layers: bytes
    sha256: str


def our_queues(work: Work, item: int, at: datetime) -> list[tuple[int, int, int]]:
    """Return the queues of an item at places that are ours and may have held something at `at`."""
    rows = work.conn.execute(_QUEUES, {"tenant": work.actor.tenant_id, "item": item, "ours": OURS, "at": at}).fetchall()
    return [(number, place, lot) for number, place, lot in rows]


def known_moves(work: Work, item: int, after: datetime, at: datetime) -> tuple[int, int]:
    """Return the highest id of an item's movements effective up to `at`, and the number of those after `after`."""
    found = work.conn.execute(_KNOWN, {"tenant": work.actor.tenant_id, "item": item, "after": after, "at": at}).fetchone()
    return (found[0], found[1]) if found else (0, 0)


def newest(work: Work, item: int, after: datetime) -> list[Sealed]:
    """Return an item's checkpoints from a moment on, the newest of each moment, in order of time."""
    return [Sealed(*row) for row in work.conn.execute(_NEWEST, {"tenant": work.actor.tenant_id, "item": item, "after": after})]


def add(work: Work, item: int, at: datetime, moves: tuple[int, int], reason: str, sealed: tuple[bytes, str]) -> None:
    """Store a checkpoint: (highest movement id, number of movements since the one before), (layers, hash). The item is held."""
    work.run(
        "INSERT INTO cost_checkpoint (tenant_id, item_id, at, last_move_id, moves, reason, layers, sha256, last_piece_id, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, nextval('cost_piece_id_seq'), clock_timestamp())",
        (work.actor.tenant_id, item, at, *moves, reason, *sealed),
    )


def items_with_checkpoints(work: Work, starts: dict[int, datetime]) -> list[tuple[int, datetime]]:
    """Return (item, moment) of checkpoints that lie on or after the moments from which items were replayed."""
    rows = work.conn.execute(
        "SELECT DISTINCT c.item_id, c.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS t (item_id, start)"
        " JOIN cost_checkpoint c ON c.tenant_id = %s AND c.item_id = t.item_id AND c.at >= t.start ORDER BY 1, 2",
        (list(starts), list(starts.values()), work.actor.tenant_id),
    ).fetchall()
    return [(item, at) for item, at in rows]


def items_to_seal(work: Work, at: datetime, after: int = 0) -> list[int]:
    """Return the items, from an id on, that moved up to `at` and after their newest checkpoint before it."""
    rows = work.conn.execute(
        "SELECT i.id FROM item i WHERE i.tenant_id = %(tenant)s AND i.id > %(after)s AND EXISTS (SELECT 1 FROM stock_move m WHERE m.tenant_id = i.tenant_id"
        " AND m.item_id = i.id AND m.effective_at <= %(at)s AND m.effective_at > coalesce((SELECT max(c.at) FROM cost_checkpoint c"
        " WHERE c.tenant_id = i.tenant_id AND c.item_id = i.id AND c.at <= %(at)s), '-infinity')) ORDER BY i.id",
        {"tenant": work.actor.tenant_id, "after": after, "at": at},
    )
    return [item for (item,) in rows.fetchall()]


def make_blocks(work: Work, item: int) -> int:
    """Put what is old of an item's movements into blocks, by which a late issue is checked without reading them; return how many."""
    return int(work.value("SELECT stock_block_make(%s, %s, %s)", (work.actor.tenant_id, item, BLOCK)))
