"""Replay on a shadow copy: all of some items from their beginning, written beside the ledger, never into it.

A large plain item goes through whole columns, anything else through the engine; the pieces are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from erp_app.costing import plain, repo, repo_shadow
from erp_app.costing.checkpoint import BEGINNING
from erp_app.costing.movement import ShortError
from erp_app.costing.replay import Replay
from erp_app.costing.steady import without_collecting
from erp_app.kernel.errors import Refused
from erp_app.kernel.money import quantity_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Shadow:
    """What a replay on a shadow copy found: movements read, pieces of the ledger that differ, and the first moment of them."""

    movements: int
    different: int
    first: datetime | None


def compare(work: Work, items: Sequence[int]) -> Shadow:
    """Replay items into the shadow table of this transaction and compare it with the ledger, whose costs must not wait.

    Raises:
        Refused: ERP-1220 when a movement takes what is not there.
    """
    movements = replay(work, items)
    first, different = repo_shadow.first_difference(work, items)
    return Shadow(movements, different, first)


def replay(work: Work, items: Sequence[int]) -> int:
    """Replay items into the shadow table of this transaction; return the number of movements.

    Raises:
        Refused: ERP-1220 when a movement takes what is not there.
    """
    try:
        rows = repo_shadow.movements(work, items[0]) if len(items) == 1 else None
        if rows is None:
            return _by_the_engine(work, items)
        repo_shadow.keep(work, rows, plain.cut(rows))
        return len(rows.id)
    except ShortError as short:
        detail = f"The movements do not hold together: movement {short.move} takes {quantity_text(short.missing)} more than there is."
        raise Refused("ERP-1220", detail, data={"move_id": short.move, "missing": quantity_text(short.missing)}) from short


def _by_the_engine(work: Work, items: Sequence[int]) -> int:
    with without_collecting():
        past = repo.load_history(work, dict.fromkeys(items, BEGINNING))
        engine = Replay((), past.transforms).run(past.moves, past.revaluations)
        repo_shadow.keep_pieces(work, engine.columns(), np.array(engine.book.l_id, np.int64), np.array(engine.book.l_move, np.int64))
    return len(past.moves)
