"""Credit exposure of customers: each rupiah stands in one row, which moves from order to delivery to invoice until it is paid."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

KINDS = ("order", "delivered", "invoice", "receipt")


class CreditExposure(SQLModel, table=True):
    """What one document adds to (an unallocated receipt: takes from) a customer's exposure, in minor units with VAT."""

    __tablename__: ClassVar[str] = "credit_exposure"
    __table_args__ = (
        CheckConstraint("kind IN ('order', 'delivered', 'invoice', 'receipt')", name="credit_exposure_kind"),
        CheckConstraint("(kind = 'receipt') = (amount < 0)", name="credit_exposure_sign"),
        ForeignKeyConstraint(["tenant_id", "document_id"], ["record_ref.tenant_id", "record_ref.id"], name="credit_exposure_document_fk"),
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name="credit_exposure_customer_fk"),
        Index("credit_exposure_customer", "tenant_id", "customer_id"),
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    document_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text, primary_key=True)
    customer_id: int = Field(sa_type=BigInteger)
    amount: int = Field(sa_type=BigInteger)
    changed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("now()"), "nullable": False})
