"""Months entered by eight people at once, late and in order, with two costing workers: whatever order comes about, the books end the same."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from erp_app.kernel.errors import Refused
from tests.months.books import Books
from tests.months.draw import Month, accepted_order
from tests.months.papers import Line, Paper
from tests.months.proof import sound, tenants
from tests.months.truth import difference, truth

PEOPLE, WORKERS = 8, 2
SHORT = {"ERP-1201", "ERP-1209", "ERP-1220"}  # the goods are not there: worth another try when something new has come
BUSY = {"ERP-1009", "ERP-1210", "ERP-1221"}  # a cost waits, or others work on the item: nothing was changed, worth another try at once


class Office:
    """Papers on one pile; everybody takes the next that refers to nothing still on the pile, and puts back what was refused."""

    def __init__(self, books, order):
        self.books, self.pile, self.entered, self.failures = books, list(order), [], []
        self.lock, self.hands, self.done, self.refused = threading.Lock(), 0, threading.Event(), {}

    def next(self):
        """Return a paper and how many are entered by now; None when there is nothing to try, for good when nobody else tries either."""
        with self.lock:
            known = {one.name for one in self.entered}
            for number, paper in enumerate(self.pile):
                if paper.needs <= known and self.refused.get(paper.name) != len(known):
                    self.hands += 1
                    return self.pile.pop(number), len(known)
            if not self.hands:
                self.done.set()
        return None

    def put(self, paper, *, entered):
        with self.lock:
            self.hands -= 1
            (self.entered if entered else self.pile).append(paper)

    def person(self):
        while not self.done.is_set():
            taken = self.next()
            if taken is None:
                time.sleep(0.005)
                continue
            paper, known = taken
            try:
                with self.books.work() as work:
                    self.books.enter(work, paper)
            except Exception as error:  # noqa: BLE001 - told by the test
                code = getattr(error, "code", "")
                if code in SHORT:
                    self.refused[paper.name] = known
                elif code not in BUSY:
                    self.fail(paper.name, error)
                self.put(paper, entered=False)
            else:
                self.put(paper, entered=True)

    def worker(self):
        while not self.done.is_set():
            try:
                self.books.settle()
            except Exception as error:  # noqa: BLE001 - told by the test
                if getattr(error, "code", "") not in BUSY:
                    self.fail("worker", error)
            time.sleep(0.005)

    def fail(self, who, error):
        self.failures.append(f"{who}: {error!r}")
        self.done.set()

    def open(self):
        threads = [threading.Thread(target=self.person) for _ in range(PEOPLE)] + [threading.Thread(target=self.worker) for _ in range(WORKERS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1006))
def test_a_month_entered_by_many_at_once_ends_as_if_entered_by_one(database, seed):
    papers = Month(seed).papers
    books = Books(next(tenants), papers)
    office = Office(books, accepted_order(papers, random.Random(seed), late=0.2))
    office.open()
    assert office.failures == []
    books.settle()
    assert len(office.entered) > len(papers) // 2, f"only {len(office.entered)} of {len(papers)} were taken"
    assert difference(books.picture(), truth(office.entered)) == ""
    sound(books)


def test_who_waits_for_a_lock_does_not_take_what_arrives_meanwhile_as_if_it_had_been_there(database, admin_url):
    """The first goods of a queue make its row; a posting that began before that could not lock it, and must not see the goods either."""
    unit, day = 10_000, 24 * 60
    steel = Paper("GR-1", "GR-1", day, (Line("TUBE", "SUPPLIER", "WH", 10 * unit, value=1_000),))
    parts = Paper("GR-2", "GR-2", day + 1, (Line("SF", "SUPPLIER", "WH", unit, value=50),))
    sent = Paper("SEND-1", "SEND-1", 2 * day, (Line("TUBE", "WH", "VENDOR", 6 * unit),))
    bill = Paper("BILL-1", "BILL-1", 5 * day, amounts=((("GR-1", 1), 600, "2-1110"),), needs=frozenset({"GR-1"}))
    used, made = Line("TUBE", "VENDOR", "PRODUCTION", 2 * unit, transform=True), Line("SF", "PRODUCTION", "WH", unit, transform=True, weight=unit)
    handed_in = Paper("SETOR-1", "SETOR-1", 3 * day, (used, made), lines=(("5-1300", -70),), added=70)
    books = Books(next(tenants), [steel, parts, sent, bill, handed_in])
    for one in (steel, parts):
        books.take(one)
    with psycopg.connect(admin_url) as holder, psycopg.connect(admin_url, autocommit=True) as watch, ThreadPoolExecutor(2) as people:
        holder.execute("SELECT 1 FROM stock_balance WHERE tenant_id = %s AND item_id = %s FOR UPDATE", (books.tenant, books.items["SF"]))
        first = people.submit(books.take, handed_in)
        waiting(watch, 1)
        others = people.submit(lambda: [books.take(one) for one in (sent, bill)])
        waiting(watch, 2, others)
        holder.rollback()
        others.result()
        if isinstance(first.exception(), Refused):  # nothing was there yet: now it is
            books.take(handed_in)
    books.settle()
    assert difference(books.picture(), truth([steel, parts, sent, bill, handed_in])) == ""
    sound(books)


def waiting(watch, people, done=None):
    """Return when so many wait for a lock in this database, or when that is not needed any more."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    end = time.monotonic() + 20
    while watch.execute(asked).fetchone()[0] < people and not (done and done.done()):
        assert time.monotonic() < end, f"nobody waits: {people} should"
        time.sleep(0.01)
