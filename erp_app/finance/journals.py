"""Journal entries made by hand: capital, accruals, corrections that no other document makes."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Money, Ref, Str
from erp_app.document.models import Document, Line
from erp_app.finance import journal_service as service
from erp_app.posting import effects


class ManualJournal(Document, table=True):
    """A journal entered by hand; it balances before it is posted."""

    total: int = Money(label="Total", default=0, required=True, edit=False)


class ManualJournalLine(Line, table=True):
    """One line: debit or credit. `party` is the code of a customer or supplier, for accounts kept by party."""

    __table_args__ = (CheckConstraint("debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)", name="manual_journal_line_one_side"),)

    account_id: int = Ref("accounts", required=True, label="Account")
    debit: int = Money(label="Debit", default=0, required=True)
    credit: int = Money(label="Credit", default=0, required=True)
    party: str | None = Str(max_length=60, label="Customer or supplier")
    text: str | None = Str(max_length=200, label="Text")
    party_id: int | None = Field(default=None, sa_type=BigInteger)


JOURNAL_ENTRIES = DocumentType(
    ManualJournal, label="Journal entry", plural="journal-entries", label_plural="Journal entries", number="JV-{year}-{seq:05}",
    columns=["number", "effective_at", "reference", "note", "total", "state"], search=["number", "reference", "note"], filters=["state"],
    sort="-effective_at", lines=[Lines("lines", ManualJournalLine)],
    states=["draft", "posted", "reversed"],
    actions=[
        Action("post", ("draft",), "posted", "post", service.post_journal, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_journal, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager"], create=["finance", "finance_manager"], edit=["finance", "finance_manager"],
        post=["finance", "finance_manager"], cancel=["finance_manager"], export=["manager", "finance", "finance_manager"],
    ),
    menu=Menu("Accounting", icon="book-open-check", order=40),
    on_save=service.check_journal,
)
