"""What one would write first: rows into Python, deques of layers, rows back. The engine is timed against it, and must find the same.

It knows what the benchmarks' items do: come in at given values, are passed on with their origin, and go out first in first out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, LiteralString

from erp_app.kernel.money import half_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from erp_app.kernel.uow import Work

    Layers = deque[list[int]]  # of each: the movement that made it, its id, quantity, value, how much is taken

TABLE: LiteralString = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS reference_piece (move_id bigint, receipt_id bigint, quantity bigint, value bigint) ON COMMIT DROP"
)
_READ: LiteralString = (
    "SELECT m.id, m.item_id, CASE WHEN place_followed(f.kind) THEN m.from_place_id END, m.from_lot, CASE WHEN place_followed(t.kind) THEN m.to_place_id END,"
    " m.to_lot, m.quantity, coalesce(m.value, 0), m.keep_origin FROM stock_move m JOIN place f ON f.tenant_id = m.tenant_id AND f.id = m.from_place_id"
    " JOIN place t ON t.tenant_id = m.tenant_id AND t.id = m.to_place_id WHERE m.tenant_id = %s AND m.item_id = ANY(%s) ORDER BY m.effective_at, m.id"
)
_DIFFERENT: LiteralString = (
    "SELECT count(*) FROM (SELECT move_id, receipt_id, sum(quantity), sum(value) FROM shadow_piece GROUP BY 1, 2) a FULL JOIN"
    " (SELECT move_id, receipt_id, sum(quantity), sum(value) FROM reference_piece GROUP BY 1, 2) b USING (move_id, receipt_id) WHERE a IS DISTINCT FROM b"
)
_OPEN: LiteralString = (
    "WITH cut AS (SELECT p.layer_id, sum(p.quantity)::bigint AS quantity FROM stock_move m JOIN cost_piece p ON p.tenant_id = m.tenant_id AND p.move_id = m.id"
    "  WHERE m.tenant_id = %(tenant)s AND m.item_id = %(item)s AND m.effective_at >= %(at)s GROUP BY 1),"
    " begin AS (SELECT min(l.effective_at) AS at FROM cost_layer l JOIN cut c ON c.layer_id = l.id WHERE l.tenant_id = %(tenant)s)"
    " SELECT l.move_id, l.id, l.quantity, l.value, l.taken - coalesce(c.quantity, 0) FROM cost_layer l LEFT JOIN cut c ON c.layer_id = l.id"
    " WHERE l.tenant_id = %(tenant)s AND l.item_id = %(item)s AND l.effective_at >= (SELECT at FROM begin) AND l.effective_at < %(at)s"
    " ORDER BY l.effective_at, l.move_id"
)
_LATER: LiteralString = (
    "SELECT m.id, m.document_id, m.effective_at, (m.effective_at AT TIME ZONE tenant_zone(m.tenant_id))::date, m.quantity, m.from_account_id,"
    " m.to_account_id, l.id, l.quantity, l.value, l.taken FROM stock_move m LEFT JOIN cost_layer l ON l.tenant_id = m.tenant_id AND l.move_id = m.id"
    " WHERE m.tenant_id = %(tenant)s AND m.item_id = %(item)s AND m.effective_at >= %(at)s ORDER BY m.effective_at, m.id"
)
_POSTED: LiteralString = (
    "SELECT p.move_id, p.layer_id, sum(p.quantity)::bigint, sum(p.value)::bigint FROM stock_move m"
    " JOIN cost_piece p ON p.tenant_id = m.tenant_id AND p.move_id = m.id"
    " WHERE m.tenant_id = %(tenant)s AND m.item_id = %(item)s AND m.effective_at >= %(at)s GROUP BY 1, 2"
)
_ADD_PIECE: LiteralString = (
    "INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_ADD_ENTRY: LiteralString = (
    "INSERT INTO journal_entry (tenant_id, id, document_id, kind, cause_document_id, date, effective_at) VALUES (%s, %s, %s, 'correction', %s, %s, %s)"
)
_ADD_LINE: LiteralString = "INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_SET_TAKEN: LiteralString = "UPDATE cost_layer SET taken = %s WHERE tenant_id = %s AND id = %s"
_STORED: tuple[LiteralString, ...] = (
    "SELECT move_id, layer_id, document_id, quantity, value, date FROM cost_piece WHERE tenant_id = %s AND cause_document_id = %s ORDER BY 1, 2, 3",
    (
        "SELECT e.document_id, e.kind, e.date, e.effective_at, l.account_id, l.debit, l.credit, l.date FROM journal_entry e JOIN journal_line l"
        " ON l.tenant_id = e.tenant_id AND l.entry_id = e.id WHERE e.tenant_id = %s AND e.cause_document_id = %s ORDER BY 1, 5"
    ),
)
_TAKEN: LiteralString = (
    "SELECT id, taken FROM cost_layer WHERE tenant_id = %s AND item_id = %s AND effective_at >= %s::timestamptz - interval '1 hour' ORDER BY 1"
)


def cut(layers: Layers, need: int) -> Iterator[tuple[list[int], int, int]]:
    """Take first in first out; yield layer, quantity and worth of each part."""
    while need:
        layer = layers[0]
        _, _, quantity, value, taken = layer
        part = min(need, quantity - taken)
        layer[4] = taken + part
        if layer[4] == quantity:
            layers.popleft()
        need -= part
        yield layer, part, half_up(value * (taken + part), quantity) - half_up(value * taken, quantity)


def replay(work: Work, items: list[int]) -> None:
    """Replay items from their beginning into a table like the shadow's."""
    work.conn.execute(TABLE)
    work.conn.execute("TRUNCATE reference_piece")
    rows = work.conn.execute(_READ, (work.actor.tenant_id, items)).fetchall()
    queues: dict[tuple[int, int, int], Layers] = defaultdict(deque)
    with work.conn.cursor().copy("COPY reference_piece FROM STDIN") as out:
        for move, item, source, source_lot, target, target_lot, quantity, value, keep in rows:
            laid = []
            if source is None:
                out.write_row((move, move, quantity, value))
                laid.append((quantity, value))
            else:
                for layer, part, worth in cut(queues[item, source, source_lot], quantity):
                    out.write_row((move, layer[0], part, worth))
                    laid.append((part, worth))
            if target is not None:
                whole = laid if keep or source is None else [(quantity, sum(worth for _, worth in laid))]
                queues[item, target, target_lot].extend([move, 0, part, worth, 0] for part, worth in whole)


