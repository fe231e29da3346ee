"""Journals of what a replay changed: one for each affected document, made from the piece differences of this transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psycopg.sql import SQL

from erp_app.costing import wire
from erp_app.costing.corrections import Corrections, Entries, entries, line_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erp_app.costing.difference import Whole
    from erp_app.kernel.uow import Work

_AMOUNTS = SQL("CREATE TEMPORARY TABLE IF NOT EXISTS fresh_amount (document_id bigint, account_id bigint, amount bigint) ON COMMIT DROP")
_CORRECT = SQL("SELECT journal_correct(%s, %s, %s, %s, %s, %s, %s)")
_ACCOUNTS = SQL("SELECT id, row_number() OVER (ORDER BY code) FROM account WHERE tenant_id = %(tenant)s ORDER BY id")


def add_journals(work: Work, found: Corrections, own: int = 0) -> list[int]:
    """Write the journals of the pieces added in this transaction; return the documents that got one.

    The amounts of document `own`, whose journal the posting writes itself, are left in `fresh_amount`.
    """
    whole = entries(found)
    if own:
        mine = np.flatnonzero(whole.document == own)
        lines = np.isin(whole.entry, mine)
        _leave(work, [whole.document[whole.entry[lines]], whole.account[lines], whole.amount[lines]])
        whole = _without(whole, mine)
    if len(whole.document):
        _write(work, whole)
    return [int(one) for one in whole.document]


def _without(whole: Entries, gone: np.typing.NDArray[np.intp]) -> Entries:
    kept = np.ones(len(whole.document), bool)
    kept[gone] = False
    lines = kept[whole.entry]
    position = np.cumsum(kept) - 1
    entry = position[whole.entry[lines]]
    return Entries(whole.document[kept], whole.at[kept], whole.cause[kept], entry, whole.account[lines], whole.amount[lines])


def _write(work: Work, whole: Entries) -> None:
    """Store and seal the journals: the database looks at all of them at once, and not at each at commit."""
    known, rank = wire.read(work.conn, _ACCOUNTS, {"tenant": work.actor.tenant_id}, 2)
    numbers = line_numbers(whole.entry, rank[np.searchsorted(known, whole.account)], whole.amount)
    heads = [wire.Numbers(whole.document), wire.Numbers(whole.cause), wire.Moments(whole.at)]
    wire.run(work.conn, _CORRECT, [*heads, *map(wire.Numbers, (whole.entry + 1, numbers, whole.account, whole.amount))])


def _leave(work: Work, columns: Sequence[Whole]) -> None:
    """Leave a document's amounts to the posting that writes its journal."""
    work.conn.execute(_AMOUNTS)
    work.conn.execute("TRUNCATE fresh_amount")
    wire.write(work.conn, SQL("COPY fresh_amount FROM STDIN (FORMAT BINARY)"), columns)
