"""What purchasing asks the database beside its own forms."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from erp_app.kernel.uow import Work


def item_codes(work: Work, ids: Iterable[int]) -> dict[int, str]:
    """Return item codes by id, for messages."""
    rows = work.rows("SELECT id, code FROM item WHERE id = ANY(%s)", [sorted(set(ids))])
    return {row["id"]: row["code"] for row in rows}


def item_weights(work: Work, ids: Iterable[int]) -> dict[int, Decimal | None]:
    """Return the weight of one unit of each item, by id; None where nobody entered it."""
    rows = work.rows("SELECT id, weight FROM item WHERE id = ANY(%s)", [sorted(set(ids))])
    return {row["id"]: row["weight"] for row in rows}


def bills_of_receipt(work: Work, receipt_id: int) -> list[str]:
    """Return the numbers of the posted bills that charge a receipt."""
    rows = work.rows(
        "SELECT DISTINCT b.number FROM supplier_bill_line l JOIN supplier_bill b ON b.id = l.document_id"
        " WHERE l.source_id = %s AND b.state IN ('posted', 'part_paid', 'paid') ORDER BY b.number",
        [receipt_id],
    )
    return [row["number"] for row in rows]


def bill_with_number(work: Work, supplier_id: int, supplier_number: str, fiscal_year: int, except_id: int) -> dict[str, Any] | None:
    """Return a posted bill of the same supplier and year with the same number (letter case and blanks do not count)."""
    return work.row(
        "SELECT number, effective_at FROM supplier_bill WHERE supplier_id = %s AND fiscal_year = %s AND id <> %s"
        " AND lower(regexp_replace(supplier_number, '\\s', '', 'g')) = lower(regexp_replace(%s, '\\s', '', 'g'))"
        " AND state IN ('posted', 'part_paid', 'paid') LIMIT 1",
        [supplier_id, fiscal_year, except_id, supplier_number],
    )


def receipt_moves(work: Work, receipt_id: int) -> dict[int, int]:
    """Return the movement of each line of a posted receipt, by line number."""
    rows = work.rows("SELECT line_no, min(id) AS id FROM stock_move WHERE document_id = %s GROUP BY line_no", [receipt_id])
    return {row["line_no"]: row["id"] for row in rows}
