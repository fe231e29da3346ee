"""Tables of the costing ledger: layers, the pieces cut from them, revaluations, transformations, and the queue of late work.

What the rows mean is told in `erp_app/costing/__init__.py`. Money is whole minor units, quantities whole ten-thousandths.
"""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKeyConstraint, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from erp_app.kernel.columns import NEXT_ID, NOW, big, moment


class CostLayer(SQLModel, table=True):
    """What one movement laid into one queue: a cache of what a replay finds, with an identity that never changes.

    Attributes:
        parent_layer_id: the layer it was cut from; null for goods from outside, produced or merged goods.
        place_id: of an unfollowed place (supplier, adjustment …) when goods that left may come back from there.
        rank: order among several layers of one movement.
        quantity, value: of the whole, revaluations included; `taken` is what is already cut off from its beginning.
    """

    __tablename__: ClassVar[str] = "cost_layer"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= quantity", name="cost_layer_taken"),
        ForeignKeyConstraint(["tenant_id", "move_id"], ["stock_move.tenant_id", "stock_move.id"], name="cost_layer_move_fk"),
        Index("cost_layer_identity", "tenant_id", "move_id", "parent_layer_id", unique=True, postgresql_nulls_not_distinct=True),
        Index("cost_layer_queue", "tenant_id", "item_id", "place_id", "lot", "effective_at", "move_id", "rank"),
        {"comment": "no_delete"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    move_id: int = big()
    parent_layer_id: int | None = big(required=False)
    origin_document_id: int = big()
    item_id: int = big()
    place_id: int = big()
    lot: int = big(default=0)
    effective_at: datetime = moment()
    rank: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    quantity: int = big()
    value: int = big()
    taken: int = big(default=0)


class CostPiece(SQLModel, table=True):
    """What a movement is worth, as signed rows: the piece as posted, and later the differences; current = the sum.

    That movement and layer exist is looked at once for all pieces of a statement (`cost_piece_check`, `cost_correct`).

    Attributes:
        document_id: the document whose journal carries the amount: the movement's own, or a revaluation, which changes values and
            no quantities.
        cause_document_id: the document whose entry made us write the row.
        date: of the journal that carries it.
    """

    __tablename__: ClassVar[str] = "cost_piece"
    __table_args__ = (
        Index("cost_piece_move", "tenant_id", "move_id"),
        Index("cost_piece_revalued", "tenant_id", "document_id", postgresql_where=text("quantity = 0")),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    move_id: int = big()
    layer_id: int = big()
    document_id: int = big()
    quantity: int = big()
    value: int = big()
    cause_document_id: int = big()
    recorded_at: datetime = moment(default=NOW)
    date: dt.date = Field(sa_type=Date)


class CostRevaluation(SQLModel, table=True):
    """An amount a document adds to what one movement laid: landed cost, or a bill's price difference.

    Attributes:
        account_id: the other side of the amount (landed cost not billed, goods received not billed).
    """

    __tablename__: ClassVar[str] = "cost_revaluation"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "document_id"], ["record_ref.tenant_id", "record_ref.id"], name="cost_revaluation_document_fk"),
        ForeignKeyConstraint(["tenant_id", "move_id"], ["stock_move.tenant_id", "stock_move.id"], name="cost_revaluation_move_fk"),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"], name="cost_revaluation_account_fk"),
        Index("cost_revaluation_move", "tenant_id", "move_id"),
        Index("cost_revaluation_document", "tenant_id", "document_id", "move_id", unique=True),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"server_default": NEXT_ID, "autoincrement": False})
    document_id: int = big()
    move_id: int = big()
    account_id: int = big()
    effective_at: datetime = moment()
    recorded_at: datetime = moment(default=NOW)
    amount: int = big()


class CostTransform(SQLModel, table=True):
    """Cost from outside that a document adds to what it consumes (fee, overhead), shared by its outputs. One row a document."""

    __tablename__: ClassVar[str] = "cost_transform"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "document_id"], ["record_ref.tenant_id", "record_ref.id"], name="cost_transform_document_fk"),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    document_id: int = big(key=True)
    added: int = big(default=0)
    weight: int = big()


class HppQueue(SQLModel, table=True):
    """Items whose costs wait for the worker: one row for each item and the document that came late (or waits behind one)."""

    __tablename__: ClassVar[str] = "hpp_queue"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="hpp_queue_state"),
        ForeignKeyConstraint(["tenant_id", "item_id"], ["item.tenant_id", "item.id"], name="hpp_queue_item_fk"),
        ForeignKeyConstraint(["tenant_id", "cause_document_id"], ["record_ref.tenant_id", "record_ref.id"], name="hpp_queue_cause_fk"),
        Index("hpp_queue_open", "tenant_id", "item_id", "id", postgresql_where=text("state <> 'done'")),
        Index("hpp_queue_cause", "tenant_id", "cause_document_id"),
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    item_id: int = big()
    from_at: datetime = moment()
    cause_document_id: int = big()
    priority: int = Field(default=5, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("5")})
    state: str = Field(default="waiting", sa_type=Text, sa_column_kwargs={"server_default": text("'waiting'")})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    error: str | None = None
    created_at: datetime = moment(default=NOW)
    started_at: datetime | None = moment(required=False)
    done_at: datetime | None = moment(required=False)


class CostCheckpoint(SQLModel, table=True):
    """A sealed snapshot of one item's layers just after `at`; a replay from it reproduces the next one bit for bit.

    Attributes:
        last_move_id: highest id of a movement effective up to `at`; a higher one makes the checkpoint stale.
        last_piece_id: every cost piece of the item that was known at `made_at` has at most this id, every later one a higher one.
        moves: movements since the checkpoint before.
        made_at: when it was sealed; what was recorded later is not in it.
    """

    __tablename__: ClassVar[str] = "cost_checkpoint"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "item_id"], ["item.tenant_id", "item.id"], name="cost_checkpoint_item_fk"),
        Index("cost_checkpoint_item", "tenant_id", "item_id", "at"),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    item_id: int = big()
    at: datetime = moment()
    last_move_id: int = big()
    last_piece_id: int = big(default=0)
    moves: int = big(default=0)
    reason: str = Field(default="schedule", sa_type=Text)
    layers: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(sa_type=Text)
    made_at: datetime = moment(default=NOW)


class CheckpointRun(SQLModel, table=True):
    """Sealing all items that moved, asked for by a closing month or by the schedule; a worker does it item by item and may resume.

    Attributes:
        at: the moment the checkpoints are of (its end is included).
        reason: `period` (the month that closed is `label`) or `schedule`.
        items, done: how many items there are to look at, and how many were.
        position: the last item that is done; what comes after it is still to do.
    """

    __tablename__: ClassVar[str] = "checkpoint_run"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="checkpoint_run_state"),
        Index("checkpoint_run_open", "tenant_id", "id", postgresql_where=text("state <> 'done'")),
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    at: datetime = moment()
    reason: str = Field(sa_type=Text)
    label: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    state: str = Field(default="waiting", sa_type=Text, sa_column_kwargs={"server_default": text("'waiting'")})
    items: int = big(default=0)
    done: int = big(default=0)
    sealed: int = big(default=0)
    position: int = big(default=0)
    error: str | None = None
    created_at: datetime = moment(default=NOW)
    started_at: datetime | None = moment(required=False)
    done_at: datetime | None = moment(required=False)
