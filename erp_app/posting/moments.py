"""When a document happens: when people say so, or else the moment it is posted, taken in turn with others who post the same items.

Without taking turns two postings at one moment could be stored in the other order than their times, and the second would count
as late.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from erp_app.kernel.uow import Work
from erp_app.posting import repo


def is_dated(document: Any) -> bool:
    """Tell whether somebody said when a document happens: an untold one carries the moment it was entered."""
    return bool(document.effective_at is not None and document.effective_at != document.created_at)


def settle_moment(work: Work, document: Any, items: Iterable[int]) -> None:
    """Give an undated document the present moment as its own, after everything posted before with the same items."""
    if not is_dated(document):
        document.effective_at = present(work, items)


def present(work: Work, items: Iterable[int]) -> datetime:
    """Return the present moment; whoever posts the same items at a present moment waits until this transaction ends."""
    work.lock("posting-now", list(items))
    return repo.clock_time(work)
