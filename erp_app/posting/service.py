"""Posting: a document's effect on stock, costs and accounts, all or nothing, within the caller's unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.kernel.access import may
from erp_app.kernel.errors import Invalid
from erp_app.posting import repo
from erp_app.posting.models import Posted, PostedMove

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work
    from erp_app.posting.models import Posting

ORIGINAL = "original"


def post(work: Work, posting: Posting) -> Posted:
    """Post a document (one step of it).

    Raises:
        Refused: ERP-1201 goods would go short (which item, place, date, document, and how much fits), ERP-1203 / ERP-1204 period
            locked, ERP-1205 no account, ERP-1206 party missing, ERP-1209 goods to take back are no longer there.
        Conflict: ERP-1004 when this step of the document is already posted.
    """
    _check(posting)
    answer = repo.post_document(work, _header(work, posting, ORIGINAL), posting.moves, posting.lines)
    return _posted(posting.document_id, answer)


def _check(posting: Posting) -> None:
    """Refuse what no database needs to be asked about."""
    if posting.effective_at is None or posting.effective_at.tzinfo is None:
        raise Invalid("ERP-1216", "A posting needs a date with a time zone.", errors={"effective_at": "is missing"})
    if not (posting.moves or posting.lines or posting.revaluations):
        raise Invalid("ERP-1217", "There is nothing to post: the document has no lines.")
    if any(move.quantity <= 0 for move in posting.moves):
        raise Invalid("ERP-1218", "Every line needs a quantity above zero.", errors={"quantity": "must be above zero"})
    balance = sum(line.debit - line.credit for line in posting.lines) + (posting.transform.added if posting.transform else 0)
    if balance and not posting.revaluations:
        raise Invalid("ERP-1207", f"The journal does not balance: debit and credit differ by {abs(balance)}.")


def _header(work: Work, posting: Posting, kind: str, cause: int | None = None) -> dict[str, Any]:
    return {
        "document": posting.document_id,
        "step": posting.step,
        "kind": kind,
        "cause": cause,
        "at": posting.effective_at.isoformat(),
        "text": posting.text,
        "added": posting.transform.added if posting.transform else None,
        "soft": "yes" if may(work.actor, "periods", "post") else "",
    }


def _posted(document_id: int, answer: dict[str, Any]) -> Posted:
    moves = [PostedMove(line_no, move_id, value) for line_no, move_id, value in answer["moves"]]
    return Posted(document_id, answer["journal"], moves, answer["pending"])
