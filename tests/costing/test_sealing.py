"""Runs of sealing: one for a locked month and one a week, resumed where they stopped; what is entered before a checkpoint supersedes it."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from erp_app.costing import sealing
from erp_app.costing.checkpoint import verify
from erp_app.kernel.delivery import Event
from erp_app.kernel.errors import Refused
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books
from tests.costing.telling import Telling
from workers import checkpoint as worker
from workers import schedule

tenants = itertools.count(9_500)
RECEIVE = {"item": "steel", "source": "supplier", "target": "north", "quantity": 100, "value": 1_000}
ISSUE = {"item": "steel", "source": "north", "target": "adjustment", "quantity": 30}


def at(month, day):
    return datetime(2026, month, day, 3, tzinfo=UTC)


@pytest.fixture
def books(database):
    books = Books(database, next(tenants), {"steel": "raw", "part": "finished"})
    books.post(books.document("GR-1"), at(1, 5), [RECEIVE, {**RECEIVE, "item": "part"}])
    books.post(books.document("ADJ-1"), at(1, 20), [ISSUE])
    books.post(books.document("ADJ-2"), at(2, 20), [ISSUE])
    return books


def checkpoints(books):
    with unit_of_work(books.actor) as work:
        return [(row["item_id"], row["at"], row["reason"]) for row in work.rows("SELECT item_id, at, reason FROM cost_checkpoint ORDER BY item_id, at, id")]


def findings(books):
    with unit_of_work(books.actor) as work:
        return [one for item in books.items.values() for one in verify(work, item)]


def lock_month(books, code, last_day):
    with unit_of_work(books.actor) as work:
        work.run("UPDATE accounting_period SET state = 'locked' WHERE code = %s", (code,))
        event = Event(books.tenant, 1, "period.locked", {"period": code, "last_day": last_day.isoformat()}, "")
        worker.ask(work, event)


def run(books):
    with unit_of_work(books.actor) as work:
        return sealing.runs(work)[0]


END_OF_JANUARY = datetime(2026, 1, 31, 16, 59, 59, 999_999, tzinfo=UTC)  # midnight in Jakarta


def test_a_locked_month_is_sealed_item_by_item_with_progress(books):
    lock_month(books, "2026-01", date(2026, 1, 31))
    assert (run(books)["state"], run(books)["label"], run(books)["percent"]) == ("waiting", "2026-01", 0)
    with unit_of_work(books.actor) as work:
        found, items = sealing.begin(work)
    assert len(items) == 2
    with unit_of_work(books.actor) as work:
        sealing.seal_one(work, found, items[0])
    assert (run(books)["state"], run(books)["done"], run(books)["percent"]) == ("running", 1, 50)
    worker.seal(books.actor, "*")
    assert (run(books)["state"], run(books)["items"], run(books)["done"], run(books)["sealed"]) == ("done", 2, 2, 2)
    assert checkpoints(books) == [(item, END_OF_JANUARY, "period") for item in sorted(books.items.values())]
    assert findings(books) == []


def test_a_run_is_asked_for_once_a_week_and_only_what_moved_is_sealed(books):
    assert schedule.ask_for_checkpoints(books.tenant) == 1
    assert schedule.ask_for_checkpoints(books.tenant) == 0
    worker.seal(books.actor, "*")
    first = checkpoints(books)
    assert {item for item, *_ in first} == set(books.items.values())
    assert all(moment < datetime.now(UTC) - timedelta(days=1) for _, moment, _ in first)
    with unit_of_work(books.actor) as work:
        sealing._ask(work, first[0][1] - timedelta(days=200), "schedule", "")
    worker.seal(books.actor, "*")
    assert findings(books) == []


def test_what_comes_in_order_but_before_a_checkpoint_seals_it_anew_beside_the_old_one(books):
    lock_month(books, "2026-03", date(2026, 3, 31))
    worker.seal(books.actor, "*")
    before = checkpoints(books)
    for number, move in enumerate((RECEIVE, {**RECEIVE, "target": "south"})):  # the second is the item's first movement at that place
        posted = books.post(books.document(f"GR-{number + 2}"), at(3, 10 + number), [move])
        assert not posted.pending
        assert {one.kind for one in findings(books)} == {"stale"}
        Telling(books).settle()
        assert findings(books) == []
    assert len(checkpoints(books)) == len(before) + 2
    assert set(before) <= set(checkpoints(books))


def test_before_a_locked_checkpoint_nothing_is_posted_and_the_first_open_date_is_told(books):
    lock_month(books, "2026-02", date(2026, 2, 28))
    worker.seal(books.actor, "*")
    for month, target in ((2, "north"), (1, "north"), (1, "south")):
        with pytest.raises(Refused, match="The first open date is 1 Mar 2026") as refusal:
            books.post(books.document(f"GR-{month}-{target}"), at(month, 28), [{**RECEIVE, "target": target}])
        assert (refusal.value.code, refusal.value.data["first_open"]) == ("ERP-1203", "2026-03-01")
    assert not books.post(books.document("GR-3"), at(3, 1), [RECEIVE]).pending
    assert findings(books) == []


def test_an_item_whose_costs_wait_is_settled_first(books):
    assert books.post(books.document("GR-0"), at(1, 3), [{**RECEIVE, "value": 7}]).pending
    with unit_of_work(books.actor) as work:
        sealing.ask_for_month(work, date(2026, 1, 31), "2026-01")
    worker.seal(books.actor, "*")
    assert (run(books)["sealed"], run(books)["error"]) == (2, None)
    assert findings(books) == []
    with unit_of_work(books.actor) as work:
        assert work.value("SELECT count(*) FROM hpp_queue WHERE state <> 'done'") == 0
        assert work.value("SELECT max(p.id) FROM cost_piece p") < work.value("SELECT min(last_piece_id) FROM cost_checkpoint")
