"""Periods: months of the books. A soft-locked month takes postings from finance only, a locked one from nobody.

A month is made when the first posting falls into it, or when somebody names it who wants it closed before that. A locked month is opened
again by two people: one asks, another agrees. Locking takes the period's lock alone, so that no posting is half-way
through while the month closes.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from erp_app.accounting import repo
from erp_app.accounting.models import AccountingPeriod
from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Menu
from erp_app.kernel.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erp_app.kernel.uow import Work

_MONTH = re.compile("[1-9][0-9]{3}-(0[1-9]|1[0-2])")


def close(work: Work, period: AccountingPeriod, _data: dict[str, Any]) -> None:
    """Wait until no posting is on its way into the month, before its state changes."""
    repo.lock_period(work, period.code)


def lock(work: Work, period: AccountingPeriod, _data: dict[str, Any]) -> None:
    """Close the month for everybody, and have the costs of all items sealed as they lay at its end; who had asked to open it must ask again."""
    close(work, period, {})
    _forget(period)
    work.emit("period.locked", {"period": period.code, "last_day": period.ends_on.isoformat()})


def ask_reopen(work: Work, period: AccountingPeriod, data: dict[str, Any]) -> None:
    """Note who wants the locked month open again, and why."""
    period.reopen_asked_by_id, period.reopen_asked_at, period.reopen_reason = work.actor.user_id, work.now, data.get("reason")
    work.flush()  # the trigger that guards the state sees who asked


def reopen(work: Work, period: AccountingPeriod, data: dict[str, Any]) -> dict[str, Any]:
    """Open a soft-locked month. For a locked one the first to say so asks, the second agrees, and then it is open.

    Raises:
        Refused: ERP-3320 when the one who agrees asked himself.
    """
    close(work, period, {})
    if period.state == "locked":
        if period.reopen_asked_by_id is None:
            ask_reopen(work, period, data)
            return {"state": "locked"}
        if period.reopen_asked_by_id == work.actor.user_id:
            raise Refused("ERP-3320", f"{period.code} is not reopened by one person: {work.actor.username} asked for it, somebody else approves.")
    _forget(period)
    return {}


def open_month(work: Work, given: Mapping[str, Any]) -> int:
    """Return the id of the period named by its code (`2026-01`), which is made when nothing was posted into that month yet.

    Raises:
        Invalid: ERP-3325 for anything but a month.
    """
    code = given.get("code")
    if set(given) - {"code", "name"} or not isinstance(code, str) or not _MONTH.fullmatch(code):
        raise Invalid("ERP-3325", "A period is made by its code, a month like 2026-01.", errors={"code": "must be a month like 2026-01"})
    return repo.open_period(work, date.fromisoformat(f"{code}-01"))


def _forget(period: AccountingPeriod) -> None:
    period.reopen_asked_by_id = period.reopen_asked_at = period.reopen_reason = None


PERIODS = DocumentType(
    AccountingPeriod, label="Period", plural="periods", columns=["code", "name", "state", "starts_on", "ends_on"],
    search=["code", "name"], filters=["state"], sort="-code", creatable=False, make=open_month, initial="open", editable=(), states=["open", "soft", "locked"],
    actions=[
        Action("soft-lock", sources=("open",), target="soft", permission="edit", handler=close, label="Soft lock", implied=False),
        Action("lock", sources=("open", "soft"), target="locked", permission="approve", handler=lock, label="Lock", confirm=True, implied=False),
        Action("ask-reopen", sources=("locked",), permission="edit", handler=ask_reopen, label="Ask to reopen", reason=True, implied=False),
        Action("reopen", sources=("soft", "locked"), target="open", permission="approve", handler=reopen, label="Reopen",
               reason=SCREENS, confirm=True, implied=False),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager"], create=["finance", "finance_manager"], edit=["finance", "finance_manager"], approve=["finance_manager"],
        post=["finance", "finance_manager"],
    ),
    menu=Menu("Accounting", icon="calendar-check", order=70),
)
