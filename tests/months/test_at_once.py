"""Months entered by eight people at once, late and in order, with two costing workers: whatever order comes about, the books end the same."""

from __future__ import annotations

import random
import threading
import time

import pytest

from tests.months.books import Books
from tests.months.draw import Month, accepted_order
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
