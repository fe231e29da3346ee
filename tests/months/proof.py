"""What must hold of any month, in whatever accepted order its papers were entered (rules C1 to C7)."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from difflib import unified_diff
from itertools import count
from pprint import pformat
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import psycopg

from erp_app.costing import fix, shadow
from erp_app.kernel.errors import ErpError
from erp_app.posting import effects, service
from erp_app.reports import general_ledger, stock_card, stock_layers, trial_balance
from erp_app.reports.integrity import prove
from erp_app.reports.report import Asked
from tests.months.books import Books
from tests.months.papers import Paper
from tests.months.truth import Picture, difference, truth
from workers import stock

ZONE = ZoneInfo("Asia/Jakarta")
tenants = count(1)


class WrongError(AssertionError):
    """A property that does not hold."""


def require(holds: object, what: str) -> None:
    """Raise when something does not hold."""
    if not holds:
        raise WrongError(what)


def prove_month(papers: list[Paper], order: list[Paper], seed: int, admin: psycopg.Connection) -> None:
    """Enter the papers as they happened, and again in another order; hold both against the model and against each other.

    Raises:
        WrongError: with the property that does not hold.
    """
    wanted = truth(papers)
    try:
        _same(in_order(papers).picture(), wanted, "entered in order, the ledger is not what the model says")
        late = Late(papers, order, seed)
        _same(late.books.picture(), wanted, "entered late, the ledger is not what the model says")
        late.remembered()
        repair(late.books, random.Random(seed), wanted, admin)
    except ErpError as refusal:
        raise WrongError(f"refused: {refusal.code} {refusal.detail}") from refusal


def _same(found: Picture, wanted: Picture, what: str) -> None:
    told = difference(found, wanted)
    require(not told, f"{what}:\n{told}")


def in_order(papers: list[Paper]) -> Books:
    """Enter everything as it happened, in one transaction: nothing waits for the worker."""
    books = Books(next(tenants), papers)
    with books.work() as work:
        for paper in sorted(papers, key=lambda one: one.at):
            require(not books.enter(work, paper).pending, f"{paper.name} waits for its cost, though nothing is late")
    sound(books)
    return books


def sound(books: Books) -> None:
    """Every integrity check is clean, and a full replay from zero on a shadow copy finds what was posted."""
    with books.work(dry_run=True) as work:
        wrong = [(one["name"], one["offenders"]) for one in prove(work)["checks"] if one["violations"]]
        require(not wrong, f"integrity: {wrong}")
        found = shadow.compare(work, list(books.items.values()))
        require(found.different == 0, f"a replay from zero differs in {found.different} pieces from {found.first} on")


class Late:
    """A month entered in another order: the worker comes now and then, some papers are previewed, reports are printed on the way."""

    def __init__(self, papers: list[Paper], order: list[Paper], seed: int) -> None:
        self.books, self.printed = Books(next(tenants), papers), []
        for paper in order:
            self.dice = random.Random(f"{seed} {paper.name}")  # what is done with a paper does not depend on the others: failures shrink
            if self.dice.random() < 0.12:
                self.previewed(paper)
            else:
                self.books.take(paper)
            if self.dice.random() < 0.3:
                self.books.settle()
            if self.dice.random() < 0.03:
                self.print_reports()
        self.books.settle()
        sound(self.books)

    def previewed(self, paper: Paper) -> None:
        """Preview a paper, enter it, let the worker do what waits: exactly what was shown must have happened."""
        self.books.settle()
        with self.books.work(dry_run=True) as work:
            posted = self._try(work, paper)
            shown = effects.show(work, posted, {})["effects"]
            last = work.value("SELECT coalesce(max(id), 0) FROM journal_entry WHERE recorded_at < now()")
            before = stock_values(work, before=True)
            meant = {key: value - before.get(key, 0) for key, value in stock_values(work).items() if value != before.get(key, 0)}
        posted = self.books.take(paper)
        self.books.settle()
        with self.books.work() as work:
            happened = journals_since(work, last)
            after = stock_values(work)
        names = {number: name for name, number in self.books.documents.items()} | {posted.document_id: "itself"}
        promised = together(
            (names.get(one["id"], "itself"), one["kind"], date.fromisoformat(one["date"]), line) for one in shown["documents"] for line in one["lines"]
        )
        real = together((names[line["document_id"]], line["kind"], line["date"], line) for line in happened)
        require(promised == real, f"the preview of {paper.name} shows another journal than it became:\n{changes(promised, real)}")
        came = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
        require(meant == came, f"the preview of {paper.name} changes the worth of stock in another way than it did:\n{changes(meant, came)}")

    def _try(self, work, paper: Paper) -> SimpleNamespace:
        """Post a paper so that nothing remembers it; return the document it is, or makes."""
        undo, books = paper.undoes, self.books
        posted = service.reverse(work, books.documents[undo], paper.moment()) if undo else service.post(work, books.posting(paper))
        return SimpleNamespace(id=posted.document_id)

    def print_reports(self) -> None:
        """Print what is known now; the same must come out for ever."""
        with self.books.work() as work:
            known = work.value("SELECT clock_timestamp()")
        day = date(2026, 1, 1) + timedelta(days=self.dice.randint(1, 30))
        for asked in ((date(9999, 12, 31), None), (day, datetime.combine(day + timedelta(days=1), time(), ZONE))):
            question = Asked(*asked, known, {"item": self.books.items[self.dice.choice(("TUBE", "FG", "SF"))]})
            self.printed.append((question, self._print(question)))

    def _print(self, asked: Asked) -> dict[str, object]:
        with self.books.work() as work:
            account = work.value("SELECT id FROM account WHERE code = '5-1000'")
            everywhere = Asked(asked.day, asked.until, asked.known, {"account": account})
            return {
                "trial balance": trial_balance.run(work, asked), "layers": stock_layers.run(work, Asked(asked.day, asked.until, asked.known)),
                "card": stock_card.run(work, asked), "ledger": [{**row, "number": None} for row in general_ledger.run(work, everywhere)["rows"]],
            }

    def remembered(self) -> None:
        """Print the reports again, as known then."""
        for asked, then in self.printed:
            now = self._print(asked)
            for name, answer in then.items():
                require(now[name] == answer, f"the {name} of {asked.day} as known on {asked.known} changed:\n{changes(answer, now[name])}")


def changes(then, now) -> str:
    """Tell which lines of two printed answers differ."""
    mine, theirs = (pformat(one, width=160).splitlines() for one in (then, now))
    return "\n".join(line for line in unified_diff(mine, theirs, "then", "now", n=0, lineterm=""))[:3000]


def together(lines) -> dict[tuple[str, str, date, str], int]:
    """Add up (document, kind, date, line) by account; a document of two steps may have two journals of a day."""
    found: dict[tuple[str, str, date, str], int] = defaultdict(int)
    for document, kind, day, line in lines:
        found[document, kind, day, line["account"]] += line["debit"] - line["credit"]
    return {key: amount for key, amount in found.items() if amount}


def journals_since(work, last: int):
    return work.rows(
        "SELECT e.document_id, e.kind, e.date, a.code AS account, l.debit, l.credit FROM journal_entry e"
        " JOIN journal_line l ON l.entry_id = e.id JOIN account a ON a.id = l.account_id WHERE e.id > %s", (last,),
    )


def stock_values(work, *, before: bool = False) -> dict[tuple[int, int, int], int]:
    """Return the worth of what was laid in each queue less what was cut from it; `before` this transaction."""
    rows = work.rows(
        "SELECT q.item_id, q.place_id, q.lot, sum(q.value)::bigint AS value FROM cost_piece c JOIN stock_move m ON m.id = c.move_id"
        " CROSS JOIN LATERAL (VALUES (m.item_id, m.to_place_id, m.to_lot, c.value), (m.item_id, m.from_place_id, m.from_lot, -c.value))"
        " q (item_id, place_id, lot, value) WHERE NOT %s OR c.recorded_at < now() GROUP BY 1, 2, 3", (before,),
    )
    return {(row["item_id"], row["place_id"], row["lot"]): row["value"] for row in rows}


ROWS = """
    SELECT 'layer' || id, item_id, ctid::text || xmin::text FROM cost_layer WHERE tenant_id = %(tenant)s
    UNION ALL SELECT 'balance' || place_id || ' ' || lot, item_id, ctid::text || xmin::text FROM stock_balance WHERE tenant_id = %(tenant)s
    UNION ALL SELECT 'piece' || c.id, m.item_id, c.ctid::text || c.xmin::text FROM cost_piece c
      JOIN stock_move m ON m.tenant_id = c.tenant_id AND m.id = c.move_id WHERE c.tenant_id = %(tenant)s
    UNION ALL SELECT 'journal' || e.id, 0, e.xmin::text FROM journal_entry e WHERE e.tenant_id = %(tenant)s
