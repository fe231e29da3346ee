"""Stock layers of the past: what lay there as of a moment, by what was known at another one, from the nearest checkpoint on.

A checkpoint says what lay of an item at its moment, by what was known when it was sealed. The rest are the pieces it does not hold: of
later movements, entered later, or of revaluations that take effect later. Every piece adds to what its movement laid and takes from
the layer it was cut from, so the sum is what a look at all pieces of all times would give, however long the history is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from erp_app.costing.checkpoint import unpacked
from erp_app.costing.rules import portion

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

_NEVER = 2**62
_BASES: LiteralString = (
    "SELECT i.id AS item_id, c.at, c.last_piece_id, c.layers FROM item i LEFT JOIN LATERAL (SELECT c.at, c.last_piece_id, c.layers FROM cost_checkpoint c"
    "  WHERE c.item_id = i.id AND c.at < %(until)s AND c.made_at < %(known)s ORDER BY c.at DESC, c.id DESC LIMIT 1) c ON true"
    " WHERE (%(item)s::bigint IS NULL OR i.id = %(item)s)"
)
_COUNTS: LiteralString = " c.date <= %(day)s AND c.recorded_at < %(known)s AND m.effective_at < %(until)s"
# Layers of one movement stand in the order of those they were cut from, and of those they came from: `rank` says the same of today, and
# a later entry may change it.
OPEN_THEN: LiteralString = (
    "WITH RECURSIVE base AS MATERIALIZED (SELECT * FROM unnest(%(items)s::bigint[], %(ats)s::timestamptz[], %(pieces)s::bigint[]) b (item_id, at, last_piece)),"  # noqa: S608 - constants only
    " late AS MATERIALIZED (SELECT * FROM cost_piece WHERE id > %(since)s),"
    " fresh AS (SELECT c.move_id, c.layer_id, c.quantity, c.value FROM base b JOIN stock_move m ON m.item_id = b.item_id AND m.effective_at > b.at"
    "  JOIN cost_piece c ON c.move_id = m.id WHERE" + _COUNTS + "  UNION ALL SELECT c.move_id, c.layer_id, c.quantity, c.value FROM stock_move m"
    "  JOIN cost_piece c ON c.move_id = m.id WHERE m.item_id = ANY(%(whole)s) AND" + _COUNTS + "  UNION ALL"
    "  SELECT c.move_id, c.layer_id, c.quantity, c.value FROM late c JOIN stock_move m ON m.id = c.move_id"
    "  JOIN base b ON b.item_id = m.item_id AND m.effective_at <= b.at AND c.id > b.last_piece WHERE" + _COUNTS + "  UNION ALL"
    "  SELECT c.move_id, c.layer_id, c.quantity, c.value FROM (SELECT DISTINCT document_id, effective_at FROM cost_revaluation) v"
    "  JOIN cost_piece c ON c.document_id = v.document_id AND c.quantity = 0 JOIN stock_move m ON m.id = c.move_id AND m.document_id <> c.document_id"
    "  JOIN base b ON b.item_id = m.item_id AND m.effective_at <= b.at AND v.effective_at > b.at AND c.id <= b.last_piece WHERE" + _COUNTS + "),"
    " piece AS MATERIALIZED (SELECT move_id, layer_id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM fresh GROUP BY 1, 2),"
    " total AS (SELECT id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM ("
    "  SELECT y.id, p.quantity, p.value FROM piece p JOIN cost_layer y ON y.move_id = p.move_id"
    "   AND (y.parent_layer_id IS NULL OR p.layer_id IN (y.id, y.parent_layer_id))"
    "  UNION ALL SELECT y.id, -p.quantity, -p.value FROM piece p JOIN cost_layer y ON y.id = p.layer_id AND y.move_id <> p.move_id"
    "  UNION ALL SELECT * FROM unnest(%(l_id)s::bigint[], %(l_quantity)s::bigint[], %(l_value)s::bigint[])) x (id, quantity, value)"
    "  GROUP BY id HAVING sum(quantity) <> 0 OR sum(value) <> 0),"
    " mine AS (SELECT y.id AS layer, y.item_id, y.place_id, y.origin_document_id, y.effective_at, y.move_id, y.parent_layer_id, t.quantity, t.value"
    "  FROM total t JOIN cost_layer y ON y.id = t.id JOIN place q ON q.id = y.place_id WHERE q.kind = ANY(%(ours)s)"
    "  AND (%(item)s::bigint IS NULL OR y.item_id = %(item)s) AND (%(place)s::bigint IS NULL OR y.place_id = %(place)s)),"
    " way AS (SELECT m.layer, m.parent_layer_id AS next, ARRAY[]::bigint[] AS path"
    "  FROM (SELECT *, count(*) OVER (PARTITION BY move_id) AS several FROM mine) m WHERE m.several > 1"
    "  UNION ALL SELECT w.layer, y.parent_layer_id, w.path || (extract(epoch FROM y.effective_at) * 1000000)::bigint || y.move_id"
    "  FROM way w JOIN cost_layer y ON y.id = w.next),"
    " open AS (SELECT m.*, m.origin_document_id AS id, w.path AS rank FROM mine m LEFT JOIN way w ON w.layer = m.layer AND w.next IS NULL) "
)


def begin(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of `OPEN_THEN`: those given (`item`, `place`, `ours`, `day`, `until`, `known`), and where to begin for each item.

    Items that have no checkpoint yet are read from their beginning (`whole`).
    """
    given = {**params, "until": params["until"] or "infinity", "known": params["known"] or "infinity"}
    found = work.rows(_BASES, given)
    bases = [one for one in found if one["at"] is not None]
    rows = [row for one in bases for row in unpacked(bytes(one["layers"]))]
    return {
        **given, "whole": [one["item_id"] for one in found if one["at"] is None],
        "items": [one["item_id"] for one in bases], "ats": [one["at"] for one in bases], "pieces": [one["last_piece_id"] for one in bases],
        "since": min((one["last_piece_id"] for one in bases), default=_NEVER),
        "l_id": [row[0] for row in rows], "l_quantity": [row[8] - row[10] for row in rows],
        "l_value": [row[9] - portion(row[9], row[8], row[10]) for row in rows],
    }  # fmt: skip
