"""A tenant's books in a real database: a small chart of accounts, items, places, and documents posted by the posting function."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import psycopg

from erp_app.costing import repo
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.posting.models import JournalLine, Move, Posting, Revaluation, Transform
from erp_app.posting.service import post

UNIT = 10_000
START = datetime(2026, 1, 1, 3, tzinfo=UTC)
ACCOUNTS = {
    "1-1110": "asset", "1-1200": "asset", "1-1310": "asset", "1-1320": "asset", "1-1330": "asset", "1-1340": "asset", "1-1350": "asset",
    "1-1360": "asset", "1-1500": "asset", "2-1100": "liability", "2-1110": "liability", "2-1120": "liability", "2-1130": "liability",
    "2-1200": "liability", "2-1210": "liability", "3-1000": "equity", "4-1000": "income", "4-1100": "income", "5-1000": "expense",
    "5-1100": "expense", "5-1200": "expense", "5-1300": "expense", "5-1310": "expense", "5-1400": "expense", "5-9999": "expense", "6-1000": "expense",
}  # fmt: skip
STOCK = {
    ("raw", "warehouse"): "1-1310", ("packaging", "warehouse"): "1-1310", ("semi_finished", "warehouse"): "1-1330", ("finished", "warehouse"): "1-1340",
    ("", "vendor"): "1-1320", ("", "in_transit"): "1-1350", ("", "quarantine"): "1-1360", ("", "customer"): "5-1000", ("", "adjustment"): "5-1200",
    ("", "supplier"): "2-1110", ("", "production"): "5-9999",
}  # fmt: skip
PLACES = {
    "north": "warehouse", "south": "warehouse", "vendor": "vendor", "transit": "in_transit", "quarantine": "quarantine",
    "customer": "customer", "supplier": "supplier", "production": "production", "adjustment": "adjustment",
}  # fmt: skip


class Books:
    """One tenant with its own ids; everything is written as the application role would, but the master data."""

    def __init__(self, admin_url, tenant, items):
        """Make the tenant. `items` names items and their kinds."""
        self.tenant, self.actor, self.admin_url = tenant, system_actor(tenant), admin_url
        with psycopg.connect(admin_url) as conn:
            accounts = {code: self._master(conn, "account", code, type=kind) for code, kind in ACCOUNTS.items()}
            self.accounts = {number: code for code, number in accounts.items()}
            for (kind, place), code in STOCK.items():
                conn.execute("INSERT INTO account_map VALUES (%s, 'stock', %s, %s, %s)", (tenant, kind, place, accounts[code]))
            self.places = {code: self._master(conn, "place", code, kind=kind) for code, kind in PLACES.items()}
            self.items = {code: self._master(conn, "item", code, kind=kind) for code, kind in items.items()}
        self.names = {}

    def _master(self, conn, table, code, **more):
        names = psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name in ("tenant_id", "code", "name", *more))
        values = psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() for _ in range(3 + len(more)))
        query = psycopg.sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(psycopg.sql.Identifier(table), names, values)
        return conn.execute(query, (self.tenant, code, code, *more.values())).fetchone()[0]

    def document(self, name):
        """Register a document; return its id."""
        with unit_of_work(self.actor) as work:
            number = work.value(
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
                " VALUES (%s, nextval('record_id_seq'), 'test', %s, '', '', '') RETURNING id",
                (self.tenant, name),
            )
        self.names[number] = name
        return number

    def post(self, document, at, moves=(), lines=(), added=None, revaluations=()):
        """Post: moves are dicts with item, source, target (place or (place, lot)), quantity …; return what was posted."""
        with unit_of_work(self.actor) as work:
            return self.post_in(work, document, at, moves, lines, added, revaluations)

    def post_in(self, work, document, at, moves=(), lines=(), added=None, revaluations=()):
        """Post within a unit of work of the caller's."""
        return post(work, Posting(
            document_id=document, effective_at=moment(at), moves=[self._move(number, **move) for number, move in enumerate(moves, 1)],
            lines=[JournalLine(account, max(amount, 0), max(-amount, 0)) for account, amount in lines],
            transform=None if added is None else Transform(added), revaluations=[Revaluation(*one) for one in revaluations],
        ))  # fmt: skip

    def _move(self, number, item, source, target, quantity, **more):
        (source, source_lot), (target, target_lot) = self._place(source), self._place(target)
        places = {"from_place_id": source, "from_lot": source_lot, "to_place_id": target, "to_lot": target_lot}
        return Move(line_no=number, item_id=self.items[item], quantity=quantity, **{"keep_origin": False, **places, **more})

    def _place(self, place):
        code, lot = place if isinstance(place, tuple) else (place, 0)
        return self.places[code], lot

    def journals(self):
        """Return document name to {account: amount}, all journals of it together, zeros left out."""
        found = defaultdict(dict)
        with unit_of_work(self.actor) as work:
            for row in work.rows(
                "SELECT e.document_id, l.account_id, sum(l.debit - l.credit)::bigint AS amount FROM journal_entry e"
                " JOIN journal_line l ON l.tenant_id = e.tenant_id AND l.entry_id = e.id GROUP BY 1, 2 HAVING sum(l.debit - l.credit) <> 0",
            ):
                found[self.names[row["document_id"]]][self.accounts[row["account_id"]]] = row["amount"]
        return dict(found)

    def audit(self):
        """Return what is wrong: accounts of goods that differ from the layers that lie there, and journals that do not balance."""
        with unit_of_work(self.actor) as work:
            return work.rows(
                "WITH lying AS (SELECT m.to_account_id AS account_id, sum(l.value - cost_portion(l.value, l.quantity, l.taken))::bigint AS value"
                "  FROM cost_layer l JOIN stock_move m ON m.tenant_id = l.tenant_id AND m.id = l.move_id"
                "  JOIN place p ON p.tenant_id = l.tenant_id AND p.id = l.place_id AND place_followed(p.kind) GROUP BY 1),"
                " booked AS (SELECT l.account_id, sum(l.debit - l.credit)::bigint AS value FROM journal_line l"
                "  JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id"
                "  WHERE a.code IN ('1-1310', '1-1320', '1-1330', '1-1340', '1-1350', '1-1360', '5-1000') GROUP BY 1)"
                " SELECT account_id, lying.value AS lying, booked.value AS booked FROM lying FULL JOIN booked USING (account_id)"
                " WHERE coalesce(lying.value, 0) <> coalesce(booked.value, 0)"
                " UNION ALL SELECT l.id, l.taken, sum(p.quantity)::bigint FROM cost_layer l LEFT JOIN cost_piece p ON p.tenant_id = l.tenant_id"
                "  AND p.layer_id = l.id AND p.move_id <> l.move_id GROUP BY l.id, l.taken HAVING l.taken <> coalesce(sum(p.quantity), 0)",
            )

    def picture(self):
        """Return (pieces, layers) by paths of movement ids, as the model and the engine name them; balances as the third."""
        with unit_of_work(self.actor) as work:
            followed = repo.followed_places(work)
            layers = {row["id"]: row for row in work.rows("SELECT * FROM cost_layer")}
            pieces = work.rows(
                "SELECT move_id, layer_id, document_id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM cost_piece"
                " GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0 OR sum(value) <> 0",
            )
            balances = work.rows("SELECT item_id, place_id, lot, on_hand FROM stock_balance WHERE on_hand <> 0")

        def path(number):
            parent = layers[number]["parent_layer_id"]
            return (layers[number]["move_id"],) if parent is None else (*path(parent), layers[number]["move_id"])

        return (
            {(one["move_id"], path(one["layer_id"]), one["document_id"]): (one["quantity"], one["value"]) for one in pieces},
            {
                ((one["item_id"], one["place_id"], one["lot"]), path(one["id"])): (one["quantity"], one["value"], one["taken"])
                for one in layers.values() if one["quantity"] and one["place_id"] in followed
            },
            {(one["item_id"], one["place_id"], one["lot"]): one["on_hand"] for one in balances},
        )  # fmt: skip


def moment(at):
    """Turn a whole number of the tests into a time: minutes after the start of the year."""
    return at if isinstance(at, datetime) else START + timedelta(minutes=at)
