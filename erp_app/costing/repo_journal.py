"""Journals of what a replay changed: one for each affected document, made from the piece differences of this transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from psycopg.sql import SQL, Identifier

from erp_app.costing import wire
from erp_app.costing.corrections import Corrections, Entries, entries, line_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erp_app.costing.difference import Whole
    from erp_app.kernel.uow import Work

_TABLES = {
    "fresh_entry": "(id bigint, document_id bigint, at timestamptz, cause_id bigint)",
    "fresh_line": "(entry_id bigint, line_no bigint, account_id bigint, amount bigint, at timestamptz)",
    "fresh_amount": "(document_id bigint, account_id bigint, amount bigint)",
}
_ADD_ENTRIES = SQL(
    "INSERT INTO journal_entry (tenant_id, id, document_id, kind, cause_document_id, date, effective_at)"
    " SELECT %(tenant)s, f.id, f.document_id, 'correction', f.cause_id, (f.at AT TIME ZONE z.zone)::date, f.at FROM fresh_entry f"
    " CROSS JOIN (SELECT tenant_zone(%(tenant)s) AS zone OFFSET 0) z",
)
_ADD_LINES = SQL(
    "INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date)"
    " SELECT %(tenant)s, f.entry_id, f.line_no, f.account_id, greatest(f.amount, 0), greatest(-f.amount, 0), (f.at AT TIME ZONE z.zone)::date"
    " FROM fresh_line f CROSS JOIN (SELECT tenant_zone(%(tenant)s) AS zone OFFSET 0) z",
)
_NEW_IDS = SQL("SELECT nextval(pg_get_serial_sequence('journal_entry', 'id')) FROM generate_series(1, %(count)s)")
_ACCOUNTS = SQL("SELECT id, row_number() OVER (ORDER BY code) FROM account WHERE tenant_id = %(tenant)s ORDER BY id")


def add_journals(work: Work, found: Corrections, own: int = 0) -> list[int]:
    """Write the journals of the pieces added in this transaction; return the documents that got one.

    The amounts of document `own`, whose journal the posting writes itself, are left in `fresh_amount`.
    """
    whole = entries(found)
    if own:
        mine = np.flatnonzero(whole.document == own)
        lines = np.isin(whole.entry, mine)
        _send(work, "fresh_amount", [whole.document[whole.entry[lines]], whole.account[lines], whole.amount[lines]])
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
    tenant = {"tenant": work.actor.tenant_id}
    ids = wire.read(work.conn, _NEW_IDS, {"count": len(whole.document)}, 1)[0]
    known, rank = wire.read(work.conn, _ACCOUNTS, tenant, 2)
    numbers = line_numbers(whole.entry, rank[np.searchsorted(known, whole.account)], whole.amount)
    _send(work, "fresh_entry", [ids, whole.document, whole.at, whole.cause])
    _send(work, "fresh_line", [ids[whole.entry], numbers, whole.account, whole.amount, whole.at[whole.entry]])
    work.run(_ADD_ENTRIES, tenant)
    work.run(_ADD_LINES, tenant)


def _send(work: Work, table: str, columns: Sequence[Whole]) -> None:
    work.conn.execute(SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} {} ON COMMIT DROP").format(Identifier(table), SQL(_TABLES[table])))
    work.conn.execute(SQL("TRUNCATE {}").format(Identifier(table)))
    wire.write(work.conn, SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(table)), columns)
