"""Rows of credit exposure: set by documents as they move along, summed under the customer's lock."""

from __future__ import annotations

from erp_app.kernel.uow import Work


def put(work: Work, customer_id: int, document_id: int, kind: str, amount: int) -> None:
    """Set what a document counts for in one stage; nothing left takes the row out."""
    if amount == 0:
        work.run("DELETE FROM credit_exposure WHERE document_id = %s AND kind = %s", [document_id, kind])
        return
    work.run(
        "INSERT INTO credit_exposure (tenant_id, document_id, kind, customer_id, amount) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, document_id, kind) DO UPDATE SET amount = excluded.amount, changed_at = now()",
        [work.actor.tenant_id, document_id, kind, customer_id, amount],
    )


def forget(work: Work, document_id: int) -> None:
    """Take a document out of the exposure altogether."""
    work.run("DELETE FROM credit_exposure WHERE document_id = %s", [document_id])


def total(work: Work, customer_id: int) -> int:
    """Return a customer's exposure. The customer is locked, so that two orders cannot use the same headroom."""
    work.lock("credit", [customer_id])
    return int(work.value("SELECT coalesce(sum(amount), 0) FROM credit_exposure WHERE customer_id = %s", [customer_id]))


def limit_of(work: Work, customer_id: int) -> int | None:
    """Return a customer's credit limit: its own, else its grade's; None when neither has one."""
    found: int | None = work.value(
        "SELECT coalesce(c.credit_limit, g.credit_limit) FROM customer c LEFT JOIN customer_grade g ON g.id = c.grade_id WHERE c.id = %s", [customer_id],
    )
    return found
