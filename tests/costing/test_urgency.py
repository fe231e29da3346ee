"""What people want first is done first, whichever item the worker was woken for."""

import itertools

import pytest

from erp_app.costing import again
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books
from workers.costing import replay

tenants = itertools.count(9_900)
RECEIVE = {"source": "supplier", "target": "north", "quantity": 100, "value": 1_000}


@pytest.fixture
def books(database):
    books = Books(database, next(tenants), {"steel": "raw", "part": "finished"})
    for item in ("steel", "part"):
        books.post(books.document(f"GR-{item}"), 100, [{**RECEIVE, "item": item}])
        books.post(books.document(f"ADJ-{item}"), 400, [{"item": item, "source": "north", "target": "adjustment", "quantity": 30}])
        assert books.post(books.document(f"late-{item}"), 50, [{**RECEIVE, "item": item, "value": 7}]).pending
    return books


def done(books):
    with unit_of_work(books.actor) as work:
        return [row["item_id"] for row in work.rows("SELECT item_id FROM hpp_queue WHERE state = 'done' ORDER BY done_at")]


def test_an_urgent_item_is_settled_before_the_one_that_was_asked_for(books):
    steel, part = books.items["steel"], books.items["part"]
    with unit_of_work(books.actor) as work:
        again.hurry(work, "hpp_queue", part)
    replay(books.actor, str(steel))
    assert done(books) == [part, steel]


def test_without_urgency_only_the_item_asked_for_is_settled(books):
    replay(books.actor, str(books.items["steel"]))
    assert done(books) == [books.items["steel"]]
    with unit_of_work(books.actor) as work, pytest.raises(NotFound):
        again.hurry(work, "hpp_queue", books.items["steel"])