def different(work: Work) -> int:
    """Return how many pieces of the shadow and of the reference differ, both of this transaction."""
    return int(work.value(_DIFFERENT))


def repair(work: Work, item: int, cause: int, at: datetime) -> None:
    """Put right what comes after a late receipt of a plain item: the same rows in the same tables, one by one."""
    params = {"tenant": work.actor.tenant_id, "item": item, "at": at}
    layers: Layers = deque([list(row) for row in work.conn.execute(_OPEN, params)])
    known = [tuple(layer) for layer in layers]
    moves = work.conn.execute(_LATER, params).fetchall()
    posted = {(move, layer): (quantity, value) for move, layer, quantity, value in work.conn.execute(_POSTED, params)}
    found, every = {}, list(layers)
    for move, _document, _at, _day, quantity, _from, _to, layer, laid, value, taken in moves:
        if layer is not None:
            layers.append([move, layer, laid, value, 0])
            every.append(layers[-1])
            known.append((move, layer, laid, value, taken))
            found[move, layer] = (laid, value)
            continue
        for one, part, worth in cut(layers, quantity):
            found[move, one[1]] = (part, worth)
    _store(work, cause, moves, _differences(found, posted))
    taken_now = [(layer[4], params["tenant"], layer[1]) for layer, was in zip(every, known, strict=True) if layer[4] != was[4]]
    work.conn.cursor().executemany(_SET_TAKEN, taken_now)
    work.conn.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _differences(found: dict[Any, tuple[int, int]], posted: dict[Any, tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    rows = []
    for key in sorted(found.keys() | posted.keys()):
        quantity, value = found.get(key, (0, 0))
        was, worth = posted.get(key, (0, 0))
        if (quantity, value) != (was, worth):
            rows.append((*key, quantity - was, value - worth))
    return rows


def _store(work: Work, cause: int, moves: list[tuple[Any, ...]], rows: list[tuple[int, int, int, int]]) -> None:
    tenant, facts = work.actor.tenant_id, {move[0]: move for move in moves}
    amounts: dict[tuple[Any, int, Any], dict[int, int]] = {}
    pieces = []
    for move, layer, quantity, value in rows:
        _, document, at, day, _, source, target, *_ = facts[move]
        pieces.append((tenant, move, layer, document, quantity, value, cause, day))
        account = amounts.setdefault((at, document, day), defaultdict(int))
        account[target] += value
        account[source] -= value
    journals = [(key, {account: amount for account, amount in one.items() if amount}) for key, one in amounts.items() if any(one.values())]
    ids = work.conn.execute("SELECT nextval('journal_entry_id_seq') FROM generate_series(1, %s)", (len(journals),)).fetchall()
    entries, lines = [], []
    for (entry,), ((at, document, day), one) in zip(ids, sorted(journals, key=lambda journal: journal[0]), strict=True):
        entries.append((tenant, entry, document, cause, day, at))
        for number, (account_id, amount) in enumerate(sorted(one.items(), key=lambda line: line[1] < 0), 1):
            lines.append((tenant, entry, number, account_id, max(amount, 0), max(-amount, 0), day))
    cursor = work.conn.cursor()
    for query, values in ((_ADD_PIECE, pieces), (_ADD_ENTRY, entries), (_ADD_LINE, lines)):
        cursor.executemany(query, values)


def stored(work: Work, item: int, cause: int, at: datetime) -> list[list[tuple[Any, ...]]]:
    """Return what was stored because of a late document: pieces, journals, and how far the layers around and after it are taken."""
    tenant = work.actor.tenant_id
    rows = [work.conn.execute(query, (tenant, cause)).fetchall() for query in _STORED]
    return [*rows, work.conn.execute(_TAKEN, (tenant, item, at)).fetchall()]
