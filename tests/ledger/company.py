"""A small company for ledger tests: chart, places, items and bare document records, posted to through the posting service."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from erp_app.accounting import chart
from erp_app.kernel.actor import system_actor
from erp_app.kernel.money import QUANTITY_SCALE
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import JournalLine, Move, Posting

PLACES = {
    "WH": "warehouse", "WH2": "warehouse", "VENDOR": "vendor", "TRANSIT": "in_transit", "QUAR": "quarantine", "CUSTOMER": "customer",
    "SUPPLIER": "supplier", "PRODUCTION": "production", "ADJUST": "adjustment", "SCRAP": "adjustment",
}
ITEMS = {"TUBE": "raw", "BOX": "packaging", "SF": "semi_finished", "FG": "finished"}


def day(text):
    """Noon in Jakarta of an ISO date."""
    return datetime.fromisoformat(text + "T05:00:00").replace(tzinfo=UTC)


def units(quantity):
    return round(quantity * QUANTITY_SCALE)


@dataclass
class Company:
    """One tenant with its records by code."""

    tenant: int
    ids: dict[str, int] = field(default_factory=dict)

    @classmethod
    def found(cls, tenant, items=ITEMS):
        """Install chart, places and items for a tenant."""
        one = cls(tenant)
        with one.work() as work:
            chart.install(work)
            for code, kind in PLACES.items():
                account = work.value("SELECT id FROM account WHERE code = '5-1400'") if code == "SCRAP" else None
                one.ids[code] = work.value(
                    "INSERT INTO place (tenant_id, code, name, kind, account_id) VALUES (%s, %s, %s, %s, %s) RETURNING id",
                    (tenant, code, code, kind, account),
                )
            for code, kind in items.items():
                one.ids[code] = work.value(
                    "INSERT INTO item (tenant_id, code, name, kind) VALUES (%s, %s, %s, %s) RETURNING id", (tenant, code, code, kind),
                )
        return one

    @contextmanager
    def work(self, *, dry_run=False):
        with unit_of_work(system_actor(self.tenant), dry_run=dry_run) as work:
            yield work

    def document(self, work, number):
        """The record of a document (in the product the document engine makes it)."""
        if number not in self.ids:
            found = work.value("SELECT id FROM record_ref WHERE number = %s AND type = 'papers'", (number,))
            self.ids[number] = found or work.value(
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
                " VALUES (%s, nextval('record_id_seq'), 'papers', %s, '', '', '') RETURNING id",
                (self.tenant, number),
            )
        return self.ids[number]

    def move(self, line_no, item, source, target, quantity, **more):
        """One movement by codes; `A:DOC` names the lot of a document."""
        from_place, _, from_lot = source.partition(":")
        to_place, _, to_lot = target.partition(":")
        return Move(
            line_no, self.ids[item], self.ids[from_place], self.ids[to_place], units(quantity),
            from_lot=self.ids[from_lot] if from_lot else 0, to_lot=self.ids[to_lot] if to_lot else 0, **more,
        )

    def post(self, number, when, moves=(), lines=(), **more):
        """Post a document: moves as (item, source, target, quantity[, options]), lines as {account: signed amount}."""
        with self.work() as work:
            document = self.document(work, number)
        with self.work() as work:
            posting = Posting(
                document, day(when) if isinstance(when, str) else when,
                moves=[self.move(n, *row[:4], **(row[4] if len(row) > 4 else {})) for n, row in enumerate(moves, 1)],
                lines=self.lines(work, lines), **more,
            )
            return service.post(work, posting)

    def lines(self, work, amounts):
        """Signed amounts by account, `account/party` where a party is needed."""
        made = []
        for name, amount in dict(amounts).items():
            account, _, party = name.partition("/")
            made.append(JournalLine(account, max(amount, 0), max(-amount, 0), self.party(work, party)))
        return made

    def party(self, work, name):
        return self.document(work, name) if name else None

    def receipt_move(self, work, number, line_no=1):
        """The movement of a document's line."""
        return work.value("SELECT id FROM stock_move WHERE document_id = %s AND line_no = %s", (self.document(work, number), line_no))

    def journal(self, number, kind="original"):
        """Signed amounts by account of a document's journals of one kind."""
        with self.work() as work:
            rows = work.rows(
                "SELECT a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal j JOIN journal_line l ON l.entry_id = j.id"
                " JOIN account a ON a.id = l.account_id WHERE j.document_id = %s AND j.kind = %s GROUP BY a.code",
                (self.document(work, number), kind),
            )
        return {row["code"]: row["amount"] for row in rows}

    def balances(self):
        """Signed balances by account, zero ones left out."""
        with self.work() as work:
            rows = work.rows(
                "SELECT a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal_line l JOIN account a ON a.id = l.account_id"
                " GROUP BY a.code HAVING sum(l.debit) <> sum(l.credit)",
            )
        return {row["code"]: row["amount"] for row in rows}

    def layers(self, item, place):
        """What lies in a queue: [origin document, quantity, value] in FIFO order."""
        with self.work() as work:
            rows = work.rows(
                "SELECT r.number, y.quantity - y.taken AS quantity, y.value - cost_portion(y.value, y.quantity, y.taken) AS value"
                " FROM cost_layer y JOIN record_ref r ON r.id = y.origin_document_id WHERE y.item_id = %s AND y.place_id = %s"
                " AND y.taken < y.quantity ORDER BY y.effective_at, y.move_id, y.rank",
                (self.ids[item], self.ids[place]),
            )
        return [[row["number"], row["quantity"] / QUANTITY_SCALE, row["value"]] for row in rows]

    def on_hand(self, item, place):
        with self.work() as work:
            found = work.value(
                "SELECT sum(on_hand) FROM stock_balance WHERE item_id = %s AND place_id = %s", (self.ids[item], self.ids[place]),
            )
        return (found or 0) / QUANTITY_SCALE


def later(when, **by):
    return when + timedelta(**by)
