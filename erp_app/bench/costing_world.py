"""What the costing benchmarks work on: items with long histories whose costs are settled, put in place without the triggers' help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

import psycopg

from erp_app.accounting import chart
from erp_app.costing import plain, repo_shadow, wire
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import Work, unit_of_work

TENANT = 1
PLACES = {"WH": "warehouse", "TRANSIT": "in_transit", "CUSTOMER": "customer", "ADJUSTMENT": "adjustment", "SUPPLIER": "supplier"}

# One document for each movement; every second one receives 10, the others take as much, always half out of an older receipt.
_PLAIN_MOVES: LiteralString = (
    "INSERT INTO stock_move (tenant_id, document_id, line_no, item_id, from_place_id, to_place_id, quantity, effective_at, value, from_account_id,"
    " to_account_id) SELECT %(tenant)s, p.id, 1, p.item_id, CASE WHEN p.n %% 2 = 1 THEN %(SUPPLIER)s ELSE %(WH)s END,"
    " CASE WHEN p.n %% 2 = 1 THEN %(WH)s ELSE %(ADJUSTMENT)s END, CASE WHEN p.n %% 2 = 1 THEN 100000 WHEN p.n = 2 THEN 50000 ELSE 100000 END,"
    " '2026-01-01'::timestamptz + p.n * interval '1 second', CASE WHEN p.n %% 2 = 1 THEN 500000 + p.n * 104729 %% 50000 END,"
    " CASE WHEN p.n %% 2 = 1 THEN %(grni)s ELSE %(stock)s END, CASE WHEN p.n %% 2 = 1 THEN %(stock)s ELSE %(variance)s END"
    " FROM paper p ORDER BY p.item_id, p.n"
)
# Received, sent, delivered, counted short; and again.
_TYPICAL_MOVES: LiteralString = (
    "INSERT INTO stock_move (tenant_id, document_id, line_no, item_id, from_place_id, from_lot, to_place_id, to_lot, quantity, effective_at, value,"
    " keep_origin, from_account_id, to_account_id) SELECT %(tenant)s, p.id, 1, p.item_id,"
    " (ARRAY[%(WH)s, %(SUPPLIER)s, %(WH)s, %(TRANSIT)s]::bigint[])[p.n %% 4 + 1], CASE p.n %% 4 WHEN 3 THEN p.id - 1 ELSE 0 END,"
    " (ARRAY[%(ADJUSTMENT)s, %(WH)s, %(TRANSIT)s, %(CUSTOMER)s]::bigint[])[p.n %% 4 + 1], CASE WHEN p.n %% 4 > 1 THEN p.id ELSE 0 END,"
    " (ARRAY[30000, 100000, 60000 + p.n, 60000 + p.n - 1])[p.n %% 4 + 1], '2026-01-01'::timestamptz + p.n * interval '1 hour',"
    " CASE p.n %% 4 WHEN 1 THEN 500000 + p.n * 104729 %% 50000 END, p.n %% 4 > 1, %(stock)s, %(variance)s FROM paper p ORDER BY p.item_id, p.n"
)
_PAPERS: LiteralString = (
    "CREATE TEMPORARY TABLE paper ON COMMIT DROP AS SELECT nextval('record_id_seq') AS id, i.id AS item_id, n"
    " FROM unnest(%(items)s::bigint[]) i(id), generate_series(1::bigint, %(moves)s) n ORDER BY i.id, n"
)
_RECORDS: LiteralString = (
    "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search) SELECT %(tenant)s, id, 'bench', 'C-' || id, '', '', '' FROM paper"
)
_BALANCES: LiteralString = (
    "INSERT INTO stock_balance (tenant_id, item_id, place_id, lot, on_hand, last_at, last_out_at) SELECT %(tenant)s, q.item_id, q.place_id, q.lot,"
    " sum(q.quantity), max(q.at), max(q.at) FROM (SELECT item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity, effective_at AS at"
    "  FROM stock_move WHERE item_id = ANY(%(items)s) UNION ALL SELECT item_id, to_place_id, to_lot, quantity, effective_at FROM stock_move"
    "  WHERE item_id = ANY(%(items)s)) q JOIN place p ON p.id = q.place_id AND place_followed(p.kind) GROUP BY 2, 3, 4"
)
_LAYERS: LiteralString = (
    "INSERT INTO cost_layer (tenant_id, move_id, origin_document_id, item_id, place_id, effective_at, quantity, value, taken)"
    " SELECT m.tenant_id, m.id, m.document_id, m.item_id, m.to_place_id, m.effective_at, m.quantity, m.value, coalesce(t.taken, 0) FROM stock_move m"
    " LEFT JOIN (SELECT receipt_id, sum(quantity)::bigint AS taken FROM shadow_piece WHERE move_id <> receipt_id GROUP BY 1) t ON t.receipt_id = m.id"
    " WHERE m.item_id = %(item)s AND m.to_place_id = %(WH)s ORDER BY m.effective_at, m.id"
)
_PIECES: LiteralString = (
    "INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)"
    " SELECT m.tenant_id, s.move_id, l.id, m.document_id, s.quantity, s.value, m.document_id, m.effective_at::date FROM shadow_piece s"
    " JOIN stock_move m ON m.id = s.move_id JOIN cost_layer l ON l.move_id = s.receipt_id WHERE m.item_id = %(item)s"
)
_HEAD: LiteralString = (
    "UPDATE stock_balance b SET head_at = l.effective_at, head_move_id = l.move_id FROM (SELECT effective_at, move_id FROM cost_layer"
    " WHERE item_id = %(item)s AND taken < quantity ORDER BY effective_at, move_id LIMIT 1) l WHERE b.item_id = %(item)s"
)


@dataclass(frozen=True)
class World:
    """One company: places by code, and accounts for what the movements book."""

    admin_url: str
    params: dict[str, int]

    def items(self, count: int) -> list[int]:
        """Make items."""
        with unit_of_work(system_actor(TENANT)) as work:
            rows = work.rows(
                "INSERT INTO item (tenant_id, code, name, kind) SELECT %s, 'C-' || nextval('record_id_seq'), 'bench', 'raw'"
                " FROM generate_series(1, %s) RETURNING id",
                (TENANT, count),
            )
        return [row["id"] for row in rows]

    def plain_item(self, moves: int) -> int:
        """Make an item that only comes in and goes out, its costs settled."""
        (item,) = self.items(1)
        with psycopg.connect(self.admin_url) as admin:
            self._moves(admin, [item], moves, _PLAIN_MOVES)
            params = {**self.params, "item": item}
            rows = repo_shadow.plain_rows(wire.read(admin, repo_shadow.MOVES, params, 6), [self.params["WH"]])
            if rows is None:
                raise RuntimeError("the item should be plain")
            repo_shadow.keep(_Bare(admin), rows, plain.cut(rows))
            for query in (_LAYERS, _PIECES, _HEAD):
                admin.execute(query, params)
        self.tidy()
        return item

    def typical_items(self, count: int, moves: int) -> list[int]:
        """Make items that are received, sent and delivered; their costs were never settled."""
        items = self.items(count)
        with psycopg.connect(self.admin_url) as admin:
            self._moves(admin, items, moves, _TYPICAL_MOVES)
        self.tidy()
        return items

    def document(self) -> int:
        """Make a document to post with."""
        with unit_of_work(system_actor(TENANT)) as work:
            return int(
                work.value(
                    "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
                    " SELECT %s, n, 'bench', 'L-' || n, '', '', '' FROM nextval('record_id_seq') n RETURNING id",
                    (TENANT,),
                )
            )

    def _moves(self, admin: psycopg.Connection, items: list[int], moves: int, query: LiteralString) -> None:
        params = {**self.params, "items": items, "moves": moves}
        admin.execute("SET session_replication_role = replica")
        for one in (_PAPERS, _RECORDS, query, _BALANCES):
            admin.execute(one, params)

    def tidy(self) -> None:
        """Clear away what was taken back, count anew, and write everything down, as the database does by itself with time."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
            admin.execute("CHECKPOINT")


@dataclass(frozen=True)
class _Bare:
    """The superuser's connection where a unit of work is wanted for its connection only."""

    conn: psycopg.Connection


def build(admin_url: str) -> World:
    """Make the company."""
    with unit_of_work(system_actor(TENANT)) as work:
        chart.install(work)
        params = {"tenant": TENANT} | {code: _place(work, code, kind) for code, kind in PLACES.items()}
        for name, code in {"stock": "1-1310", "grni": "2-1110", "variance": "5-1200"}.items():
            params[name] = work.value("SELECT id FROM account WHERE code = %s", (code,))
        work.run("SELECT period_open(%s, d::date) FROM generate_series('2026-01-01'::date, '2026-03-01', '1 month') d", (TENANT,))
    return World(admin_url, params)


def _place(work: Work, code: str, kind: str) -> int:
    query = "INSERT INTO place (tenant_id, code, name, kind) VALUES (%s, %s, %s, %s) RETURNING id"
    return int(work.value(query, (TENANT, code, code, kind)))
