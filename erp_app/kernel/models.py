"""Tables of the kernel: events, audit, idempotency keys.

Every table of the product has `tenant_id` first in its primary key; row-level security, grants and append-only guards
follow from the catalogue (alembic/sql/90_guards.sql), so a table declares only what it stores.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from erp_app.kernel.columns import NOW


class Outbox(SQLModel, table=True):
    """A business event waiting for delivery."""

    __table_args__ = (Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")), {"comment": "relay"})

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    name: str
    payload: dict[str, Any] = Field(sa_type=JSONB)
    topics: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    request_id: str = Field(default="-", sa_column_kwargs={"server_default": "-"})
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("clock_timestamp()")})
    sent_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class EventDelivery(SQLModel, table=True):
    """An event that a consumer still has to take; removed in the transaction of its effect, sent again when that does not come."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        Index("event_delivery_due", "next_at", postgresql_where=text("NOT given_up")),
        Index("event_delivery_key", "tenant_id", "consumer", "key"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    event_id: int = Field(sa_type=BigInteger, primary_key=True)
    consumer: str = Field(primary_key=True)
    key: str
    attempts: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    next_at: datetime = Field(sa_type=DateTime(timezone=True))
    given_up: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    error: str | None = None
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW})


class EventDone(SQLModel, table=True):
    """Proof that a consumer's effect of an event is in the database."""

    __tablename__ = "event_done"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    event_id: int = Field(sa_type=BigInteger, primary_key=True)
    consumer: str = Field(primary_key=True)
    done_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW})


class AuditEvent(SQLModel, table=True):
    """Who did what, when, from where, before and after."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("audit_event_record", "tenant_id", "record_id", "id"),
        {"comment": "append_only"},
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("clock_timestamp()")})
    user_id: int = Field(sa_type=BigInteger)
    username: str
    via: str
    address: str
    request_id: str
    action: str
    resource: str
    record_id: int | None = Field(default=None, sa_type=BigInteger)
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    reason: str | None = None


class AuditChain(SQLModel, table=True):
    """One link of a tenant's hash chain: sha256 of the link before and of the audit row."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        Index("audit_chain_event", "tenant_id", "audit_id", unique=True),
        {"comment": "append_only"},
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    audit_id: int = Field(sa_type=BigInteger)
    hash: bytes
    sealed_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("clock_timestamp()")})


class IdempotencyKey(SQLModel, table=True):
    """The answer to a request, kept under the key its client chose."""

    __tablename__ = "idempotency_key"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    user_id: int = Field(sa_type=BigInteger, primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    content_sha256: str
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW})
