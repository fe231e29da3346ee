"""Checkpoints: what lies at our places of one item at one moment, sealed by a hash (at period close and on a schedule).

A replay from any checkpoint must give the next one bit for bit. When a late document changes what lay there, the new state is
sealed beside the old one; a row is never changed. So it is, too, when a document that comes in order is dated before a checkpoint:
the database lets the item wait for the worker (`alembic/sql/41_checkpoints.sql`), and its replay seals again.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from psycopg import Rollback

from erp_app.costing import repo, repo_checkpoint
from erp_app.costing.replay import Replay
from erp_app.costing.wire import moment
from erp_app.kernel.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from erp_app.costing.movement import Layer, Queue
    from erp_app.costing.repo_checkpoint import Sealed
    from erp_app.kernel.uow import Work

BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
_ROW = struct.Struct(">11q")  # id, movement, parent, origin, place, lot, time, rank, quantity, value, taken
_TICK = timedelta(microseconds=1)
TRIES = 50


@dataclass(frozen=True)
class Finding:
    """A checkpoint that does not hold: `broken` seal, `different` from the replay, or `stale` (something earlier was entered since)."""

    item: int
    at: datetime
    kind: str


def seal(work: Work, item: int, at: datetime, reason: str = "schedule") -> str:
    """Seal what lies of an item at our places just after `at`, which is over since a day; return the hash.

    Nothing of the item may wait for its costs. Its postings wait meanwhile. What is old of its movements is put into blocks.

    Raises:
        Refused: ERP-1221 when others post to the item without a pause.
    """
    _alone(work, item, at)
    repo_checkpoint.make_blocks(work, item)
    return _seal_held(work, item, at, reason)


def _alone(work: Work, item: int, at: datetime) -> None:
    """Hold the item's queues, and the item against new movements; a posting under way ends first."""
    for _ in range(TRIES):
        with work.conn.transaction() as attempt:
            if repo.lock(work, {item: at}):
                return
            raise Rollback(attempt)
        repo.let_others_end(work)
    raise Refused("ERP-1221", "These items are posted to so fast that they could not be held. Nothing was changed; it is tried again by itself.")


def _seal_held(work: Work, item: int, at: datetime, reason: str) -> str:
    """When the newest checkpoint of this moment says the same, it stays the newest."""
    queues = repo_checkpoint.our_queues(work, item, at)
    past = repo.load(work, {item: at + _TICK}, queues)
    known = repo_checkpoint.newest(work, item, BEGINNING)
    before = [one.at for one in known if one.at < at]
    moves = repo_checkpoint.known_moves(work, item, max(before, default=BEGINNING), at)
    sealed = _seal(work.actor.tenant_id, item, at, _pack(past.opening, set(queues)))
    if not any(one.at == at and (one.sha256, one.last_move) == (sealed[1], moves[0]) for one in known):
        repo_checkpoint.add(work, item, at, moves, reason, sealed)
    return sealed[1]


def renew(work: Work, starts: dict[int, datetime]) -> None:
    """Seal anew what a replay of items, which are held, from these moments on may have changed."""
    for item, at in repo_checkpoint.items_with_checkpoints(work, starts):
        _seal_held(work, item, at, "late")


def verify(work: Work, item: int) -> list[Finding]:
    """Replay an item from its first checkpoint through all others; return those that do not hold."""
    checkpoints = repo_checkpoint.newest(work, item, BEGINNING)
    if not checkpoints:
        return []
    findings = [Finding(item, one.at, "broken") for one in checkpoints if _seal(work.actor.tenant_id, item, one.at, one.layers)[1] != one.sha256]
    first = checkpoints[0]
    queues = {queue for one in checkpoints for queue in repo_checkpoint.our_queues(work, item, one.at)}
    past = repo.load(work, {item: first.at + _TICK}, queues)
    last = repo_checkpoint.known_moves(work, item, BEGINNING, first.at)[0]
    findings += _compare(item, first, _pack(past.opening, queues), last)
    replay = Replay(past.opening, past.transforms, {(one.move, one.parent): one.id for one in past.stored.values()})
    replay.expect(past.moves, past.revaluations)
    start = moment(first.at) + 1
    early = [one for one in past.revaluations if one.at < start]
    for one in checkpoints[1:]:
        end = moment(one.at) + 1
        moves = [move for move in past.moves if start <= move.at < end]
        replay.run(moves, early + [change for change in past.revaluations if start <= change.at < end])
        last = max(last, max((move.id for move in moves), default=0))
        findings += _compare(item, one, _pack(replay.layers(), queues), last)
        start, early = end, []
    return findings


def _compare(item: int, sealed: Sealed, found: bytes, last_move: int) -> list[Finding]:
    if last_move > sealed.last_move:
        return [Finding(item, sealed.at, "stale")]
    return [] if found == sealed.layers else [Finding(item, sealed.at, "different")]


def unpacked(layers: bytes) -> list[tuple[int, ...]]:
    """Return the rows of a checkpoint: id, movement, parent (or 0), origin, place, lot, time, rank, quantity, value, taken."""
    return list(_ROW.iter_unpack(layers))


def _pack(layers: Iterable[Layer], queues: AbstractSet[Queue]) -> bytes:
    """Write the layers that still hold something in these queues, in FIFO order of each queue."""
    rows = [
        (one.id, one.move, one.parent or 0, one.origin, *one.queue[1:], one.at, one.rank, one.quantity, one.value, one.taken)  # type: ignore[index]
        for one in layers
        if one.queue in queues and one.taken < one.quantity
    ]
    return b"".join(_ROW.pack(*row) for row in sorted(rows, key=lambda row: (*row[4:8], row[1])))


def _seal(tenant: int, item: int, at: datetime, layers: bytes) -> tuple[bytes, str]:
    return layers, hashlib.sha256(struct.pack(">3q", tenant, item, moment(at)) + layers).hexdigest()
