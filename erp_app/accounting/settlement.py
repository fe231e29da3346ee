"""Settlements: which receipt, payment or credit note paid how much of which invoice or bill; append-only, undone by a negative row."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKeyConstraint, Identity, Index, text
from sqlmodel import Field, SQLModel


class Settlement(SQLModel, table=True):
    """`amount` (minor units) of document `by_document_id` counts for `document_id` from `date` on."""

    __tablename__: ClassVar[str] = "settlement"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="settlement_amount"),
        ForeignKeyConstraint(["tenant_id", "document_id"], ["record_ref.tenant_id", "record_ref.id"], name="settlement_document_fk"),
        ForeignKeyConstraint(["tenant_id", "by_document_id"], ["record_ref.tenant_id", "record_ref.id"], name="settlement_by_fk"),
        ForeignKeyConstraint(["tenant_id", "party_id"], ["record_ref.tenant_id", "record_ref.id"], name="settlement_party_fk"),
        Index("settlement_document", "tenant_id", "document_id"),
        Index("settlement_by", "tenant_id", "by_document_id"),
        {"comment": "append_only"},
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    party_id: int = Field(sa_type=BigInteger)
    document_id: int = Field(sa_type=BigInteger)
    by_document_id: int = Field(sa_type=BigInteger)
    amount: int = Field(sa_type=BigInteger)
    date: dt.date = Field(sa_type=Date)
    recorded_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()"), "nullable": False})
