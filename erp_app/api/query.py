"""The query string of a list: every parameter is known, or the request is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from erp_app.document.service import Query
from erp_app.kernel.errors import Invalid

_FILTER = re.compile(r"filter\[([A-Za-z0-9_.]{1,60})\](?:\[([a-z]{1,10})\])?")
MAX_Q = 100


def page_query(items: Sequence[tuple[str, str]], known: Sequence[str] = ()) -> Query:
    """Read `q`, `sort`, `page`, `page_size`, `filter[field]=value`, `filter[field][operator]=value`; `known` names others that are allowed.

    Raises:
        Invalid: ERP-1103 naming the parameter.
    """
    plain: dict[str, str] = {}
    filters: dict[str, Any] = {}
    for name, value in items:
        match = _FILTER.fullmatch(name)
        if match:
            field, operator = match[1], match[2] or "eq"
            filters.setdefault(field, {})[operator] = value
        elif name in ("q", "sort", "page", "page_size") and name not in plain:
            plain[name] = value
        elif name not in known:
            raise Invalid("ERP-1103", f"The parameter {name[:60]!r} is not known here.", errors={name[:60]: "is not known here"})
    if len(plain.get("q", "")) > MAX_Q:
        raise Invalid("ERP-1103", f"q is longer than {MAX_Q} characters.", errors={"q": "is too long"})
    return Query(plain.get("q", ""), plain.get("sort", ""), _whole(plain, "page", 1), _whole(plain, "page_size", 50), filters)


def _whole(plain: dict[str, str], name: str, default: int) -> int:
    text = plain.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9):  # noqa: PLR2004 - more than any list has
        raise Invalid("ERP-1103", f"{name} must be a whole number from 1.", errors={name: "must be a whole number from 1"})
    return int(text)
