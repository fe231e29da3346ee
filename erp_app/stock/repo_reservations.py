"""SQL of reservations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from erp_app.kernel.uow import Work


def put(work: Work, document_id: int, place_id: int, wanted: Sequence[tuple[int, int, int]], kind: str) -> None:
    """Store promises as (line, item, ledger units) in place of the document's earlier ones; who keeps item and place keeps the turn."""
    work.run("DELETE FROM reservation WHERE document_id = %s AND line_no <> ALL(%s)", [document_id, [one[0] for one in wanted]])
    if wanted:
        work.run(
            "INSERT INTO reservation AS v (tenant_id, document_id, line_no, item_id, place_id, quantity, kind)"
            " SELECT %s, %s, w.line_no, w.item_id, %s, w.quantity, %s FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) w(line_no, item_id, quantity)"
            " ON CONFLICT (tenant_id, document_id, line_no) DO UPDATE SET item_id = excluded.item_id, place_id = excluded.place_id,"
            " quantity = excluded.quantity, kind = excluded.kind, made_at = CASE WHEN (v.item_id, v.place_id) = (excluded.item_id, excluded.place_id)"
            " AND excluded.quantity <= v.quantity THEN v.made_at ELSE now() END",
            [work.actor.tenant_id, document_id, place_id, kind, *([one[column] for one in wanted] for column in range(3))],
        )


def kept(work: Work, place_id: int, items: Sequence[int], document_id: int) -> list[dict[str, Any]]:
    """Return by item what is hard promised at a place to documents that come before this one: `item_id`, `quantity`, `numbers` (the first three)."""
    return work.rows(
        "SELECT v.item_id, sum(v.quantity)::bigint AS quantity, (array_agg(DISTINCT r.number))[:3] AS numbers FROM reservation v"
        " JOIN record_ref r ON r.id = v.document_id LEFT JOIN LATERAL (SELECT w.made_at, w.document_id FROM reservation w WHERE w.document_id = %(document)s"
        "  AND w.item_id = v.item_id AND w.place_id = v.place_id AND w.kind = 'hard' AND w.quantity > 0 ORDER BY w.made_at LIMIT 1) o ON true"
        " WHERE v.item_id = ANY(%(items)s) AND v.place_id = %(place)s AND v.quantity > 0 AND v.kind = 'hard' AND v.document_id <> %(document)s"
        " AND (o.made_at IS NULL OR (v.made_at, v.document_id) < (o.made_at, o.document_id)) GROUP BY v.item_id",
        {"document": document_id, "items": list(items), "place": place_id},
    )


def lock_on_hand(work: Work, place_id: int, items: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Hold the balances of items at a place, in the order postings take them, and return by id `item`, `place` (codes) and `on_hand`."""
    work.run("SELECT 1 FROM stock_balance WHERE place_id = %s AND item_id = ANY(%s) AND lot = 0 ORDER BY item_id FOR NO KEY UPDATE", [place_id, list(items)])
    rows = work.rows(
        "SELECT i.id, i.code AS item, p.code AS place, coalesce(b.on_hand, 0)::bigint AS on_hand FROM item i CROSS JOIN place p"
        " LEFT JOIN stock_balance b ON b.item_id = i.id AND b.place_id = p.id AND b.lot = 0 WHERE i.id = ANY(%s) AND p.id = %s ORDER BY i.code",
        [list(items), place_id],
    )
    return {row["id"]: row for row in rows}


def held(work: Work, document_id: int) -> list[dict[str, Any]]:
    """Return by line what is promised and what of it lies there for this document, everybody before it having theirs (hard promises first)."""
    return work.rows(
        "SELECT x.line_no, x.item_id, x.quantity AS promised, greatest(least(x.quantity, coalesce(b.on_hand, 0) - x.before), 0)::bigint AS held FROM ("
        " SELECT v.*, sum(v.quantity) OVER (PARTITION BY v.item_id, v.place_id ORDER BY v.kind, v.made_at, v.document_id, v.line_no) - v.quantity AS before"
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
