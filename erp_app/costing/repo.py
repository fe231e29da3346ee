"""What a replay needs, read from the database in whole columns: movements, layers, posted pieces, revaluations.

Only the touched items from their touched moment on; what lay there just before is the stored layers with the later pieces
undone. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.sql import SQL

from erp_app.costing import wire
from erp_app.costing.corrections import Facts
from erp_app.costing.difference import PieceColumns
from erp_app.costing.movement import Layer, Move, Queue, Revaluation, Step, Transform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from erp_app.kernel.uow import Work

    Column = NDArray[np.int64]

NONE = np.zeros(0, np.int64)
_PLAN = "SELECT set_config('enable_seqscan', %(scan)s, true)"
FOLLOWED = ["warehouse", "vendor", "in_transit", "quarantine", "customer"]

_MADE_FROM = SQL(
    "SELECT made.item_id, min(made.effective_at) FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start)"
    " JOIN stock_move used ON used.tenant_id = %(tenant)s AND used.item_id = t.item_id AND used.effective_at >= t.start AND used.transform"
    " JOIN stock_move made ON made.tenant_id = %(tenant)s AND made.document_id = used.document_id AND made.transform AND made.weight > 0"
    " GROUP BY made.item_id",
)
_MOVES = SQL(
    "SELECT m.id, m.effective_at, m.document_id, m.item_id, m.from_place_id, m.from_lot, m.to_place_id, m.to_lot, m.quantity,"
    " coalesce(m.value, 0), m.keep_origin::int::bigint, coalesce(m.source_move_id, 0), m.transform::int::bigint, m.weight, m.weight_before,"
    " m.from_account_id, m.to_account_id FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start)"
    " JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.item_id = t.item_id AND m.effective_at >= t.start"
    " ORDER BY m.effective_at, m.id",
)
# By the keys of the movements just read, as one array that the index is walked along, however many there are. (Taken from a sub-select, it
# is not looked through by the planner.)
_POSTED = SQL(
    "SELECT p.move_id, p.layer_id, p.document_id, p.quantity, p.value FROM cost_piece p"
    " WHERE p.tenant_id = %(tenant)s AND p.move_id = ANY((SELECT %(moves)s)::bigint[])",
)
_LAYER = SQL(
    "l.id, l.move_id, coalesce(l.parent_layer_id, 0), l.origin_document_id, l.item_id, l.place_id, l.lot, l.effective_at, l.rank::bigint,"
    " l.quantity, l.value, l.taken",
)
_KNOWN = SQL(
    "SELECT {layer} FROM cost_layer l WHERE l.tenant_id = %(tenant)s AND l.move_id = ANY((SELECT %(moves)s)::bigint[])",
).format(layer=_LAYER)
# Only what is asked for is looked up, each layer by its key (OFFSET 0): how deep a queue is does not matter. (The head is made whole within
# its own subquery: behind row-level security a COALESCE in a condition keeps the planner from using it to enter the index.)
_OPENING = SQL(
    "SELECT {layer} FROM (SELECT y.id FROM unnest(%(q_item)s::bigint[], %(q_place)s::bigint[], %(q_lot)s::bigint[])"
    "  AS q (item_id, place_id, lot) CROSS JOIN LATERAL (SELECT coalesce(b.head_at, '-infinity') AS head_at FROM stock_balance b WHERE b.tenant_id = %(tenant)s"
    "   AND b.item_id = q.item_id AND b.place_id = q.place_id AND b.lot = q.lot OFFSET 0) b"
    "  CROSS JOIN LATERAL (SELECT l.id FROM cost_layer l WHERE l.tenant_id = %(tenant)s AND l.item_id = q.item_id AND l.place_id = q.place_id"
    "   AND l.lot = q.lot AND l.effective_at >= b.head_at AND l.taken < l.quantity OFFSET 0) y"
    " UNION SELECT unnest(%(cut)s::bigint[])"
    " UNION SELECT l.id FROM cost_layer l WHERE l.tenant_id = %(tenant)s AND l.move_id = ANY(%(sources)s)) AS wanted"
    " CROSS JOIN LATERAL (SELECT * FROM cost_layer l WHERE l.tenant_id = %(tenant)s AND l.id = wanted.id OFFSET 0) l"
    " JOIN unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start) ON t.item_id = l.item_id AND l.effective_at < t.start"
    " ORDER BY l.effective_at, l.move_id, l.rank",
).format(layer=_LAYER)
_STEPS = SQL(
    "SELECT l.id, p.document_id, sum(p.value)::bigint FROM cost_layer l"
    " JOIN stock_move m ON m.tenant_id = l.tenant_id AND m.id = l.move_id"
    " JOIN cost_piece p ON p.tenant_id = l.tenant_id AND p.move_id = l.move_id AND p.document_id <> m.document_id"
    "  AND (l.parent_layer_id IS NULL OR p.layer_id IN (l.parent_layer_id, l.id))"
    " WHERE l.tenant_id = %(tenant)s AND l.id = ANY(%(layers)s) GROUP BY l.id, p.document_id",
)
_FROZEN = SQL(
    "SELECT t.document_id, t.weight, t.added, coalesce(nullif(p.document_id, t.document_id), 0), coalesce(sum(p.value), 0)::bigint"
    " FROM cost_transform t LEFT JOIN (stock_move m JOIN cost_piece p ON p.tenant_id = m.tenant_id AND p.move_id = m.id)"
    "  ON m.tenant_id = t.tenant_id AND m.document_id = t.document_id AND m.transform AND m.from_place_id = ANY(%(followed)s)"
    "  AND NOT EXISTS (SELECT 1 FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS i (item_id, start)"
    "   WHERE i.item_id = m.item_id AND m.effective_at >= i.start)"
    " WHERE t.tenant_id = %(tenant)s AND t.document_id = ANY(%(documents)s) GROUP BY 1, 2, 3, 4",
)
_REVALUATIONS = SQL(
    "SELECT r.document_id, min(r.id), min(r.effective_at), array_agg(r.move_id ORDER BY r.id), array_agg(r.amount ORDER BY r.id)"
    " FROM cost_revaluation r WHERE r.tenant_id = %(tenant)s AND r.document_id IN (SELECT unnest(%(documents)s::bigint[])"
    "  UNION SELECT v.document_id FROM cost_revaluation v JOIN stock_move m ON m.tenant_id = v.tenant_id AND m.id = v.move_id"
    "  JOIN unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start) ON t.item_id = m.item_id AND m.effective_at >= t.start"
    "  WHERE v.tenant_id = %(tenant)s)"
    " GROUP BY r.document_id",
)
_QUEUES = SQL(
    "SELECT DISTINCT m.item_id, q.place_id, q.lot FROM (SELECT DISTINCT m.item_id, m.from_place_id, m.from_lot, m.to_place_id, m.to_lot"
    "  FROM unnest(%(items)s::bigint[], %(starts)s::timestamptz[]) AS t (item_id, start)"
    "  JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.item_id = t.item_id AND m.effective_at >= t.start) m"
    " CROSS JOIN LATERAL (VALUES (m.from_place_id, m.from_lot), (m.to_place_id, m.to_lot)) q (place_id, lot)",
)
_LOCK = SQL(
    "SELECT b.item_id, b.place_id, b.lot FROM stock_balance b WHERE b.tenant_id = %(tenant)s AND b.item_id = ANY(%(items)s) AND (b.lot = 0"
    " OR (b.item_id, b.place_id, b.lot) IN (SELECT * FROM unnest(%(q_item)s::bigint[], %(q_place)s::bigint[], %(q_lot)s::bigint[])))"
    " ORDER BY b.item_id, b.place_id, b.lot FOR NO KEY UPDATE",
)


_LOCK_ITEMS = "SELECT count(*) FROM (SELECT 1 FROM item WHERE tenant_id = %(tenant)s AND id = ANY(%(items)s) ORDER BY id FOR UPDATE SKIP LOCKED) locked"
_LOCK_FREE = (
    "WITH wanted AS (SELECT b.item_id, b.place_id, b.lot FROM stock_balance b WHERE b.tenant_id = %(tenant)s AND b.item_id = ANY(%(items)s) AND (b.lot = 0"
    "  OR (b.item_id, b.place_id, b.lot) IN (SELECT * FROM unnest(%(q_item)s::bigint[], %(q_place)s::bigint[], %(q_lot)s::bigint[])))),"
    " free AS (SELECT 1 FROM stock_balance b WHERE b.tenant_id = %(tenant)s AND (b.item_id, b.place_id, b.lot) IN (SELECT * FROM wanted)"
    "  FOR NO KEY UPDATE SKIP LOCKED)"
    " SELECT (SELECT count(*) FROM free) = (SELECT count(*) FROM wanted)"
)


@dataclass
class Past:
    """Everything a replay of some items from some moments on reads.

    Attributes:
        starts: moment from which each item is replayed.
        stored: all layers as they are stored, by id; `known` are those of the replayed movements.
        posted: what was posted for the replayed movements so far.
        facts: what journals need to know of the movements.
    """

    starts: dict[int, datetime]
    moves: list[Move] = field(default_factory=list)
    opening: list[Layer] = field(default_factory=list)
    stored: dict[int, Layer] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    posted: PieceColumns = field(default_factory=lambda: PieceColumns.of(()))
    facts: Facts = field(default_factory=lambda: Facts.of([NONE] * 5))
    transforms: list[Transform] = field(default_factory=list)
    revaluations: list[Revaluation] = field(default_factory=list)


def reach(work: Work, starts: dict[int, datetime]) -> dict[int, datetime]:
    """Return the items that something made from these items changes too, each with its earliest moment."""
    reached, waiting = dict(starts), dict(starts)
    while waiting:
        params = {"tenant": work.actor.tenant_id, "items": list(waiting), "starts": list(waiting.values())}
        found = work.conn.execute(_MADE_FROM, params).fetchall()
        waiting = {item: at for item, at in found if item not in reached or at < reached[item]}
        reached.update(waiting)
    return reached


def queues(work: Work, starts: dict[int, datetime]) -> set[tuple[int, int, int]]:
    """Return the (item, place, lot) that movements of these items touch from these moments on; unfollowed places too."""
    params = {"tenant": work.actor.tenant_id, "items": list(starts), "starts": list(starts.values())}
    return {(item, place, lot) for item, place, lot in work.conn.execute(_QUEUES, params)}


def lock(work: Work, starts: dict[int, datetime], also: Iterable[tuple[int, int, int]] = ()) -> bool:
    """Lock the balance rows of these items' queues, and of those `also`, in the order every posting does, then the items.

    False when a posting under way has an item: it may be waiting for these very rows, so they must be let go.
    """
    params = _lock_params(work, starts, also)
    work.conn.execute(_LOCK, params)
    found = work.conn.execute(_LOCK_ITEMS, params).fetchone()
    return bool(found and found[0] == len(starts))


def let_others_end(work: Work) -> None:
    """Wait a moment, holding nothing."""
    work.conn.execute("SELECT pg_sleep(0.02)")


def lock_free(work: Work, starts: dict[int, datetime], also: Iterable[tuple[int, int, int]] = ()) -> bool:
    """Lock balance rows that came up before the items were locked, if nobody has them: whoever has one may be waiting for us."""
    found = work.conn.execute(_LOCK_FREE, _lock_params(work, starts, also)).fetchone()
    return bool(found and found[0])


def _lock_params(work: Work, starts: dict[int, datetime], also: Iterable[tuple[int, int, int]]) -> dict[str, Any]:
    columns = [list(column) for column in zip(*(queues(work, starts) | set(also)), strict=True)] or [[], [], []]
    return {"tenant": work.actor.tenant_id, "items": sorted(starts), "q_item": columns[0], "q_place": columns[1], "q_lot": columns[2]}


def load(work: Work, starts: dict[int, datetime], also: Iterable[tuple[int, int, int]] = ()) -> Past:
    """Read what a replay of these items from these moments on needs, and what lay in the queues `also`.

    For values to be final `starts` must hold all that `reach` returns.
    """
    past = Past(starts)
    params: dict[str, Any] = {"tenant": work.actor.tenant_id, "items": list(starts), "starts": list(starts.values())}
    followed = followed_places(work)
    past.moves, past.facts = _moves(work, params, followed)
    read = {**params, "moves": wire.Numbers(past.facts.move)}
    work.conn.execute(_PLAN, {"scan": "off"})
    past.posted = PieceColumns(*wire.read(work.conn, _POSTED, read, 5))
    past.stored = {layer.id: layer for layer in _layers(work, _KNOWN, read, followed)}
    past.known = set(past.stored)
    past.opening = _opening(work, params, past, followed, also)
    work.conn.execute(_PLAN, {"scan": "on"})
    _revaluations(work, params, past, followed)
    return past


def load_history(work: Work, starts: dict[int, datetime]) -> Past:
    """Read all movements of items since before their first one, and nothing of what was found for them before."""
    past = Past(starts)
    params: dict[str, Any] = {"tenant": work.actor.tenant_id, "items": list(starts), "starts": list(starts.values())}
    followed = followed_places(work)
    past.moves, past.facts = _moves(work, params, followed)
    _revaluations(work, params, past, followed)
    return past


def followed_places(work: Work) -> set[int]:
    """Return the places whose goods are queues: ours, and what was sold."""
    found = work.conn.execute("SELECT id FROM place WHERE tenant_id = %s AND kind = ANY(%s)", (work.actor.tenant_id, FOLLOWED)).fetchall()
    return {place for (place,) in found}


def _rows(work: Work, query: Any, params: dict[str, Any], width: int) -> Any:
    return zip(*(column.tolist() for column in wire.read(work.conn, query, params, width)), strict=True)


def _moves(work: Work, params: dict[str, Any], followed: set[int]) -> tuple[list[Move], Facts]:
    columns = wire.read(work.conn, _MOVES, params, 17)
    number, at, document, item, from_place, from_lot, to_place, to_lot, quantity, value, keep, source, transform, weight, before, *accounts = columns
    ours = np.array(sorted(followed), np.int64)
    moves = list(
        map(
            Move,
            number.tolist(),
            at.tolist(),
            document.tolist(),
            _queues(item, from_place, from_lot, ours),
            _queues(item, to_place, to_lot, ours),
            quantity.tolist(),
            value.tolist(),
            keep.astype(bool).tolist(),
            [one or None for one in source.tolist()],
            transform.astype(bool).tolist(),
            weight.tolist(),
            before.tolist(),
        ),
    )
    return moves, Facts.of((number, at, document, *accounts))


def _queues(item: Column, place: Column, lot: Column, followed: Column) -> list[Queue | None]:
    """Return the queue of each row, None where the place is not followed."""
    keys = zip(item.tolist(), place.tolist(), lot.tolist(), strict=True)
    return [key if known else None for key, known in zip(keys, np.isin(place, followed).tolist(), strict=True)]


def _layers(work: Work, query: Any, params: dict[str, Any], followed: set[int]) -> list[Layer]:
    return [
        Layer(number, move, parent or None, origin, (item, place, lot) if place in followed else None, at, rank, quantity, value, taken)
        for number, move, parent, origin, item, place, lot, at, rank, quantity, value, taken in _rows(work, query, params, 12)
    ]


def _opening(work: Work, params: dict[str, Any], past: Past, followed: set[int], also: Iterable[tuple[int, int, int]]) -> list[Layer]:
    """Return the layers as they lay just before, in FIFO order: the stored ones with the later pieces undone (steps come later)."""
    older = past.posted.where(~np.isin(past.posted.layer, np.array(list(past.known), np.int64)))
    layers, which = np.unique(older.layer, return_inverse=True)
    undone = np.zeros(len(layers), np.int64)
    np.add.at(undone, which, older.quantity)
    later = dict(zip(layers.tolist(), undone.tolist(), strict=True))
    sources = {move.source for move in past.moves if move.source is not None} | set(also)
    columns = [list(column) for column in zip(*sources, strict=True)] or [[], [], []]
    wanted = {
        **params,
        "q_item": columns[0],
        "q_place": columns[1],
        "q_lot": columns[2],
        "cut": list(later),
        "sources": sorted({move.source_move for move in past.moves if move.source_move is not None}),
    }
    found = _layers(work, _OPENING, wanted, followed)
    past.stored.update((layer.id, layer) for layer in found)
    return [layer._replace(taken=layer.taken - later.get(layer.id, 0)) for layer in found if layer.quantity]


def _revaluations(work: Work, params: dict[str, Any], past: Past, followed: set[int]) -> None:
    """Read the revaluations of what is replayed, and split what they did to older layers and untouched inputs into steps."""
    steps: dict[int, list[Step]] = {}
    found = work.conn.execute(_STEPS, {**params, "layers": [layer.id for layer in past.opening]}).fetchall()
    for layer, document, amount in found:
        steps.setdefault(layer, []).append(Step(document, amount))
    frozen: dict[int, tuple[int, int, list[Step]]] = {}
    documents = sorted({move.document for move in past.moves if move.transform})
    for document, weight, added, revaluation, amount in work.conn.execute(
        _FROZEN,
        {**params, "documents": documents, "followed": sorted(followed)},
    ):
        whole, base, later = frozen.get(document, (weight, added, []))
        frozen[document] = (whole, base, [*later, Step(revaluation, amount)]) if revaluation else (whole, base + amount, later)
    past.transforms = [Transform(document, base, weight, tuple(later)) for document, (weight, base, later) in frozen.items()]
    own = {move.document for move in past.moves}
    named = {step.document for one in steps.values() for step in one} | {step.document for _, _, later in frozen.values() for step in later}
    named |= set(np.unique(past.posted.document).tolist()) - own
    rows = work.conn.execute(_REVALUATIONS, {**params, "documents": sorted(named)}).fetchall()
    past.revaluations = [
        Revaluation(number, wire.moment(at), document, tuple(zip(moves, amounts, strict=True))) for document, number, at, moves, amounts in rows
    ]
    at_of = {one.document: one.at for one in past.revaluations}
    start = wire.moment(min(past.starts.values()))
    past.opening = [_before(layer, [one for one in steps.get(layer.id, ()) if at_of[one.document] >= start]) for layer in past.opening]


def _before(layer: Layer, steps: list[Step]) -> Layer:
    """Take what later revaluations added off a stored layer's value; they will come again as steps."""
    return layer._replace(value=layer.value - sum(step.amount for step in steps), steps=tuple(steps))
