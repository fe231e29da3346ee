"""One notification of one user."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Notification(SQLModel, table=True):
    """Something a user should know of. The text follows from `kind` and `data` in the language of the reader.

    One event notifies a user of a kind once, however often it is delivered.
    """

    __tablename__: ClassVar[str] = "notification"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["user_account.tenant_id", "user_account.id"], ondelete="CASCADE", name="notification_user_fk"
        ),
        Index("notification_user", "tenant_id", "user_id", "id"),
        Index("notification_unread", "tenant_id", "user_id", postgresql_where=text("read_at IS NULL")),
        Index("notification_record", "tenant_id", "record_id"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    user_id: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    record_type: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    record_id: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()"), "nullable": False})
    read_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
