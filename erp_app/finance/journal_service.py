"""Journals by hand: each line one side, both sides equal, accounts by party with their party."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain, reference
from erp_app.finance import repo
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting

TYPE = "journal-entries"
PARTIES = ("customers", "suppliers")


def check_journal(work: Work, journal: Any) -> None:
    """Check sides and parties, and keep the total.

    Raises:
        Invalid: ERP-3301 with a message for each wrong line.
    """
    lines = chain.lines(work, TYPE, journal.id)
    wanted = {(plural, line.party) for line in lines if line.party for plural in PARTIES}
    found = reference.resolve(work, wanted) if wanted else {}
    errors: dict[str, str] = {}
    for line in lines:
        if line.debit < 0 or line.credit < 0 or (line.debit == 0) == (line.credit == 0):
            errors[f"lines.{line.line_no}.debit"] = "needs either a debit or a credit above zero"
        targets = [found[plural, line.party] for plural in PARTIES if line.party and (plural, line.party) in found]
        if line.party and len(targets) != 1:
            errors[f"lines.{line.line_no}.party"] = "is both a customer and a supplier" if targets else "is no customer and no supplier"
        line.party_id = targets[0].id if len(targets) == 1 else None
    if errors:
        first = next(iter(errors))
        raise Invalid("ERP-3301", f"The journal entry: {first} {errors[first]}.", errors=errors)
    journal.total = sum(line.debit for line in lines)


def post_journal(work: Work, journal: Any, _data: dict[str, Any]) -> None:
    """Book the lines; the ledger refuses what does not balance or lies in a locked period."""
    lines = chain.lines(work, TYPE, journal.id)
    codes = repo.account_codes(work, (line.account_id for line in lines))
    posting.post(
        work,
        Posting(
            document_id=journal.id, effective_at=journal.effective_at, text=journal.note or f"Journal entry {journal.number}",
            lines=[JournalLine(codes[line.account_id], line.debit, line.credit, line.party_id) for line in lines],
        ),
    )


def reverse_journal(work: Work, journal: Any, _data: dict[str, Any]) -> None:
    """Book the opposite."""
    posting.reverse(work, journal.id, text=f"Reversal of {journal.number}")
