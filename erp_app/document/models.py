"""Base classes of everything people keep: records, master data, documents and their lines; and what hangs on any record."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from erp_app.document.fields import LongText, Moment, Str
from erp_app.kernel.columns import NEXT_ID, NOW


class Stored(SQLModel):
    """Names tables as SQL people do: `SalesOrderLine` is stored in `sales_order_line`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy passes the class
        """Return the snake_case name of the class."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class Record(Stored):
    """What every record has. Primary key (tenant_id, id)."""

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    version: int = Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": text("1")})
    custom: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    created_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW, "nullable": False})
    created_by: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    updated_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW, "nullable": False})
    updated_by: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Master(Record):
    """Master data: things with a code and a name (items, customers, places)."""

    code: str = Str(max_length=60, required=True)
    name: str = Str(max_length=200, required=True)
    active: bool = Field(default=True, sa_type=Boolean, sa_column_kwargs={"server_default": text("true"), "info": {"kind": "flag", "label": "Active"}})


class Document(Record):
    """A business document: numbered, dated, with a state."""

    number: str = Field(default="", sa_type=Text, sa_column_kwargs={"info": {"kind": "text", "label": "Number", "edit": False}})
    state: str = Field(default="draft", sa_type=Text, sa_column_kwargs={"info": {"kind": "state", "label": "State", "edit": False}})
    effective_at: datetime | None = Moment(label="Date")
    reference: str | None = Str(max_length=120, label="Reference")
    note: str | None = LongText(max_length=4000, label="Note")


class Line(Stored):
    """A line of a document. Primary key (tenant_id, document_id, line_no); line numbers start at 1."""

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    document_id: int = Field(sa_type=BigInteger, primary_key=True)
    line_no: int = Field(sa_type=Integer, primary_key=True)


class RecordRef(SQLModel, table=True):
    """One row for every record of any type: what the palette searches, the graph draws, and ledgers refer to. Kept by trigger."""

    __tablename__: ClassVar[str] = "record_ref"
    __table_args__ = (
        Index("record_ref_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
        Index("record_ref_number", "tenant_id", "type", "number", unique=True),
        {"comment": "no_delete"},
    )

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    type: str = Field(sa_type=Text)
    number: str = Field(sa_type=Text)
    label: str = Field(default="", sa_type=Text)
    state: str = Field(default="", sa_type=Text)
    effective_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    search: str = Field(default="", sa_type=Text)


class RecordLink(SQLModel, table=True):
    """A directed link between two records: `from` led to `to`."""

    __tablename__: ClassVar[str] = "record_link"
    __table_args__ = (Index("record_link_to", "tenant_id", "to_id"),)

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    from_id: int = Field(sa_type=BigInteger, primary_key=True)
    to_id: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str = Field(default="leads_to", primary_key=True, sa_type=Text)


class Comment(SQLModel, table=True):
    """What somebody said about a record."""

    __tablename__: ClassVar[str] = "record_comment"
    __table_args__ = (Index("record_comment_record", "tenant_id", "record_id", "id"), {"comment": "append_only"})

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    record_id: int = Field(sa_type=BigInteger)
    user_id: int = Field(sa_type=BigInteger)
    username: str
    body: str = Field(sa_type=Text, max_length=4000)
    at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW, "nullable": False})


class Attachment(SQLModel, table=True):
    """A file on a record; the bytes lie in the database, so that they are in the backup and behind the same wall."""

    __tablename__: ClassVar[str] = "record_attachment"
    __table_args__ = (Index("record_attachment_record", "tenant_id", "record_id", "id"), {"comment": "append_only"})

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    record_id: int = Field(sa_type=BigInteger)
    user_id: int = Field(sa_type=BigInteger)
    username: str
    name: str
    media_type: str
    size: int
    sha256: str
    content: bytes = Field(sa_type=LargeBinary)
    at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW, "nullable": False})


class NumberSeries(SQLModel, table=True):
    """The last number given in one series and period; the row is locked last in a transaction, so numbers have no gaps."""

    __tablename__: ClassVar[str] = "number_series"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    series: str = Field(primary_key=True, sa_type=Text)
    last: int = Field(default=0, sa_type=BigInteger)


class CustomField(SQLModel, table=True):
    """A typed field an administrator added to a document type of the tenant; values lie in the record's `custom`."""

    __tablename__: ClassVar[str] = "custom_field"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    type: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(primary_key=True, sa_type=Text, max_length=40)
    label: str = Field(sa_type=Text, max_length=80)
    kind: str = Field(sa_type=Text)
    choices: list[str] = Field(default_factory=list, sa_type=JSONB)
    required: bool = False
    in_list: bool = False
    in_print: bool = False
    position: int = 0
    active: bool = True


class SavedView(SQLModel, table=True):
    """A list as somebody likes it: columns, filters, sort; personal, or shared with the tenant."""

    __tablename__: ClassVar[str] = "saved_view"

    tenant_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    type: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text, max_length=80)
    user_id: int = Field(sa_type=BigInteger)
    shared: bool = False
    spec: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
