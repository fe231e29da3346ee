"""The lowest balance after a moment, found by blocks, is what a plain look at every movement finds: for every writer, late or not."""

import itertools
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books, moment

tenants = itertools.count(9_000)
SIZE = 3
changes = st.lists(st.tuples(st.integers(0, 25), st.integers(-9, 9).filter(bool), st.integers(0, 4)), min_size=1, max_size=30)
questions = st.lists(st.tuples(st.integers(-1, 26), st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=6)


@pytest.fixture
def books(database):
    return Books(database, next(tenants), {"steel": "raw"})


class Shelf:
    """One queue, written to as anybody may who can insert a movement, and its changes in a list."""

    def __init__(self, books):
        self.books, self.changes = books, []
        self.place, self.other = books.places["north"], books.places["supplier"]
        self.document = books.document("D")
        (self.account,) = [number for number, code in books.accounts.items() if code == "1-1310"]
        self.lines = itertools.count(1)
        self.move(-1, 1_000_000)

    def move(self, at, change):
        where = (self.books.items["steel"], *self._ends(change))
        row = (self.books.tenant, self.document, next(self.lines), *where, abs(change), moment(at), self.account, self.account)
        with unit_of_work(self.books.actor) as work:
            number = work.value(
                "INSERT INTO stock_move (tenant_id, document_id, line_no, item_id, from_place_id, to_place_id, quantity, effective_at, from_account_id,"
                " to_account_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
                row,
            )
        self.changes.append((at, number, change))

    def _ends(self, change):
        return (self.other, self.place) if change > 0 else (self.place, self.other)

    def make_blocks(self):
        with unit_of_work(self.books.actor) as work:
            return work.value("SELECT stock_block_make(%s, %s, %s)", (self.books.tenant, self.books.items["steel"], SIZE))

    def asked(self, at, taken, net):
        """Ask the database as if so much less lay there that little is left."""
        spare = sum(change for _, _, change in self.changes) - 20
        with unit_of_work(self.books.actor) as work:
            row = work.row(
                "SELECT l.* FROM stock_balance b, stock_lowest(%s, b, %s, %s, %s) l WHERE b.place_id = %s",
                (self.books.tenant, moment(at), taken + spare, net + spare, self.place),
            )
        return (row["fits"] - spare, row["short_at"], row["short_document"])

    def plain(self, at, taken, net):
        """Look at every movement."""
        balance = 20 - sum(change for when, _, change in self.changes if when > at)
        later = sorted(one for one in self.changes if one[0] > at)
        running = list(itertools.accumulate((change for *_, change in later), initial=balance))
        short = None if balance >= taken else (moment(at), None)
        if short is None:
            short = next(((moment(when), self.document) for (when, *_), held in zip(later, running[1:], strict=True) if held < net), (None, None))
        return (min(running), *short)

    def wrong(self):
        with unit_of_work(self.books.actor) as work:
            return work.rows("SELECT * FROM stock_block_wrong(%s)", (self.books.tenant,))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=changes, questions=questions)
def test_blocks_answer_as_a_look_at_every_movement_does(database, changes, questions):
    shelf = Shelf(Books(database, next(tenants), {"steel": "raw"}))
    for at, change, dice in changes:
        if dice == 0:
            shelf.make_blocks()
        shelf.move(at, change)
    for asked in questions:
        assert shelf.asked(*asked) == shelf.plain(*asked)
    assert shelf.wrong() == []


def test_a_long_history_is_in_blocks_and_a_late_movement_changes_the_answer(books):
    shelf = Shelf(books)
    for at in range(40):
        shelf.move(at, 5 if at % 2 else -5)
    assert shelf.make_blocks() == 13
    assert shelf.make_blocks() == 0
    before = shelf.asked(10, 0, 0)
    shelf.move(20, -7)
    assert shelf.asked(10, 0, 0) == shelf.plain(10, 0, 0)
    assert shelf.asked(10, 0, 0)[0] < before[0] + 7
    assert shelf.wrong() == []


def test_writers_into_one_block_at_once_are_all_counted(books):
    shelf = Shelf(books)
    for at in range(20):
        shelf.move(at, 5)
    assert shelf.make_blocks() > 0
    threads = [threading.Thread(target=lambda start=start: [shelf.move(start + 4, -1) for _ in range(8)]) for start in (0, 0, 3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(shelf.changes) == 45
    assert shelf.asked(2, 0, 0) == shelf.plain(2, 0, 0)
    assert shelf.wrong() == []


def test_a_block_that_says_something_else_is_found(books):
    shelf = Shelf(books)
    for at in range(9):
        shelf.move(at, 2)
    shelf.make_blocks()
    with unit_of_work(books.actor) as work:
        work.run("UPDATE stock_block SET low = low + 1 WHERE ends_at = (SELECT min(ends_at) FROM stock_block)")
    assert len(shelf.wrong()) == 1
