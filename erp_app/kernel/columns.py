"""What columns of many tables have in common: the database's time and ids; and those of the ledgers, whole numbers of eight bytes and moments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, DateTime, text
from sqlmodel import Field

NEXT_ID = text("nextval('record_id_seq')")  # one sequence for all types: an id names one record of any type
NOW = text("now()")


def moment(*, required: bool = True, default: Any = None) -> Any:
    """Return a column of aware times; `default` is the database's."""
    extra: dict[str, Any] = {"server_default": default} if default is not None else {}
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=not required, sa_column_kwargs=extra)


def big(*, key: bool = False, required: bool = True, default: int | None = None) -> Any:
    """Return a column of whole numbers; `key` makes it part of the primary key."""
    extra: dict[str, Any] = {"autoincrement": False} if key else {}
    if default is not None:
        extra["server_default"] = text(str(default))
    return Field(default=default, sa_type=BigInteger, primary_key=key, nullable=not required, sa_column_kwargs=extra)
