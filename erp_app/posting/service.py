"""Posting: a document's effect on stock, costs and accounts, all or nothing, within the caller's unit of work."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Rollback

from erp_app.costing import repo_queue
from erp_app.costing.recost import Cause, Request, recost
from erp_app.costing.settle import settle_reached, settle_what_returns_need
from erp_app.costing.wire import moment
from erp_app.document import chain
from erp_app.kernel.access import may
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import repo
from erp_app.posting.models import Posted, PostedMove
from erp_app.posting.reversals import PLURAL

if TYPE_CHECKING:
    from datetime import datetime

    from erp_app.kernel.actor import Actor
    from erp_app.kernel.uow import Work
    from erp_app.posting.models import Posting

ORIGINAL, REVERSAL = "original", "reversal"


@dataclass(frozen=True)
class Preview:
    """What a posting would store: its answer and its journal lines (account, name, debit, credit)."""

    posted: Posted
    lines: list[dict[str, Any]]


def post(work: Work, posting: Posting) -> Posted:
    """Post a document (one step of it).

    Raises:
        Refused: ERP-1201 goods would go short (which item, place, date, document, and how much fits), ERP-1203 / ERP-1204 period
            locked, ERP-1205 no account, ERP-1206 party missing, ERP-1209 goods to take back are no longer there.
        Conflict: ERP-1004 when this step of the document is already posted.
    """
    _check(posting)
    if posting.is_plain:
        stored = repo.post_plain(work, posting)
        if stored is not None:
            moves, journal = stored
            return Posted(posting.document_id, journal, [PostedMove(*one) for one in moves])
    header = _header(work, posting.document_id, posting.effective_at, posting.text)
    header |= {"step": posting.step, "added": posting.transform.added if posting.transform else None}
    lines = [asdict(one) for one in posting.lines if one.debit or one.credit]
    revaluations = [asdict(one) for one in posting.revaluations]
    return _store(work, header, posting.effective_at, [asdict(one) for one in posting.moves], lines, revaluations)


def reverse(work: Work, document_id: int, effective_at: datetime | None = None, text: str = "") -> Posted:
    """Undo everything a document posted, by a document of its own (type `reversals`), linked to it; both stay.

    Goods go back from exactly where the document put them. The reversal is effective now, or when told.

    Raises:
        Refused: ERP-1209 when something of the goods was used since (it names the document that took it), ERP-1210 while the
            document's cost is pending, ERP-1212 when it is reversed already, ERP-1213 when it posted nothing.
    """
    original = repo.reversal_of(work, document_id)
    at = effective_at or max(work.now, type(work.now).fromisoformat(original["at"]))
    made = chain.make(work, PLURAL, {"effective_at": at, "original": original["number"], "note": text or None})
    reversal_id = int(made["id"])
    repo.link_reversal(work, document_id, reversal_id)
    header = _header(work, reversal_id, at, text) | {"kind": REVERSAL, "cause": document_id}
    return _store(work, header, at, original["moves"], original["lines"], original["revaluations"])


def preview(actor: Actor, posting: Posting) -> Preview:
    """Post in a transaction that is rolled back; return what it would have stored."""
    with unit_of_work(actor, dry_run=True) as work:
        posted = post(work, posting)
        return Preview(posted, repo.journal_lines(work, posting.document_id))


def _store(work: Work, header: dict[str, Any], at: datetime, moves: list[Any], lines: list[Any], revaluations: list[Any]) -> Posted:
    """Post goods and lines in one call; a revaluation's journal follows its replay."""
    if not revaluations:
        return _move(work, header, at, moves, lines)
    if moves:
        raise Invalid("ERP-1219", "A document moves goods or re-values them, not both.")
    return _revalue(work, header, at, lines, revaluations)


def _move(work: Work, header: dict[str, Any], at: datetime, moves: list[Any], lines: list[Any]) -> Posted:
    """Post goods. What is left of certain goods is known only when nothing waits; then all is locked and settled first, once and for all."""
    certain = [move["item_id"] for move in moves if move["source_move_id"]]
    if certain and repo_queue.waiting(work, certain):
        _settle_first(work, at, moves)
    with work.conn.transaction() as attempt:
        posted = _posted(header["document"], repo.post_document(work, header, moves, lines))
        if posted.pending and repo_queue.items_with_returns(work, posted.document_id):
            raise Rollback(attempt)
        return posted
    _settle_first(work, at, moves)
    posted = _posted(header["document"], repo.post_document(work, header, moves, lines))
    if posted.pending and settle_what_returns_need(work, posted.document_id):
        posted = _settled(work, posted)
    return posted


def _settle_first(work: Work, at: datetime, moves: list[Any]) -> None:
    """Hold everything these movements, and the replay of their items, will touch; settle what waits."""
    followed = repo.make_queues(work, moves)
    settle_reached(work, {move["item_id"]: at for move in moves}, followed)


def _revalue(work: Work, header: dict[str, Any], at: datetime, lines: list[Any], revaluations: list[Any]) -> Posted:
    """Follow the goods with the amounts, and write the document's one journal with what the replay found."""
    document: int = header["document"]
    items = repo.items_of(work, [one["move_id"] for one in revaluations if one["amount"]])
    cause = Cause(document, moment(min(items.values(), default=at)))
    if items:
        settle_reached(work, items)  # before the amounts are stored: what waited is not theirs
    repo.store_revaluations(work, document, at, revaluations)
    if items:
        with repo_queue.soft_months(work, open_=bool(header["soft"])):
            recost(work, lambda: Request(items, (cause,)), own=document)
    pieces = repo.revalued(work, document) if items else []
    return Posted(document, repo.post_revaluation(work, header, lines, pieces), [])


def _check(posting: Posting) -> None:
    """Refuse what no database needs to be asked about."""
    if posting.effective_at is None or posting.effective_at.tzinfo is None:
        raise Invalid("ERP-1216", "A posting needs a date with a time zone.", errors={"effective_at": "is missing"})
    if not (posting.moves or posting.lines or posting.revaluations):
        raise Invalid("ERP-1217", "There is nothing to post: the document has no lines.")
    if any(move.quantity <= 0 for move in posting.moves):
        raise Invalid("ERP-1218", "Every line needs a quantity above zero.", errors={"quantity": "must be above zero"})
    balance = sum(line.debit - line.credit for line in posting.lines) + (posting.transform.added if posting.transform else 0)
    if balance:
        raise Invalid("ERP-1207", f"The journal does not balance: debit and credit differ by {abs(balance)}.")


def _header(work: Work, document_id: int, at: datetime, text: str) -> dict[str, Any]:
    soft = "yes" if may(work.actor, "periods", "post") else ""
    return {"document": document_id, "step": 0, "kind": ORIGINAL, "cause": None, "at": at.isoformat(), "text": text, "added": None, "soft": soft}


def _posted(document_id: int, answer: dict[str, Any]) -> Posted:
    return Posted(document_id, answer["journal"], [PostedMove(*one) for one in answer["moves"]], answer["pending"])


def _settled(work: Work, posted: Posted) -> Posted:
    """Read again what the movements are worth, after a replay within the posting."""
    values = repo.values(work, [one.move_id for one in posted.moves])
    moves = [PostedMove(one.line_no, one.move_id, values.get(one.move_id)) for one in posted.moves]
    return Posted(posted.document_id, posted.journal_id, moves, any(one.value is None for one in moves))
