"""Reading and writing single values: strict on the way in, exact text on the way out."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.document.shape import Shape
from erp_app.kernel import clock
from erp_app.kernel.errors import Invalid
from erp_app.kernel.money import MAX_MONEY, parse_decimal, quantity_text

MAX_INTEGER = 2**53  # what every client reads exactly
MAX_JSON = 64 * 1024
_LIMITS = {"quantity": Decimal(10) ** 14, "price": Decimal(10) ** 14, "percent": Decimal(10) ** 5}
_YEARS = range(1900, 2200)
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"[-+]?[0-9.eE+-]{1,40}")  # Decimal() checks the rest; it would also take digits of other scripts


class Bad(ValueError):  # noqa: N818 - reads as English where it is raised
    """A value a field does not take; the text goes beside the field."""


def parse(shape: Shape, value: Any, tz: str) -> Any:
    """Turn an API value into what is stored; references are left as given (see `reference`). Empty text is no value.

    Raises:
        Bad: with a message for the field.
    """
    if value is None or value == "":
        return None
    return _PARSERS[shape.kind](shape, value, tz)


def show(shape: Shape, value: Any, tz: str) -> Any:
    """Turn a stored value into its API form: decimals as text without needless zeros, moments with the tenant's offset."""
    if value is None:
        return None
    if shape.kind == "moment":
        return moment_text(value, tz) if isinstance(value, datetime) else value
    if shape.kind == "date":
        return value.isoformat() if isinstance(value, date) else value
    if shape.kind in ("quantity", "price", "percent"):
        return quantity_text(value) if isinstance(value, Decimal) else str(value)
    if shape.kind == "money":
        return str(value)
    return value


def moment_text(value: datetime, tz: str) -> str:
    """Write a moment as ISO 8601 with the offset of the zone."""
    return value.astimezone(ZoneInfo(tz)).isoformat()


def plain(value: Any, tz: str) -> Any:
    """Turn anything a handler answers into JSON: decimals as text, moments with offset."""
    if isinstance(value, dict):
        return {str(key): plain(one, tz) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(one, tz) for one in value]
    if isinstance(value, Decimal):
        return quantity_text(value)
    if isinstance(value, datetime):
        return moment_text(value, tz)
    return value.isoformat() if isinstance(value, date) else value


def _text(shape: Shape, value: Any, _tz: str) -> str | None:
    if not isinstance(value, str):
        raise Bad("must be text")
    several = shape.kind == "long_text"
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n") if several else value).strip()
    if any(unicodedata.category(c) in ("Cc", "Cs") and not (several and c in "\n\t") for c in text):
        raise Bad("contains control characters")
    if shape.max_length and len(text) > shape.max_length:
        raise Bad(f"is longer than {shape.max_length} characters")
    return text or None


def _choice(shape: Shape, value: Any, _tz: str) -> str:
    if not isinstance(value, str) or value not in shape.choices:
        raise Bad(f"must be one of {', '.join(shape.choices)}")
    return value


def _integer(_shape: Shape, value: Any, _tz: str) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        value = int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Bad("must be a whole number")
    if abs(value) > MAX_INTEGER:
        raise Bad("is out of range")
    return value


def _decimal(shape: Shape, value: Any, _tz: str) -> Decimal:
    if not isinstance(value, str | int | float | Decimal) or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
        raise Bad("must be a number")
    try:
        number = parse_decimal(value, places=shape.places or 0, name=shape.label)
    except Invalid as error:
        raise Bad(error.errors.get(shape.label) or error.detail) from None
    if abs(number) >= _LIMITS.get(shape.kind, MAX_MONEY):
        raise Bad("is out of range")
    return abs(number) if number == 0 else number


def _money(shape: Shape, value: Any, tz: str) -> int:
    return int(_decimal(shape, value, tz))


def _date(_shape: Shape, value: Any, _tz: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        day = date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise Bad("must be a date like 2026-01-31")
    return day


def _moment(_shape: Shape, value: Any, tz: str) -> datetime:
    try:
        moment = clock.parse_moment(value, tz) if isinstance(value, str | date) else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise Bad("must be a date or time like 2026-01-31 or 2026-01-31T14:05:00+07:00")
    return moment


def _flag(_shape: Shape, value: Any, _tz: str) -> bool:
    known = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    if not isinstance(value, bool):
        raise Bad("must be true or false")
    return value


def _key(_shape: Shape, value: Any, _tz: str) -> int | str:
    """Read one reference: an id, or a number or code."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Bad("must be an id, a number or a code")
    if isinstance(value, int) and not 0 < value <= MAX_INTEGER:
        raise Bad("is no id")
    if isinstance(value, str):
        text = value.strip()
        if not 0 < len(text) <= 200 or any(unicodedata.category(c) in ("Cc", "Cs") for c in text):  # noqa: PLR2004 - longer than any key
            raise Bad("must be an id, a number or a code")
        return text
    return value


def _keys(shape: Shape, value: Any, tz: str) -> list[int | str]:
    if not isinstance(value, list) or len(value) > 1000:  # noqa: PLR2004 - a bill of a thousand receipts
        raise Bad("must be a list of ids, numbers or codes")
    return [_key(shape, one, tz) for one in value]


def _json(_shape: Shape, value: Any, _tz: str) -> Any:
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise Bad("is no JSON value") from None
    if len(text) > MAX_JSON or "\\u0000" in text:
        raise Bad("is too long")
    return value


_PARSERS: dict[str, Callable[[Shape, Any, str], Any]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "state": _text,
    "integer": _integer,
    "quantity": _decimal,
    "price": _decimal,
    "percent": _decimal,
    "money": _money,
    "date": _date,
    "moment": _moment,
    "flag": _flag,
    "ref": _key,
    "user": _key,
    "record": _key,
    "refs": _keys,
    "json": _json,
}
