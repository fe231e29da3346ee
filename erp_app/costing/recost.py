"""The verb of the costing worker: replay some items from some moments on and add what differs, all in one transaction.

While it runs, postings of these items wait; all others go on. What it writes is complete or not there at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from psycopg import Rollback

from erp_app.costing import checkpoint, repo, repo_journal, repo_store
from erp_app.costing.corrections import Corrections, correct
from erp_app.costing.difference import PieceColumns, subtract
from erp_app.costing.movement import ShortError
from erp_app.costing.replay import Replay
from erp_app.costing.steady import without_collecting
from erp_app.kernel.errors import Refused
from erp_app.kernel.money import quantity_text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from datetime import datetime

    from erp_app.costing.movement import Layer, Queue
    from erp_app.costing.repo import Past
    from erp_app.kernel.uow import Work

TRIES = 50


def _silent(_phase: str, _moves: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Cause:
    """A document whose entry makes earlier costs wrong: its id, and the moment (microseconds since 2000) from which."""

    document: int
    at: int


@dataclass(frozen=True)
class Recosted:
    """What a replay found: moves read, pieces added, layers changed, and the documents that got a journal.

    Attributes:
        items: the items that were replayed, with the moment from which.
    """

    items: dict[int, datetime]
    moves: int
    pieces: int
    layers: int
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Request:
    """What to replay: items with the moment from which, and the documents that are the reason, in order of entry."""

    items: dict[int, datetime]
    causes: tuple[Cause, ...]


def recost(work: Work, ask: Callable[[], Request], tell: Callable[[str, int], None] = _silent, own: int = 0) -> Recosted:
    """Replay items, and all that was made from them; append the differences and their journals.

    `ask` is asked again once everything is locked, so that nothing that was entered meanwhile is forgotten. `tell` hears of
    the progress: a phase, and the number of movements. The journal of document `own` (a revaluation being posted) is left to
    the posting, which reads its amounts from `fresh_amount`.

    Raises:
        Refused: ERP-1220 when the history does not hold together (a movement takes what is not there).
    """
    request, starts = hold(work, ask)
    if not starts:
        return Recosted({}, 0, 0, 0, ())  # somebody else did it while we waited
    repo_store.lay_what_left(work, starts)
    with without_collecting():
        return _recost(work, request, starts, tell, own)


def _recost(work: Work, request: Request, starts: dict[int, datetime], tell: Callable[[str, int], None], own: int) -> Recosted:
    past = repo.load(work, starts)
    tell("replaying", len(past.moves))
    replay = Replay(past.opening, past.transforms, {(one.move, one.parent): one.id for one in past.stored.values()})
    try:
        replay.run(past.moves, past.revaluations)
    except ShortError as short:
        raise _inconsistent(past, short) from short
    tell("writing", len(past.moves))
    repo_store.prepare(work)
    ids, changed, touched = _store_layers(work, past, replay.layers())
    added = _added(past, _renamed(replay.columns(), ids), request.causes)
    repo_store.add_pieces(work, added)
    if past.revaluations:
        repo_store.mark_revalued(work, added)
    documents = repo_journal.add_journals(work, added, own)
    repo_store.set_heads(work, _heads(replay, past, request.items, touched))
    repo_store.set_clean(work, starts)
    checkpoint.renew(work, starts)
    return Recosted(starts, len(past.moves), len(added.at), changed, tuple(documents))


def hold(work: Work, ask: Callable[[], Request], also: Iterable[tuple[int, int, int]] = ()) -> tuple[Request, dict[int, datetime]]:
    """Lock all queues the replay touches, and those `also`, and the items against new movements; return the items with their moments.

    Raises:
        Refused: ERP-1221 when others post to these items without a pause.
    """
    request = ask()
    starts = repo.reach(work, request.items)
    for _ in range(TRIES):
        with work.conn.transaction() as attempt:
            if repo.lock(work, starts, also):
                again = ask()
                reached = repo.reach(work, again.items) if again.items else {}
                if not reached or (reached.keys() <= starts.keys() and repo.lock_free(work, reached, also)):
                    return again, reached
                starts = reached
            raise Rollback(attempt)
        repo.let_others_end(work)
    raise Refused("ERP-1221", "These items are posted to so fast that they could not be held. Nothing was changed; it is tried again by itself.")


def _store_layers(work: Work, past: Past, layers: Sequence[Layer]) -> tuple[dict[int, int], int, set[Queue | None]]:
    """Store what the replay laid; return the ids of new layers by their temporary ones, how many are new or changed, and in which queues."""
    new = [one.id for one in layers if one.id < 0]
    ids = dict(zip(new, repo_store.layer_ids(work, len(new)), strict=True))
    fresh, kept = [], []
    for one in layers:
        parent = ids.get(one.parent, one.parent) if one.parent else None
        if one.id < 0:
            fresh.append(one._replace(id=ids[one.id], parent=parent))
        elif _state(one) != _state(past.stored[one.id]):
            kept.append(one)
    left = past.known - {one.id for one in layers}
    kept += [past.stored[one]._replace(quantity=0, value=0, taken=0) for one in left if past.stored[one].quantity]
    repo_store.add_layers(work, fresh)
    return ids, len(fresh) + repo_store.set_layers(work, kept), {one.queue for one in (*fresh, *kept)}


def _state(layer: Layer) -> tuple[int, ...]:
    return layer.origin, layer.rank, layer.quantity, layer.value, layer.taken


def _renamed(pieces: PieceColumns, ids: dict[int, int]) -> PieceColumns:
    """Give pieces of new layers the ids these are stored under; until then a layer is called -1 minus its place."""
    layer = pieces.layer.copy()
    fresh = layer < 0
    names = np.zeros(1 - min(ids, default=0), np.int64)
    names[[-one for one in ids]] = list(ids.values())
    layer[fresh] = names[-layer[fresh]]
    return pieces._replace(layer=layer)


def _added(past: Past, new: PieceColumns, causes: Sequence[Cause]) -> Corrections:
    """Return what is to be appended: new minus posted, with its causes and moments."""
    revalued_at = {one.document: one.at for one in past.revaluations}
    return correct(subtract(new, past.posted), past.facts, revalued_at, [(one.document, one.at) for one in causes])


def _heads(replay: Replay, past: Past, items: Container[int], touched: Container[Queue | None]) -> Iterator[tuple[Queue, int, int, bool]]:
    """Tell of every queue the first layer that still holds something, or the last one when all is gone.

    `whole`: that is where reading begins from now on. Of a queue in which nothing changed (and whose item was not asked for), only
    a head that lies too far on is set back: its row is not written without need.
    """
    sources = {move.source for move in past.moves}
    book = replay.book
    for queue, line in book.lines.items():
        whole = queue in sources and (queue in touched or queue[0] in items)  # type: ignore[index]
        held = (one for one in line.layers if book.l_taken[one] < book.l_quantity[one])
        first = next(held, line.layers[-1] if whole else None)
        if first is not None:
            yield queue, book.l_at[first], book.l_move[first], whole


def _inconsistent(past: Past, short: ShortError) -> Refused:
    document = next(move.document for move in past.moves if move.id == short.move)
    return Refused(
        "ERP-1220",
        f"The movements do not hold together: document {document} takes {quantity_text(short.missing)} more than is left for it."
        " Reverse that document, or the later entry that took what it needs.",
        data={"document_id": document, "move_id": short.move, "missing": quantity_text(short.missing)},
    )
