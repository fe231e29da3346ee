"""A tenant's books in a real database: a small chart of accounts, items, places, and documents posted by the posting function."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import psycopg

from erp_app.costing import repo
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

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
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search) VALUES (%s, nextval('record_id_seq'), 'test', %s, '', '', '') RETURNING id", (self.tenant, name),
            )
        self.names[number] = name
        return number

    def post(self, document, at, moves=(), lines=(), added=None, revaluations=()):
        """Post: moves are dicts with item, source, target (place or (place, lot)), quantity …; return the answer of the posting function."""
        with unit_of_work(self.actor) as work:
            return self.post_in(work, document, at, moves, lines, added, revaluations)

    def post_in(self, work, document, at, moves=(), lines=(), added=None, revaluations=()):
        rows = []
        for number, move in enumerate(moves, 1):
            source, target = self._place(move["source"]), self._place(move["target"])
            row = {key: value for key, value in move.items() if key not in {"item", "source", "target"}}
            rows.append({
                "line_no": number, "item_id": self.items[move["item"]], "from_place_id": source[0], "from_lot": source[1], "to_place_id": target[0],
                "to_lot": target[1], "keep_origin": False, "transform": False, "weight": 0, **row,
            })  # fmt: skip
        head = {"document": document, "step": 0, "kind": "original", "cause": None, "at": moment(at).isoformat(), "text": "", "added": added, "soft": "yes"}
        if revaluations:
            head["revaluations"] = [{"move_id": move, "amount": amount, "account": account} for move, amount, account in revaluations]
        explicit = [{"account": account, "debit": max(amount, 0), "credit": max(-amount, 0)} for account, amount in lines]
        return work.value("SELECT post_document(%s, %s, %s)", (json.dumps(head), json.dumps(rows), json.dumps(explicit)))

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
