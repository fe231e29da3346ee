"""SQL of reservations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from erp_app.kernel.uow import Work


def put(work: Work, document_id: int, place_id: int, wanted: Sequence[tuple[int, int, int]]) -> None:
    """Store promises as (line, item, ledger units) in place of the document's earlier ones; who keeps item and place keeps the turn."""
    work.run("DELETE FROM reservation WHERE document_id = %s AND line_no <> ALL(%s)", [document_id, [one[0] for one in wanted]])
    if wanted:
        work.run(
            "INSERT INTO reservation AS v (tenant_id, document_id, line_no, item_id, place_id, quantity, kind)"
            " SELECT %s, %s, w.line_no, w.item_id, %s, w.quantity, 'soft' FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) w(line_no, item_id, quantity)"
            " ON CONFLICT (tenant_id, document_id, line_no) DO UPDATE SET item_id = excluded.item_id, place_id = excluded.place_id,"
            " quantity = excluded.quantity, made_at = CASE WHEN (v.item_id, v.place_id) = (excluded.item_id, excluded.place_id)"
            " AND excluded.quantity <= v.quantity THEN v.made_at ELSE now() END",
            [work.actor.tenant_id, document_id, place_id, [one[0] for one in wanted], [one[1] for one in wanted], [one[2] for one in wanted]],
        )


def held(work: Work, document_id: int) -> list[dict[str, Any]]:
    """Return by line what is promised and what of it lies there for this document, everybody before it having theirs."""
    return work.rows(
        "SELECT x.line_no, x.item_id, x.quantity AS promised, greatest(least(x.quantity, coalesce(b.on_hand, 0) - x.before), 0)::bigint AS held FROM ("
        " SELECT v.*, sum(v.quantity) OVER (PARTITION BY v.item_id, v.place_id ORDER BY v.made_at, v.document_id, v.line_no) - v.quantity AS before"
        " FROM reservation v WHERE v.quantity > 0"
        " AND (v.item_id, v.place_id) IN (SELECT item_id, place_id FROM reservation WHERE document_id = %(document)s)) x"
        " LEFT JOIN stock_balance b ON b.item_id = x.item_id AND b.place_id = x.place_id AND b.lot = 0 WHERE x.document_id = %(document)s ORDER BY x.line_no",
        {"document": document_id},
    )


def standing(work: Work, place: str, items: Sequence[str]) -> list[dict[str, Any]]:
    """Return `item`, `on_hand` and `reserved` (ledger units) of items at a place, both by code."""
    return work.rows(
        "SELECT i.code AS item, coalesce(b.on_hand, 0)::bigint AS on_hand,"
        " coalesce((SELECT sum(v.quantity) FROM reservation v WHERE v.item_id = i.id AND v.place_id = p.id), 0)::bigint AS reserved"
        " FROM item i CROSS JOIN place p LEFT JOIN stock_balance b ON b.item_id = i.id AND b.place_id = p.id AND b.lot = 0"
        " WHERE i.code = ANY(%s) AND i.kind <> 'service' AND p.code = %s",
        [list(items), place],
    )
