"""Periods: months of the books. A soft-locked month takes postings from finance only, a locked one from nobody.

A month is made when the first posting falls into it. Locking takes the period's lock alone, so that no posting is half-way
through while the month closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.accounting import repo
from erp_app.accounting.models import AccountingPeriod
from erp_app.document.declare import Access, Action, DocumentType, Menu

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work


def close(work: Work, period: AccountingPeriod, _data: dict[str, Any]) -> None:
    """Wait until no posting is on its way into the month, before its state changes."""
    repo.lock_period(work, period.code)


PERIODS = DocumentType(
    AccountingPeriod, label="Period", plural="periods", columns=["code", "name", "state", "starts_on", "ends_on"],
    search=["code", "name"], filters=["state"], sort="-code", creatable=False, initial="open", editable=(), states=["open", "soft", "locked"],
    actions=[
        Action("soft-lock", sources=("open",), target="soft", permission="edit", handler=close, label="Soft lock", implied=False),
        Action("lock", sources=("open", "soft"), target="locked", permission="approve", handler=close, label="Lock", confirm=True, implied=False),
        Action("reopen", sources=("soft", "locked"), target="open", permission="approve", handler=close, label="Reopen",
               reason=True, confirm=True, implied=False),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager"], edit=["finance", "finance_manager"], approve=["finance_manager"],
        post=["finance", "finance_manager"],
    ),
    menu=Menu("Accounting", icon="calendar-check", order=70),
)
