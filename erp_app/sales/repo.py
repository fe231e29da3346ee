"""What sales asks the database beside its own forms: facts of items, numbers of documents for messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from erp_app.kernel.uow import Work


def item_codes(work: Work, ids: Iterable[int]) -> dict[int, str]:
    """Return item codes by id, for messages."""
    rows = work.rows("SELECT id, code FROM item WHERE id = ANY(%s)", [sorted(set(ids))])
    return {row["id"]: row["code"] for row in rows}


def services(work: Work, ids: Iterable[int]) -> set[int]:
    """Return which items are services: nobody carries them out of the gate."""
    return {row["id"] for row in work.rows("SELECT id FROM item WHERE id = ANY(%s) AND kind = 'service'", [sorted(set(ids))])}


def item_facts(work: Work, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return `code`, `name` and `unit` of items by id, for prints."""
    rows = work.rows(
        "SELECT i.id, i.code, i.name, coalesce(u.code, '') AS unit FROM item i LEFT JOIN unit u ON u.id = i.unit_id WHERE i.id = ANY(%s)",
        [sorted(set(ids))],
    )
    return {row["id"]: row for row in rows}


def verification_of(work: Work, delivery_note_id: int, except_id: int) -> str | None:
    """Return the number of another verification of a delivery note, if there is one."""
    number: str | None = work.value(
        "SELECT number FROM delivery_verification WHERE delivery_note_id = %s AND id <> %s AND state <> 'deleted' ORDER BY id LIMIT 1",
        [delivery_note_id, except_id],
    )
    return number


def invoices_of(work: Work, delivery_order_id: int) -> list[str]:
    """Return the numbers of the posted invoices that bill a delivery order."""
    rows = work.rows(
        "SELECT DISTINCT i.number FROM sales_invoice_line l JOIN sales_invoice i ON i.id = l.document_id"
        " WHERE l.source_id = %s AND i.state IN ('posted', 'part_paid', 'paid') ORDER BY i.number",
        [delivery_order_id],
    )
    return [row["number"] for row in rows]
