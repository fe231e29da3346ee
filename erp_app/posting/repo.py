"""The few statements of posting: calls of database functions (alembic/sql/5x), and what the costing engine left for the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from erp_app.kernel.transaction import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from erp_app.kernel.uow import Work
    from erp_app.posting.models import Posting

Rows = Any
_POST_PLAIN = Statement(
    "SELECT * FROM post_plain(%s::bigint, %s::int, %s::timestamptz, %s::text, %s::bigint, %s::bigint, %s::bigint, %s::bigint, %s::boolean,"
    " %s::int[], %s::bigint[], %s::bigint[], %s::bigint[])",
)


def post_document(work: Work, header: dict[str, Any], moves: Rows, lines: Rows) -> dict[str, Any]:
    """Post; returns {"journal": id or None, "pending": bool, "moves": [[line_no, move_id, value or None], …]}."""
    answer: dict[str, Any] = work.value("SELECT post_document(%s, %s, %s)", (Jsonb(header), Jsonb(moves), Jsonb(lines)))
    return answer


def post_plain(work: Work, posting: Posting) -> tuple[list[tuple[int, int, int]], int | None] | None:
    """Post a plain document; returns ([(line_no, move_id, value)], journal id or None), or None when it is not plain after all."""
    moves = posting.moves
    lines, way = [move.line_no for move in moves], moves[0]
    answer = work.ask(
        _POST_PLAIN,
        (
            str(posting.document_id), str(posting.step), posting.effective_at.isoformat(), posting.text, str(way.from_place_id), str(way.from_lot),
            str(way.to_place_id), str(way.to_lot), str(way.keep_origin), _array(lines), _array([move.item_id for move in moves]),
            _array([move.quantity for move in moves]), None if way.value is None else _array([move.value for move in moves]),
        ),
    )
    ids, values, journal = (answer.get_value(0, column) for column in range(3))
    if ids is None or values is None:
        return None
    return list(zip(lines, _numbers(ids), _numbers(values), strict=True)), int(journal) if journal else None


def _array(numbers: Sequence[int | None]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _numbers(array: bytes) -> list[int]:
    return list(map(int, array[1:-1].split(b",")))


def clock_time(work: Work) -> datetime:
    """Return the database's clock (the transaction's own time stands still at its beginning)."""
    now: datetime = work.value("SELECT clock_timestamp()")
    return now


def values(work: Work, moves: list[int]) -> dict[int, int]:
    """Return what each movement is worth now, as far as it is known."""
    rows = work.rows(
        "SELECT move_id, sum(value)::bigint AS value FROM cost_piece WHERE tenant_id = %s AND move_id = ANY(%s) GROUP BY move_id",
        (work.actor.tenant_id, moves),
    )
    return {row["move_id"]: row["value"] for row in rows}


def make_queues(work: Work, moves: Rows) -> list[tuple[int, int, int]]:
    """Make the balance rows that movements will need at places of lot 0; return all queues (item, place, lot) they touch."""
    ends = sorted({(one["item_id"], one[f"{end}_place_id"], one[f"{end}_lot"]) for one in moves for end in ("from", "to")})
    columns = [list(column) for column in zip(*ends, strict=True)]
    work.run(
        "INSERT INTO stock_balance (tenant_id, item_id, place_id, lot) SELECT %s, q.item_id, q.place_id, 0"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) q (item_id, place_id, lot)"
        " JOIN place p ON p.tenant_id = %s AND p.id = q.place_id AND place_followed(p.kind) WHERE q.lot = 0 ORDER BY 2, 3 ON CONFLICT DO NOTHING",
        (work.actor.tenant_id, *columns, work.actor.tenant_id),
    )
    return ends


def items_of(work: Work, moves: list[int]) -> dict[int, datetime]:
    """Return the items these movements moved, each with the earliest moment."""
    rows = work.rows(
        "SELECT item_id, min(effective_at) AS at FROM stock_move WHERE tenant_id = %s AND id = ANY(%s) GROUP BY item_id", (work.actor.tenant_id, moves),
    )
    return {row["item_id"]: row["at"] for row in rows}


def store_revaluations(work: Work, document_id: int, at: datetime, rows: Rows) -> None:
    """Store amounts added to receipts."""
    work.run("SELECT revaluation_store(%s, %s, %s, %s)", (work.actor.tenant_id, document_id, at, Jsonb(rows)))


def revalued(work: Work, document_id: int) -> list[dict[str, int]]:
    """Return what a replay's new pieces of one document do to the accounts (account_id, amount), of this transaction."""
    return work.rows(
        "SELECT account_id, sum(amount)::bigint AS amount FROM fresh_amount WHERE document_id = %s GROUP BY account_id", (document_id,),
    )


def post_revaluation(work: Work, header: dict[str, Any], lines: Rows, pieces: Rows) -> int | None:
    """Write the one journal of a revaluing document."""
    entry: int | None = work.value("SELECT post_revaluation(%s, %s, %s)", (Jsonb(header), Jsonb(lines), Jsonb(pieces)))
    return entry


def reversal_of(work: Work, document_id: int) -> dict[str, Any]:
    """Return what undoes a document: its number, latest moment, moves, lines, revaluations."""
    answer: dict[str, Any] = work.value("SELECT reversal_of(%s)", (document_id,))
    return answer


def link_reversal(work: Work, document_id: int, reversal_id: int) -> None:
    """Draw the edge from a document to its reversal."""
    work.run(
        "INSERT INTO record_link (tenant_id, from_id, to_id, kind) VALUES (%s, %s, %s, 'reversed_by')",
        (work.actor.tenant_id, document_id, reversal_id),
    )


def journal_lines(work: Work, document_id: int) -> list[dict[str, Any]]:
    """Return the lines of a document's journals: kind, date, account, name, debit, credit, party_id."""
    return work.rows(
        "SELECT e.kind, e.date, a.code AS account, a.name, l.debit, l.credit, l.party_id FROM journal_entry e"
        " JOIN journal_line l ON l.tenant_id = e.tenant_id AND l.entry_id = e.id"
        " JOIN account a ON a.tenant_id = e.tenant_id AND a.id = l.account_id"
        " WHERE e.tenant_id = %s AND e.document_id = %s ORDER BY e.id, l.line_no",
        (work.actor.tenant_id, document_id),
    )