"""


def repair(books: Books, dice: random.Random, wanted: Picture, admin: psycopg.Connection) -> None:
    """Spoil what is cached of one item, and repair it: it is as it would be rebuilt, and no row of another item was written."""
    item = books.items[dice.choice(("TUBE", "BOX", "SF", "FG"))]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE cost_layer SET value = value + 7, taken = 0 WHERE tenant_id = %s AND item_id = %s", (books.tenant, item))
        admin.execute("UPDATE stock_balance SET on_hand = on_hand + 3, head_at = NULL WHERE tenant_id = %s AND item_id = %s", (books.tenant, item))
    before = _rows(admin, books.tenant, item)
    with books.work() as work:
        fix.ask(work, item)
    stock.repair(books.actor, str(item))
    written = [key for key, row in _rows(admin, books.tenant, item).items() if before.get(key) != row]
    require(not written, f"a repair of one item wrote rows of others: {written[:10]}")
    _same(books.picture(), wanted, "a repaired item is not as it would be rebuilt")
    with books.work() as work:
        require(work.value("SELECT bool_and(state = 'done') FROM stock_fix_queue"), "the repair did not end")


def _rows(admin: psycopg.Connection, tenant: int, item: int) -> dict[tuple[str, int], str]:
    """Return who wrote what last, of all items but one."""
    with admin.transaction():
        return {(key, one): row for key, one, row in admin.execute(ROWS, {"tenant": tenant}) if one != item}
