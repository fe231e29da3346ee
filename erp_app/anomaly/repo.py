"""Reading what a repair wrote in the open transaction, and what a finding is about."""

from __future__ import annotations

from typing import Any

from erp_app.kernel.uow import Work

MAX_SHOWN = 300


def differences(work: Work) -> list[dict[str, Any]]:
    """Return the movements whose cost this transaction changed, in order of time: document, type, id, from, to, before, after, change."""
    return work.rows(
        'SELECT r.number AS document, r.type, r.id, f.code AS "from", t.code AS "to", x.before, x.before + x.change AS after, x.change FROM ('
        "  SELECT c.move_id, coalesce(sum(c.value) FILTER (WHERE c.recorded_at < now()), 0)::bigint AS before,"
        "   coalesce(sum(c.value) FILTER (WHERE c.recorded_at = now()), 0)::bigint AS change FROM cost_piece c"
        "  WHERE c.move_id IN (SELECT move_id FROM cost_piece WHERE recorded_at = now()) GROUP BY c.move_id) x"
        " JOIN stock_move m ON m.id = x.move_id JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id"
        " JOIN record_ref r ON r.id = m.document_id WHERE x.change <> 0 ORDER BY m.effective_at, m.id LIMIT %s",
        (MAX_SHOWN,),
    )


def corrected(work: Work) -> list[int]:
    """Return the documents that got a correction journal in this transaction, at most 300."""
    rows = work.rows(
        "SELECT DISTINCT document_id FROM journal_entry WHERE recorded_at = now() AND kind = 'correction' ORDER BY document_id LIMIT %s", (MAX_SHOWN,),
    )
    return [row["document_id"] for row in rows]


def records(work: Work, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return number and type of records by id."""
    return {row["id"]: row for row in work.rows("SELECT id, number, type FROM record_ref WHERE id = ANY(%s)", (ids,))}


def item_code(work: Work, item: int) -> str:
    """Return an item's code."""
    return str(work.value("SELECT code FROM item WHERE id = %s", (item,)))


def items_of(work: Work, offenders: list[dict[str, Any]]) -> dict[int | None, list[dict[str, Any]]]:
    """Sort what breaks an invariant by the item it is about; None for what is about none."""
    codes = work.rows("SELECT code AS key, id AS item FROM item WHERE code = ANY(%s)", ([one["item"] for one in offenders if one.get("item")],))
    layers = work.rows("SELECT id AS key, item_id AS item FROM cost_layer WHERE id = ANY(%s)", ([one["layer"] for one in offenders if one.get("layer")],))
    items = {row["key"]: row["item"] for row in (*codes, *layers)}  # codes are texts, layers are numbers
    found: dict[int | None, list[dict[str, Any]]] = {}
    for one in offenders:
        found.setdefault(items.get(one.get("item") or one.get("layer")), []).append(one)
    return found


def record_of(work: Work, number: str | None) -> int | None:
    """Return the newest record of a number."""
    found: int | None = work.value("SELECT max(id) FROM record_ref WHERE number = %s", (number,)) if number else None
    return found
