"""What a replay found, written back: new layers, refreshed layers, appended piece differences, and their journals.

Everything goes by COPY into temporary tables and from there in one statement each; a row that did not change is not touched.
Pieces and journals are only ever added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psycopg.sql import SQL, Identifier

from erp_app.costing import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from erp_app.costing.corrections import Corrections
    from erp_app.costing.movement import Layer, Queue
    from erp_app.kernel.uow import Work

_TABLES = {
    "fresh_layer": "id move_id parent_id origin_id rank quantity value taken",
    "fresh_state": "id origin_id rank quantity value taken",
    "fresh_head": "item_id place_id lot at move_id whole",
}
_NEW_IDS = SQL("SELECT nextval('cost_layer_id_seq') FROM generate_series(1, %s)")
_ADD_LAYERS = SQL(
    "INSERT INTO cost_layer (tenant_id, id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank,"
    " quantity, value, taken) SELECT m.tenant_id, f.id, f.move_id, nullif(f.parent_id, 0), f.origin_id, m.item_id, m.to_place_id, m.to_lot,"
    " m.effective_at, f.rank, f.quantity, f.value, f.taken FROM fresh_layer f JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.id = f.move_id",
)
_SET_LAYERS = SQL(
    "UPDATE cost_layer l SET origin_document_id = f.origin_id, rank = f.rank, quantity = f.quantity, value = f.value, taken = f.taken"
    " FROM fresh_state f WHERE l.tenant_id = %(tenant)s AND l.id = f.id"
    " AND (l.origin_document_id, l.rank, l.quantity, l.value, l.taken) IS DISTINCT FROM (f.origin_id, f.rank::int, f.quantity, f.value, f.taken)",
)
_ADD_PIECES = SQL("SELECT cost_correct(%s, %s, %s, %s, %s, %s, %s)")
_SET_HEADS = SQL(
    "UPDATE stock_balance b SET head_at = f.at, head_move_id = f.move_id FROM fresh_head f"
    " WHERE b.tenant_id = %(tenant)s AND b.item_id = f.item_id AND b.place_id = f.place_id AND b.lot = f.lot"
    " AND (b.head_at, b.head_move_id) IS DISTINCT FROM (f.at, f.move_id)"
    " AND (f.whole = 1 OR (b.head_at, b.head_move_id) > (f.at, f.move_id))",
)
_CLEAN = SQL(
    "UPDATE stock_balance b SET dirty_from = NULL FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start)"
    " WHERE b.tenant_id = %(tenant)s AND b.item_id = t.item_id AND b.dirty_from >= t.start",
)
_MARK_REVALUED = SQL(
    "UPDATE stock_balance b SET last_out_at = q.at FROM (SELECT m.item_id, x.place_id, x.lot, max(f.at) AS at"
    "  FROM unnest(%s, %s, %s) AS f (move_id, document_id, at)"
    "  JOIN stock_move m ON m.tenant_id = current_setting('app.tenant')::bigint AND m.id = f.move_id AND m.document_id <> f.document_id"
    "  CROSS JOIN LATERAL (VALUES (m.from_place_id, m.from_lot), (m.to_place_id, m.to_lot)) x (place_id, lot) GROUP BY 1, 2, 3) q"
    " WHERE b.tenant_id = current_setting('app.tenant')::bigint AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot"
    " AND coalesce(b.last_out_at, '-infinity') < q.at",
)
_LAY_WHAT_LEFT = SQL(
    "INSERT INTO cost_layer (tenant_id, move_id, parent_layer_id, origin_document_id, item_id, place_id, lot, effective_at, rank, quantity, value)"
    " SELECT s.tenant_id, s.id, l.id, l.origin_document_id, s.item_id, s.to_place_id, s.to_lot, s.effective_at,"
    " row_number() OVER (PARTITION BY s.id ORDER BY l.effective_at, l.move_id, l.rank) - 1, p.quantity, p.value"
    " FROM (SELECT DISTINCT m.source_move_id FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start)"
    "  JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.item_id = t.item_id AND m.effective_at >= t.start AND m.source_move_id IS NOT NULL) r"
    " JOIN stock_move s ON s.tenant_id = %(tenant)s AND s.id = r.source_move_id"
    " JOIN (SELECT tenant_id, move_id, layer_id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM cost_piece"
    "  GROUP BY 1, 2, 3 HAVING sum(quantity) > 0) p ON p.tenant_id = s.tenant_id AND p.move_id = s.id"
    " JOIN cost_layer l ON l.tenant_id = s.tenant_id AND l.id = p.layer_id AND l.move_id <> s.id"
    " JOIN place t ON t.tenant_id = s.tenant_id AND t.id = s.to_place_id AND NOT place_followed(t.kind)"
    " ON CONFLICT DO NOTHING",
)


def lay_what_left(work: Work, starts: dict[int, datetime]) -> int:
    """Lay what movements brought out of our places, where something of it comes back in the time to be replayed."""
    return work.run(_LAY_WHAT_LEFT, {"tenant": work.actor.tenant_id, "items": list(starts), "starts": list(starts.values())})


def prepare(work: Work) -> None:
    """Make the temporary tables of this transaction."""
    for table, columns in _TABLES.items():
        fields = SQL(", ").join(
            SQL("{} timestamptz").format(Identifier(name)) if name == "at" else SQL("{} bigint").format(Identifier(name)) for name in columns.split()
        )
        work.conn.execute(SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DROP").format(Identifier(table), fields))
        work.conn.execute(SQL("TRUNCATE {}").format(Identifier(table)))


def layer_ids(work: Work, count: int) -> list[int]:
    """Return ids for new layers."""
    return [number for (number,) in work.conn.execute(_NEW_IDS, (count,)).fetchall()]


def add_layers(work: Work, layers: Sequence[Layer]) -> None:
    """Insert new layers; place and time come from their movements."""
    rows = [(one.id, one.move, one.parent or 0, one.origin, one.rank, one.quantity, one.value, one.taken) for one in layers]
    _send(work, "fresh_layer", rows)
    if rows:
        work.run(_ADD_LAYERS, {"tenant": work.actor.tenant_id})


def set_layers(work: Work, layers: Sequence[Layer]) -> int:
    """Refresh stored layers; return how many changed."""
    _send(work, "fresh_state", [(one.id, one.origin, one.rank, one.quantity, one.value, one.taken) for one in layers])
    return work.run(_SET_LAYERS, {"tenant": work.actor.tenant_id}) if layers else 0


def add_pieces(work: Work, found: Corrections) -> None:
    """Append what differs, each with the document that caused it and the time of the document it belongs to."""
    if len(found.at):
        wire.run(work.conn, _ADD_PIECES, [*map(wire.Numbers, (*found.pieces, found.cause)), wire.Moments(found.at)])


def mark_revalued(work: Work, found: Corrections) -> None:
    """Note on each queue the latest revaluation that changed what lay there: whatever is effective before it is late from now on."""
    wire.run(work.conn, _MARK_REVALUED, [wire.Numbers(found.pieces.move), wire.Numbers(found.pieces.document), wire.Moments(found.at)])


def set_heads(work: Work, heads: Iterable[tuple[Queue, int, int, bool]]) -> None:
    """Tell where FIFO begins to read each queue (time, movement; `whole`: all its layers were replayed)."""
    _send(work, "fresh_head", [(*queue, at, move, int(whole)) for queue, at, move, whole in heads])  # type: ignore[misc]
    work.run(_SET_HEADS, {"tenant": work.actor.tenant_id})


def set_clean(work: Work, starts: dict[int, datetime]) -> None:
    """Note that the queues of these items are in order again, as far as they waited from these moments on."""
    work.run(_CLEAN, {"tenant": work.actor.tenant_id, "items": list(starts), "starts": list(starts.values())})


def _send(work: Work, table: str, rows: Sequence[tuple[int, ...]]) -> None:
    if rows:
        _copy(work, table, list(np.array(rows, dtype=np.int64).T))


def _copy(work: Work, table: str, columns: Sequence[NDArray[np.int64]]) -> None:
    wire.write(work.conn, SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(table)), columns)
    work.conn.execute(SQL("ANALYZE {}").format(Identifier(table)))
