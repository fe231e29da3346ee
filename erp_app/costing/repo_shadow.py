"""Reading a whole plain item in columns, and keeping a shadow copy of its pieces beside the ledger to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from psycopg.sql import SQL

from erp_app.costing import wire
from erp_app.costing.plain import Movements
from erp_app.costing.repo import followed_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from erp_app.costing.difference import PieceColumns
    from erp_app.costing.plain import Pieces
    from erp_app.kernel.db import Connection
    from erp_app.kernel.uow import Work

MOVES = SQL(
    "SELECT m.id, m.from_place_id, m.to_place_id, m.quantity, coalesce(m.value, 0),"
    " (m.transform OR m.source_move_id IS NOT NULL OR m.from_lot <> 0 OR m.to_lot <> 0)::int::bigint"
    " FROM stock_move m WHERE m.tenant_id = %(tenant)s AND m.item_id = %(item)s ORDER BY m.effective_at, m.id",
)
_REVALUED = (
    "SELECT EXISTS (SELECT 1 FROM cost_revaluation v JOIN stock_move m ON m.tenant_id = v.tenant_id AND m.id = v.move_id"
    " WHERE v.tenant_id = %(tenant)s AND m.item_id = %(item)s)"
)
_TABLE = SQL(
    "CREATE TEMPORARY TABLE IF NOT EXISTS shadow_piece (move_id bigint, receipt_id bigint, quantity bigint, value bigint) ON COMMIT DROP",
)
_STREAM = SQL("COPY shadow_piece FROM STDIN (FORMAT BINARY)")
_DIFFERENT = SQL(
    "SELECT min(m.effective_at), count(*) FROM (SELECT coalesce(s.move_id, p.move_id) AS move_id FROM (SELECT move_id, receipt_id,"
    "  sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM shadow_piece GROUP BY 1, 2 HAVING sum(quantity) <> 0 OR sum(value) <> 0) s"
    " FULL JOIN (SELECT c.move_id, l.move_id AS receipt_id, sum(c.quantity)::bigint AS quantity, sum(c.value)::bigint AS value FROM stock_move m"
    "  JOIN cost_piece c ON c.tenant_id = m.tenant_id AND c.move_id = m.id JOIN cost_layer l ON l.tenant_id = c.tenant_id AND l.id = c.layer_id"
    "  WHERE m.tenant_id = %(tenant)s AND m.item_id = ANY(%(items)s) GROUP BY 1, 2 HAVING sum(c.quantity) <> 0 OR sum(c.value) <> 0) p"
    " USING (move_id, receipt_id) WHERE (s.quantity, s.value) IS DISTINCT FROM (p.quantity, p.value)) d"
    " JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.id = d.move_id",
)


class Holder(Protocol):
    """Whoever has a connection with an open transaction: a unit of work, or a measurement that fills its tables."""

    @property
    def conn(self) -> Connection:
        """The connection."""


def movements(work: Work, item: int) -> Movements | None:
    """Read all movements of an item, by place and in order of time; None when it is not plain.

    Plain goods only come in at given values and go out first in first out: nothing was moved on, made, returned or revalued.
    """
    params = {"tenant": work.actor.tenant_id, "item": item}
    if work.value(_REVALUED, params):
        return None
    return plain_rows(wire.read(work.conn, MOVES, params, 6), followed_places(work))


def plain_rows(columns: Sequence[NDArray[np.int64]], followed: Iterable[int]) -> Movements | None:
    """Count what comes into a followed place up and what goes out down; None when a movement is not plain."""
    number, source, target, quantity, value, odd = columns
    ours = np.array(sorted(followed), np.int64)
    comes, goes = np.isin(target, ours), np.isin(source, ours)
    if odd.any() or (comes == goes).any():
        return None
    place = np.where(comes, target, source)
    rows = Movements(place, number, np.where(comes, quantity, -quantity), np.where(comes, value, 0))
    if len(place) and (place != place[0]).any():
        order = np.argsort(place, kind="stable")
        rows = Movements(*(column[order] for column in rows))
    return rows


def keep(work: Holder, rows: Movements, pieces: Pieces) -> None:
    """Write a plain replay's pieces into the shadow table of this transaction: what went out, and what came in."""
    received = np.flatnonzero(rows.quantity > 0)
    columns = (
        np.concatenate((rows.id[pieces.issue], rows.id[received])),
        np.concatenate((rows.id[pieces.receipt], rows.id[received])),
        np.concatenate((pieces.quantity, rows.quantity[received])),
        np.concatenate((pieces.value, rows.value[received])),
    )
    _write(work, columns)


def keep_pieces(work: Holder, pieces: PieceColumns, layer: NDArray[np.int64], made_by: NDArray[np.int64]) -> None:
    """Write the engine's pieces into the shadow table; each `layer` was made by the movement `made_by` beside it."""
    order = np.argsort(layer)
    receipt = made_by[order][np.searchsorted(layer[order], pieces.layer)]
    _write(work, [pieces.move, receipt, pieces.quantity, pieces.value])


def _write(work: Holder, columns: Iterable[NDArray[np.int64]]) -> None:
    work.conn.execute(_TABLE)
    work.conn.execute("TRUNCATE shadow_piece")
    wire.write(work.conn, _STREAM, list(columns))


def first_difference(work: Work, items: Sequence[int]) -> tuple[datetime | None, int]:
    """Compare the shadow with what is posted; return the time of the first movement that differs, and how many pieces do."""
    work.conn.execute("ANALYZE shadow_piece")
    found = work.conn.execute(_DIFFERENT, {"tenant": work.actor.tenant_id, "items": list(items)}).fetchone()
    return (found[0], found[1]) if found else (None, 0)
