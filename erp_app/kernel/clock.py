"""The only place that reads the time."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds of a clock that never goes back, for durations."""
    return time.monotonic()


def today(tz: str) -> date:
    """Return the current date in the tenant's time zone."""
    return now().astimezone(ZoneInfo(tz)).date()


def parse_moment(value: object, tz: str) -> datetime:
    """Read an ISO 8601 moment; a date alone, or a time without offset, is in the tenant's zone (a date is its midnight).

    Raises:
        ValueError: when it is neither.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone follows below
    else:
        moment = datetime.fromisoformat(str(value).strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(tz))
