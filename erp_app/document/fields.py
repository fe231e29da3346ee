"""Kinds of fields: each helper returns a SQLModel field whose column knows its kind, label, limits and who may see it.

The meta data lies in the column's `info` (`kind`, `label`, `ref`, `choices`, `see`, `edit`, `places`), where lists, forms,
import, print, API and filters read it. API and screens call a reference `supplier_id` simply `supplier`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

KINDS = ("text", "long_text", "choice", "integer", "quantity", "price", "percent", "money", "date", "moment", "flag", "ref", "refs", "record", "user", "json")


def _field(
    kind: str,
    sa_type: Any,
    *,
    required: bool,
    default: Any = None,
    label: str = "",
    info: dict[str, Any] | None = None,
    index: bool = False,
    max_length: int | None = None,
    server_default: str | None = None,
) -> Any:
    extra: dict[str, Any] = {"info": {"kind": kind, "label": label, "required": required, "max_length": max_length, **(info or {})}}
    if server_default is not None:
        extra["server_default"] = text(server_default)
    options: dict[str, Any] = {"sa_type": sa_type, "nullable": not required, "index": index, "sa_column_kwargs": extra}
    if max_length is not None:
        options["max_length"] = max_length
    if required and default is None:
        return Field(**options)
    return Field(default=default, **options)


def Str(*, max_length: int = 200, required: bool = False, label: str = "", default: str | None = None, see: str = "", edit: bool = True) -> Any:  # noqa: N802
    """One line of text."""
    return _field("text", Text, required=required, label=label, max_length=max_length, default=default, info={"see": see, "edit": edit})


def LongText(*, max_length: int = 4000, required: bool = False, label: str = "") -> Any:  # noqa: N802
    """Several lines of text."""
    return _field("long_text", Text, required=required, label=label, max_length=max_length, default=None)


def Choice(*choices: str, default: str | None = None, required: bool = False, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """One of a fixed list of words (stored as is, shown translated)."""
    return _field("choice", Text, required=required, default=default, label=label, max_length=60, info={"choices": choices, "edit": edit})


def Ref(plural: str, *, required: bool = False, label: str = "", see: str = "", edit: bool = True, filter: dict[str, Any] | None = None) -> Any:  # noqa: N802, A002
    """A reference to a record of another type, by the plural that names that type (`customers`); a composite foreign key with the tenant."""
    return _field("ref", BigInteger, required=required, label=label, index=False, info={"ref": plural, "see": see, "edit": edit, "filter": filter or {}})


def Refs(plural: str, *, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """Several records of another type (`receipts: ["GR-2026-00001", 17]`): a JSON list of their ids in the row; in the API the field keeps its name."""
    return _field("refs", JSONB, required=False, label=label, default=None, info={"ref": plural, "many": True, "edit": edit})


def Json(*, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """Any small JSON value, for what programs send and a service understands (`allocate: "oldest"`)."""
    return _field("json", JSONB, required=False, label=label, default=None, info={"edit": edit})


def AnyRecord(*, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """A reference to a record of any type, by its id or as `type/number` (`sales-orders/SO-2026-00001`)."""
    return _field("record", BigInteger, required=False, label=label, default=None, info={"ref": "*", "edit": edit})


def User(*, required: bool = False, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """A reference to a user of the tenant."""
    return _field("user", BigInteger, required=required, label=label, info={"ref": "users", "edit": edit})


def Quantity(*, required: bool = False, label: str = "", default: Decimal | None = None, edit: bool = True) -> Any:  # noqa: N802
    """An exact quantity with four decimals."""
    return _field("quantity", Numeric(18, 4), required=required, default=default, label=label, info={"places": 4, "edit": edit})


def Price(*, required: bool = False, label: str = "", default: Decimal | None = None, see: str = "") -> Any:  # noqa: N802
    """A unit price in minor units with up to four decimals."""
    return _field("price", Numeric(20, 4), required=required, default=default, label=label, info={"places": 4, "see": see})


def Percent(*, required: bool = False, label: str = "", default: Decimal | None = None) -> Any:  # noqa: N802
    """A percentage with up to four decimals."""
    return _field("percent", Numeric(9, 4), required=required, default=default, label=label, info={"places": 4})


def Money(*, required: bool = False, label: str = "", default: int | None = None, see: str = "", edit: bool = True) -> Any:  # noqa: N802
    """An amount in whole minor units."""
    return _field("money", BigInteger, required=required, default=default, label=label, info={"places": 0, "see": see, "edit": edit})


def Integer(*, required: bool = False, label: str = "", default: int | None = None, edit: bool = True) -> Any:  # noqa: N802
    """A whole number."""
    return _field("integer", BigInteger, required=required, default=default, label=label, info={"edit": edit})


def Day(*, required: bool = False, label: str = "", edit: bool = True) -> Any:  # noqa: N802
    """A calendar date."""
    return _field("date", Date, required=required, label=label, info={"edit": edit})


def Moment(*, required: bool = False, label: str = "", default: datetime | None = None, edit: bool = True) -> Any:  # noqa: N802
    """A point in time with zone."""
    return _field("moment", DateTime(timezone=True), required=required, default=default, label=label, info={"edit": edit})


def Flag(*, default: bool = False, label: str = "") -> Any:  # noqa: N802
    """Yes or no."""
    return _field("flag", Boolean, required=True, default=default, label=label, server_default="true" if default else "false")
