"""Document numbers: one series per pattern and period, without gaps.

The series' row is locked from taking a number to the commit, so the number is the last thing a document gets.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.kernel.uow import Work

_SEQ = re.compile(r"\{seq(?::0?(\d+))?\}")


def take(work: Work, pattern: str, at: datetime, parts: dict[str, str]) -> str:
    """Return the next number of a series.

    Args:
        work: the open unit of work.
        pattern: `SJ-{warehouse}-{year}{month}-{seq:05}`.
        at: the document's date; its year and month in the tenant's zone choose the series.
        parts: values of further placeholders (`warehouse`).
    """
    day = at.astimezone(ZoneInfo(work.actor.tz))
    words: dict[str, str] = {"year": f"{day.year:04}", "month": f"{day.month:02}", **parts}
    series = re.sub(r"\{(\w+)\}", lambda m: words.get(m[1], m[0]) if m[1] != "seq" else m[0], pattern)
    last = work.value(
        "INSERT INTO number_series AS s (tenant_id, series, last) VALUES (%s, %s, 1)"
        " ON CONFLICT (tenant_id, series) DO UPDATE SET last = s.last + 1 RETURNING last",
        (work.actor.tenant_id, series),
    )
    return _SEQ.sub(lambda m: f"{last:0{int(m[1] or 1)}}", series)


def placeholders(pattern: str) -> list[str]:
    """Return the names of placeholders that come from the document itself."""
    names: list[Any] = re.findall(r"\{(\w+)(?::[^}]*)?\}", pattern)
    return [name for name in names if name not in ("year", "month", "seq")]
