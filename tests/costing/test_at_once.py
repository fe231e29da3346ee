"""Postings in order and late, landed costs and the costing worker, all at once on the same items: nothing deadlocks, and the costs are exact."""

import itertools
import random
import threading

from erp_app.costing import repo_queue
from erp_app.costing.settle import settle
from erp_app.costing.shadow import compare
from erp_app.kernel.errors import ErpError, Refused
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books

CLIENTS, POSTINGS = 6, 40
tenants = itertools.count(3_000)


class Client(threading.Thread):
    """Posts receipts, issues, transfers, deliveries and landed costs at random times, often late."""

    def __init__(self, books, number, days):
        super().__init__()
        self.books, self.number, self.days = books, number, days
        self.dice, self.failures, self.posted, self.received = random.Random(number), [], 0, []

    def run(self):
        for count in range(POSTINGS):
            document = self.books.document(f"D-{self.number}-{count}")
            at = next(self.days) if self.dice.random() < 0.6 else self.dice.randint(1, 2_000)
            try:
                self.post(document, at)
                self.posted += 1
            except Refused:
                continue
            except ErpError as error:
                self.failures.append(error)

    def post(self, document, at):
        if self.received and self.dice.random() < 0.1:
            move, came = self.dice.choice(self.received)
            self.books.post(document, max(at, came), revaluations=[(move, self.dice.randint(-50, 900), "2-1130")])
            return
        move = self.move(document)
        posted = self.books.post(document, at, [move])
        if move["source"] == "supplier":
            self.received.append((posted.moves[0].move_id, at))

    def move(self, document):
        item = self.dice.choice(("steel", "part"))
        quantity = self.dice.randint(1, 900)
        places = self.dice.choice(
            (("supplier", "north"), ("supplier", "south"), ("north", "south"), ("south", "north"), ("north", ("transit", document)), ("south", "adjustment")),
        )
        row = {"item": item, "source": places[0], "target": places[1], "quantity": quantity, "keep_origin": places[0] != "supplier"}
        return {**row, "quantity": quantity * 3, "value": quantity * 701} if places[0] == "supplier" else row


def work_off(books, done, failures):
    while True:
        last = done.is_set()
        try:
            with unit_of_work(books.actor) as work:
                item = repo_queue.next_item(work)
                if item is not None:
                    settle(work, item)
        except ErpError as error:
            failures.append(error)
        if item is None and last:
            return


def test_postings_and_replays_at_once_end_exact(database):
    books = Books(database, next(tenants), {"steel": "raw", "part": "finished"})
    days, done, failures = itertools.count(2_001), threading.Event(), []
    clients = [Client(books, number, days) for number in range(CLIENTS)]
    worker = threading.Thread(target=work_off, args=(books, done, failures))
    worker.start()
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    done.set()
    worker.join()
    assert [error for one in clients for error in one.failures] == []
    assert failures == []
    assert sum(one.posted for one in clients) > CLIENTS * POSTINGS // 2
    with unit_of_work(books.actor, dry_run=True) as work:
        assert compare(work, list(books.items.values())).different == 0
    assert books.audit() == []
