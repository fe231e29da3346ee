"""Tables of the stock ledger. A movement takes goods from one place to another; nothing else changes stock.

Quantities are whole ten-thousandths of the item's unit. `lot` is 0 at ordinary places, the delivery note's document id in
transit, the delivery order's document id at a customer: the goods of one delivery are a queue of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKeyConstraint, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from erp_app.kernel.columns import NEXT_ID, NOW, big, moment


class StockMove(SQLModel, table=True):
    """One movement. Everything happens in the order of (effective_at, id); ids are given while the balance rows are locked.

    That document, item, places, accounts and source exist is looked at once for all movements of a statement (`stock_move_check`).

    Attributes:
        step: 0, or the running number of a document that posts several times (sent, received).
        value: given only for goods that enter from outside (receipts, opening stock); else the pieces say it.
        keep_origin: goods keep their layers' origin (transfer, delivery), instead of becoming one layer of this document.
        source_move_id: take only what that movement laid (returns, reversals).
        transform: consumed by, or made by, the document (production); outputs share by `weight` after `weight_before`.
        from_account_id, to_account_id: the accounts this movement's value goes from and to, resolved when it was posted.
    """

    __tablename__: ClassVar[str] = "stock_move"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="stock_move_quantity_positive"),
        CheckConstraint("from_place_id <> to_place_id OR from_lot <> to_lot", name="stock_move_goes_somewhere"),
        Index("stock_move_line", "tenant_id", "document_id", "step", "line_no", unique=True),
        Index("stock_move_out", "tenant_id", "item_id", "from_place_id", "from_lot", "effective_at", "id"),
        Index("stock_move_in", "tenant_id", "item_id", "to_place_id", "to_lot", "effective_at", "id"),
        Index("stock_move_item", "tenant_id", "item_id", "effective_at", "id"),
        Index("stock_move_source", "tenant_id", "source_move_id", postgresql_where=text("source_move_id IS NOT NULL")),
        Index("stock_move_transform", "tenant_id", "item_id", "effective_at", postgresql_where=text("transform")),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    document_id: int = big()
    step: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    line_no: int
    item_id: int = big()
    from_place_id: int = big()
    from_lot: int = big(default=0)
    to_place_id: int = big()
    to_lot: int = big(default=0)
    quantity: int = big()
    effective_at: datetime = moment()
    recorded_at: datetime = moment(default=NOW)
    value: int | None = big(required=False)
    keep_origin: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    source_move_id: int | None = big(required=False)
    transform: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    weight: int = big(default=0)
    weight_before: int = big(default=0)
    from_account_id: int = big()
    to_account_id: int = big()


class StockBalance(SQLModel, table=True):
    """What lies in one queue now: kept by a statement trigger on movements, so it equals their sum for every writer.

    Only followed places have rows: warehouse, vendor, in_transit, quarantine (valued) and customer (sold goods).

    Attributes:
        last_at: latest effective time of a movement; a quantity that is earlier is checked over the whole time line after it.
        last_out_at: latest effective time of a movement out of it, or of a revaluation of what lies in it; a cost that is
            earlier is late, and left to the worker.
        dirty_from: costs from this moment on wait for the costing worker; null when the queue is in order.
        head_at, head_move_id: no layer before this one has anything left (where FIFO begins to read).
    """

    __tablename__: ClassVar[str] = "stock_balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="stock_balance_never_negative"),
        ForeignKeyConstraint(["tenant_id", "item_id"], ["item.tenant_id", "item.id"], name="stock_balance_item_fk"),
        ForeignKeyConstraint(["tenant_id", "place_id"], ["place.tenant_id", "place.id"], name="stock_balance_place_fk"),
        Index("stock_balance_place", "tenant_id", "place_id", "item_id", "lot"),
        {"comment": "no_delete"},
    )

    tenant_id: int = big(key=True)
    item_id: int = big(key=True)
    place_id: int = big(key=True)
    lot: int = big(key=True, default=0)
    on_hand: int = big(default=0)
    last_at: datetime | None = moment(required=False)
    last_out_at: datetime | None = moment(required=False)
    dirty_from: datetime | None = moment(required=False)
    head_at: datetime | None = moment(required=False)
    head_move_id: int | None = big(required=False)


class StockBlock(SQLModel, table=True):
    """A stretch of one queue's past in two numbers, so that the lowest balance after a moment is found without reading every movement.

    The blocks of a queue follow each other without gap: each covers what is effective after the end of the one before, up to `ends_at`.
    They only cover what is some days old; a movement entered into a block later has its numbers counted again (`stock_block_follow`).

    Attributes:
        net: the sum of the block's changes.
        low: the lowest running sum within it, from its beginning, in order of (effective_at, id).
    """

    __tablename__: ClassVar[str] = "stock_block"

    tenant_id: int = big(key=True)
    item_id: int = big(key=True)
    place_id: int = big(key=True)
    lot: int = big(key=True)
    ends_at: datetime = Field(sa_type=DateTime(timezone=True), primary_key=True)
    net: int = big()
    low: int = big()


class Reservation(SQLModel, table=True):
    """Goods promised to a line of an order: `soft` tells who is next, `hard` leaves for nobody else."""

    __tablename__: ClassVar[str] = "reservation"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="reservation_quantity_not_negative"),
        CheckConstraint("kind IN ('soft', 'hard')", name="reservation_kind"),
        ForeignKeyConstraint(["tenant_id", "document_id"], ["record_ref.tenant_id", "record_ref.id"], name="reservation_document_fk"),
        ForeignKeyConstraint(["tenant_id", "item_id"], ["item.tenant_id", "item.id"], name="reservation_item_fk"),
        ForeignKeyConstraint(["tenant_id", "place_id"], ["place.tenant_id", "place.id"], name="reservation_place_fk"),
        Index("reservation_item", "tenant_id", "item_id", "place_id", postgresql_where=text("quantity > 0")),
    )

    tenant_id: int = big(key=True)
    document_id: int = big(key=True)
    line_no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    item_id: int = big()
    place_id: int = big()
    quantity: int = big()
    kind: str = Field(default="soft", sa_type=Text, sa_column_kwargs={"server_default": text("'soft'")})
    made_at: datetime = moment(default=NOW)


class StockFixQueue(SQLModel, table=True):
    """Items whose quantities must be proved again after an anomaly: one row for each item and cause, done by a worker."""

    __tablename__: ClassVar[str] = "stock_fix_queue"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="stock_fix_queue_state"),
        ForeignKeyConstraint(["tenant_id", "item_id"], ["item.tenant_id", "item.id"], name="stock_fix_queue_item_fk"),
        Index("stock_fix_queue_open", "tenant_id", "priority", "id", postgresql_where=text("state <> 'done'")),
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    item_id: int = big()
    from_at: datetime | None = moment(required=False)
    cause_document_id: int | None = big(required=False)
    priority: int = Field(default=5, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("5")})
    state: str = Field(default="waiting", sa_type=Text, sa_column_kwargs={"server_default": text("'waiting'")})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    error: str | None = None
    created_at: datetime = moment(default=NOW)
    started_at: datetime | None = moment(required=False)
    done_at: datetime | None = moment(required=False)
