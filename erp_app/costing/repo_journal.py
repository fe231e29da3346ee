"""Journals of what a replay changed: one for each affected document, made from the piece differences of this transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

_AMOUNTS = SQL(
    "CREATE TEMPORARY TABLE fresh_amount ON COMMIT DROP AS"
    " SELECT f.document_id, f.at, f.cause_id, x.account_id, sum(x.amount)::bigint AS amount FROM fresh_piece f"
    " JOIN stock_move m ON m.tenant_id = %(tenant)s AND m.id = f.move_id"
    " CROSS JOIN LATERAL (VALUES (m.to_account_id, f.value), (m.from_account_id, -f.value)) x (account_id, amount)"
    " GROUP BY 1, 2, 3, 4 HAVING sum(x.amount) <> 0",
)
_ENTRIES = SQL(
    "CREATE TEMPORARY TABLE fresh_entry ON COMMIT DROP AS"
    " SELECT nextval(pg_get_serial_sequence('journal_entry', 'id')) AS id, document_id, at, cause_id, (at AT TIME ZONE z.zone)::date AS day"
    " FROM (SELECT DISTINCT document_id, at, cause_id FROM fresh_amount WHERE document_id <> %(own)s ORDER BY at, document_id) x"
    " CROSS JOIN (SELECT tenant_zone(%(tenant)s) AS zone OFFSET 0) z",
)
_ADD_ENTRIES = SQL(
    "INSERT INTO journal_entry (tenant_id, id, document_id, kind, cause_document_id, date, effective_at)"
    " SELECT %(tenant)s, id, document_id, 'correction', cause_id, day, at FROM fresh_entry ORDER BY id RETURNING document_id",
)
_ADD_LINES = SQL(
    "INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date)"
    " SELECT %(tenant)s, e.id, row_number() OVER (PARTITION BY e.id ORDER BY f.amount < 0, a.code), f.account_id,"
    " greatest(f.amount, 0), greatest(-f.amount, 0), e.day"
    " FROM fresh_amount f JOIN fresh_entry e USING (document_id, at, cause_id) JOIN account a ON a.tenant_id = %(tenant)s AND a.id = f.account_id",
)


def add_journals(work: Work, own: int = 0) -> list[int]:
    """Write the journals of the pieces added in this transaction, but not that of `own`; return the documents that got one."""
    tenant = {"tenant": work.actor.tenant_id, "own": own}
    work.conn.execute("DROP TABLE IF EXISTS pg_temp.fresh_amount, pg_temp.fresh_entry")
    work.conn.execute(_AMOUNTS, tenant)
    work.conn.execute(_ENTRIES, tenant)
    documents = [document for (document,) in work.conn.execute(_ADD_ENTRIES, tenant).fetchall()]
    work.conn.execute(_ADD_LINES, tenant)
    return documents
