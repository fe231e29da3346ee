"""What finance documents ask the database: account codes, open invoices and bills, settlements, held orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, LiteralString

from erp_app.kernel.uow import Work

_OPEN: dict[str, LiteralString] = {
    "sales-invoices": (
        "SELECT id FROM sales_invoice WHERE customer_id = %s AND state IN ('posted', 'part_paid') AND total > paid ORDER BY due_on, effective_at, id"
    ),
    "supplier-bills": (
        "SELECT id FROM supplier_bill WHERE supplier_id = %s AND state IN ('posted', 'part_paid') AND total > paid ORDER BY due_on, effective_at, id"
    ),
}


def account_codes(work: Work, ids: Iterable[int]) -> dict[int, str]:
    """Return account codes by id."""
    rows = work.rows("SELECT id, code FROM account WHERE id = ANY(%s)", [sorted(set(ids))])
    return {row["id"]: row["code"] for row in rows}


def open_claims(work: Work, plural: str, party_id: int) -> list[int]:
    """Return what a customer (`sales-invoices`) or supplier (`supplier-bills`) has open, oldest due first."""
    return [row["id"] for row in work.rows(_OPEN[plural], [party_id])]


def settle(work: Work, party_id: int, by_document_id: int, day: date, amounts: Sequence[tuple[int, int]]) -> None:
    """Record that a document settles others: (document, amount), negative amounts take it back."""
    with work.conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO settlement (tenant_id, party_id, document_id, by_document_id, amount, date) VALUES (%s, %s, %s, %s, %s, %s)",
            [(work.actor.tenant_id, party_id, document, by_document_id, amount, day) for document, amount in amounts],
        )


def held_orders(work: Work, customer_id: int) -> list[dict[str, Any]]:
    """Return a customer's orders in credit hold, oldest first: `id`, `total`."""
    return work.rows("SELECT id, total FROM sales_order WHERE customer_id = %s AND state = 'credit_hold' ORDER BY effective_at, id", [customer_id])
