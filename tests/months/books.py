"""The books of one company in the database, and everything its papers do to them through the posting service."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from itertools import groupby

from erp_app.accounting import chart
from erp_app.costing import repo_queue
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import JournalLine, Move, Posting, Revaluation, Transform
from tests.months.papers import ITEMS, PLACES, Paper, followed
from tests.months.truth import Picture, clean
from workers import costing

PARTIES = {"2-1100", "1-1200"}


class Books:
    """One tenant. `moves` tells which movement of the database is which line of which paper, `names` which record which document."""

    def __init__(self, tenant: int, papers: list[Paper]) -> None:
        self.tenant, self.actor = tenant, system_actor(tenant)
        self.moves, self.documents = {}, {}
        with self.work() as work:
            chart.install(work)
            self.places = {code: self._place(work, code, kind) for code, kind in PLACES.items()}
            self.items = {
                code: work.value("INSERT INTO item (tenant_id, code, name, kind) VALUES (%s, %s, %s, %s) RETURNING id", (tenant, code, code, kind))
                for code, kind in ITEMS.items()
            }
            wanted = ["Somebody", *dict.fromkeys(one.document for one in papers if not one.undoes)]
            rows = work.rows(
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
                " SELECT %s, nextval('record_id_seq'), 'papers', n, '', '', '' FROM unnest(%s::text[]) n RETURNING id, number", (tenant, wanted),
            )
            self.documents = {row["number"]: row["id"] for row in rows}
        self.party = self.documents["Somebody"]

    def _place(self, work, code, kind):
        return work.value(
            "INSERT INTO place (tenant_id, code, name, kind, account_id) VALUES (%s, %s, %s, %s, (SELECT id FROM account WHERE code = %s)) RETURNING id",
            (self.tenant, code, code, kind, "5-1400" if code == "SCRAP" else None),
        )

    @contextmanager
    def work(self, *, dry_run=False):
        with unit_of_work(self.actor, dry_run=dry_run) as work:
            yield work

    def enter(self, work, paper: Paper):
        """Post a paper, or let the service undo what it undoes; return what was posted."""
        if paper.undoes:
            posted = service.reverse(work, self.documents[paper.undoes], paper.moment())
            self.documents[paper.name] = posted.document_id
        else:
            posted = service.post(work, self.posting(paper))
        self.moves.update(((paper.name, one.line_no), one.move_id) for one in posted.moves)
        return posted

    def posting(self, paper: Paper) -> Posting:
        return Posting(
            self.documents[paper.document], paper.moment(), [self._move(number, line) for number, line in enumerate(paper.moves, 1)],
            [JournalLine(code, max(amount, 0), max(-amount, 0), self.party if code in PARTIES else None) for code, amount in paper.lines],
            None if paper.added is None else Transform(paper.added),
            [Revaluation(self.moves[key], amount, side) for key, amount, side in paper.amounts], step=paper.step,
        )

    def _move(self, number, line):
        (source, _, from_lot), (target, _, to_lot) = line.source.partition(":"), line.target.partition(":")
        return Move(
            number, self.items[line.item], self.places[source], self.places[target], line.quantity,
            from_lot=self.documents[from_lot] if from_lot else 0, to_lot=self.documents[to_lot] if to_lot else 0, value=line.value,
            keep_origin=line.keep_origin, source_move_id=self.moves[line.taken_from] if line.taken_from else None,
            transform=line.transform, weight=line.weight, from_account=line.from_account, to_account=line.to_account,
        )

    def settle(self):
        """Do what the costing worker does, until nothing waits."""
        while (item := self._next()) is not None:
            costing.replay(self.actor, str(item))

    def _next(self):
        with self.work() as work:
            return repo_queue.next_item(work)

    def take(self, paper: Paper):
        """Enter a paper as people do, in a transaction of its own; what must wait for the worker waits for it."""
        try:
            with self.work() as work:
                return self.enter(work, paper)
        except Refused as refusal:
            if refusal.code != "ERP-1210":
                raise
        self.settle()
        with self.work() as work:
            return self.enter(work, paper)

    def picture(self) -> Picture:
        """Read everything back in the names of the papers."""
        with self.work() as work:
            layers = work.rows("SELECT id, move_id, parent_layer_id, item_id, place_id, lot, quantity, value, taken FROM cost_layer ORDER BY id")
            pieces = work.rows(
                "SELECT move_id, layer_id, document_id, sum(quantity)::bigint AS quantity, sum(value)::bigint AS value FROM cost_piece"
                " GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0 OR sum(value) <> 0",
            )
            balances = work.rows("SELECT item_id, place_id, lot, on_hand FROM stock_balance WHERE on_hand <> 0")
            lines = work.rows(
                "SELECT e.document_id, a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id"
                " JOIN account a ON a.id = l.account_id GROUP BY 1, 2 ORDER BY 1",
            )
        moves = {number: key for key, number in self.moves.items()}
        names = {number: name for name, number in (*self.documents.items(), *self.items.items(), *self.places.items())}
        by_id = {one["id"]: one for one in layers}

        def path(number):
            one = by_id[number]
            return (*(path(one["parent_layer_id"]) if one["parent_layer_id"] else ()), moves[one["move_id"]])

        def queue(row):
            return names[row["item_id"]], names[row["place_id"]] + (f":{names[row['lot']]}" if row["lot"] else "")

        totals = defaultdict(dict)
        for document, rows in groupby(lines, key=lambda row: names[row["document_id"]]):
            totals[document] = {row["code"]: row["amount"] for row in rows}
        return Picture(
            {(moves[one["move_id"]], path(one["layer_id"]), names[one["document_id"]]): (one["quantity"], one["value"]) for one in pieces},
            {
                (*queue(one), path(one["id"])): (one["quantity"], one["value"], one["taken"]) for one in layers
                if one["quantity"] and followed(names[one["place_id"]])
            },
            {queue(one): one["on_hand"] for one in balances}, clean(totals),
        )
