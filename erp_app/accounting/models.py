"""Tables of accounting: accounts, which account an event goes to, periods, and journals that always balance.

Amounts are whole minor units of the tenant's currency.
"""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKeyConstraint, Identity, Index, Integer, SmallInteger, Text, text
from sqlmodel import Field, SQLModel

from erp_app.document.fields import Choice, Day, Flag, Moment, Str, User
from erp_app.document.models import Master
from erp_app.kernel.columns import NOW, big

ACCOUNT_TYPES = ("asset", "liability", "equity", "income", "expense")


class Account(Master, table=True):
    """An account of the general ledger."""

    __table_args__ = (CheckConstraint("type IN ('asset', 'liability', 'equity', 'income', 'expense')", name="account_type"),)

    type: str = Choice(*ACCOUNT_TYPES, default="asset", required=True, label="Type")
    needs_party: bool = Flag(label="By party")


class AccountMap(SQLModel, table=True):
    """Which account an event goes to; a row for the item kind or place kind goes before one for all (empty text).

    `event` is `stock` for goods lying at a place, else a role a document names: `grni`, `ap`, `sales` …
    """

    __tablename__: ClassVar[str] = "account_map"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"], name="account_map_account_fk"),
    )

    tenant_id: int = big(key=True)
    event: str = Field(primary_key=True, sa_type=Text)
    item_kind: str = Field(default="", primary_key=True, sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    place_kind: str = Field(default="", primary_key=True, sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    account_id: int = big()


class AccountingPeriod(Master, table=True):
    """A calendar month of the books. Open for all; soft: only for those with the right; locked: for nobody.

    A locked month is opened again by two people: one asks and says why, another agrees; a trigger holds both to it.
    """

    __tablename__: ClassVar[str] = "accounting_period"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'soft', 'locked')", name="accounting_period_state"),
        CheckConstraint("code ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="accounting_period_code_is_a_month"),
    )

    code: str = Str(max_length=60, required=True, edit=False)
    name: str = Str(max_length=200, required=True, edit=False)
    state: str = Field(default="open", sa_type=Text, sa_column_kwargs={
        "server_default": text("'open'"), "info": {"kind": "state", "label": "State", "edit": False},
    })
    starts_on: dt.date = Day(required=True, label="First day", edit=False)
    ends_on: dt.date = Day(required=True, label="Last day", edit=False)
    reopen_asked_by_id: int | None = User(label="Reopening asked by", edit=False)
    reopen_asked_at: datetime | None = Moment(label="Reopening asked at", edit=False)
    reopen_reason: str | None = Str(max_length=1000, label="Reason to reopen", edit=False)


class JournalEntry(SQLModel, table=True):
    """One balanced journal of one document. Its number is given right after the commit, without gaps: see `journal_number`.

    That its documents exist is looked at once for all journals of a statement (`journal_entry_check`, `journal_correct`).

    Attributes:
        kind: original, correction (of an earlier value, by `cause_document_id`), or reversal (of `cause_document_id`).
        step: as in the movements of the document.
    """

    __tablename__: ClassVar[str] = "journal_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('original', 'correction', 'reversal')", name="journal_entry_kind"),
        Index("journal_entry_document", "tenant_id", "document_id"),
        Index("journal_entry_once", "tenant_id", "document_id", "step", unique=True, postgresql_where=text("kind = 'original'")),
        Index("journal_entry_reversed", "tenant_id", "cause_document_id", postgresql_where=text("kind = 'reversal'")),
        Index("journal_entry_date", "tenant_id", "date", "id"),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    document_id: int = big()
    step: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    kind: str = Field(default="original", sa_type=Text, sa_column_kwargs={"server_default": text("'original'")})
    cause_document_id: int | None = big(required=False)
    date: dt.date = Field(sa_type=Date)
    effective_at: datetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": NOW})
    text: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})


class JournalNumber(SQLModel, table=True):
    """The seal of a journal, set at commit, and its running number within the year, given right after: no gaps, and no queue of commits."""

    __tablename__: ClassVar[str] = "journal_number"
    __table_args__ = (
        Index("journal_number_year", "tenant_id", "year", "seq", unique=True, postgresql_where=text("seq IS NOT NULL")),
        Index("journal_number_open", "tenant_id", postgresql_where=text("seq IS NULL")),
        {"comment": "no_delete"},
    )

    tenant_id: int = big(key=True)
    entry_id: int = big(key=True)
    year: int = Field(sa_type=Integer)
    seq: int | None = big(required=False)


class JournalLine(SQLModel, table=True):
    """One line: debit or credit, never both, never neither. `date` repeats the entry's, for sums by account and date.

    That its entry and account exist is looked at once for all lines of a statement (`journal_line_joins`); neither can ever be deleted.
    """

    __tablename__: ClassVar[str] = "journal_line"
    __table_args__ = (
        CheckConstraint("debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)", name="journal_line_one_side"),
        ForeignKeyConstraint(["tenant_id", "party_id"], ["record_ref.tenant_id", "record_ref.id"], name="journal_line_party_fk"),
        Index("journal_line_account", "tenant_id", "account_id", "date"),
        Index("journal_line_party", "tenant_id", "party_id", "account_id", "date", postgresql_where=text("party_id IS NOT NULL")),
        {"comment": "append_only"},
    )

    tenant_id: int = big(key=True)
    entry_id: int = big(key=True)
    line_no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = big()
    party_id: int | None = big(required=False)
    debit: int = big(default=0)
    credit: int = big(default=0)
    date: dt.date = Field(sa_type=Date)
