"""SQL of accounting outside the posting: period locks, periods by date."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work


def lock_period(work: Work, code: str) -> None:
    """Wait for postings on their way into a month, and keep new ones out until this transaction ends."""
    work.value("SELECT period_lock(%s, %s)", (work.actor.tenant_id, code))
