"""Checkpoints hold through everything that is entered late, and show every change that did not come through the ledger."""

import itertools

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from erp_app.costing.checkpoint import seal, verify
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books, moment
from tests.costing.months import steps
from tests.costing.telling import Telling
from tests.costing.test_posting import told

tenants = itertools.count(6_000)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])


@pytest.fixture
def telling(database):
    return lambda: Telling(Books(database, next(tenants), {"steel": "raw", "part": "finished"}))


def seal_both(tale, day):
    for item in tale.books.items.values():
        with unit_of_work(tale.books.actor) as work:
            seal(work, item, moment(day * 100 + 99))


def findings(tale):
    found = []
    for item in tale.books.items.values():
        with unit_of_work(tale.books.actor) as work:
            found += verify(work, item)
    return found


@FEW
@given(plan=steps, days=st.lists(st.tuples(st.integers(0, 29), st.integers(5, 60)), min_size=2, max_size=5))
def test_a_replay_from_any_checkpoint_gives_the_next_one_whatever_came_late(telling, plan, days):
    story, _ = told(plan, in_order=False)
    tale = telling()
    for number, entry in enumerate(story.accepted):
        tale.post(entry)
        for when, day in days:
            if when == number:
                tale.settle()
                seal_both(tale, day)
    tale.settle()
    assert findings(tale) == []


def test_a_changed_layer_a_changed_seal_and_an_earlier_entry_are_found(telling, database):
    tale = telling()
    books = tale.books
    receive = {"item": "steel", "source": "supplier", "target": "north", "quantity": 100, "value": 1_000}
    books.post(books.document("GR-1"), 100, [receive])
    books.post(books.document("ADJ-1"), 400, [{"item": "steel", "source": "north", "target": "adjustment", "quantity": 30}])
    for day in (3, 6):
        seal_both(tale, day)
    assert findings(tale) == []
    books.post(books.document("GR-2"), 500, [{**receive, "value": 7}])
    assert [(one.at, one.kind) for one in findings(tale)] == [(moment(699), "stale")]
    tale.settle()
    assert findings(tale) == []
    with psycopg.connect(database) as admin:
        admin.execute("UPDATE cost_layer SET taken = taken + 1 WHERE tenant_id = %s", (books.tenant,))
    assert "different" in {one.kind for one in findings(tale)}
    with psycopg.connect(database) as admin:
        admin.execute("UPDATE cost_layer SET taken = taken - 1 WHERE tenant_id = %s", (books.tenant,))
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE cost_checkpoint SET layers = set_byte(layers, 87, 9) WHERE tenant_id = %s AND length(layers) > 87", (books.tenant,))
    assert "broken" in {one.kind for one in findings(tale)}
