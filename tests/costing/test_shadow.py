"""A replay on a shadow copy finds nothing where the ledger is right, and the first moment where it is not."""

import itertools

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from erp_app.costing import repo_shadow
from erp_app.costing.shadow import compare
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books, moment
from tests.costing.months import steps
from tests.costing.telling import Telling
from tests.costing.test_posting import told

tenants = itertools.count(4_000)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])


@pytest.fixture
def telling(database):
    return lambda: Telling(Books(database, next(tenants), {"steel": "raw", "part": "finished"}))


def compared(books, *items):
    with unit_of_work(books.actor, dry_run=True) as work:
        return compare(work, [books.items[item] for item in items])


@FEW
@given(plan=steps)
def test_the_shadow_of_any_ledger_is_the_ledger(telling, plan):
    _, entries = told(plan, in_order=False)
    tale = telling()
    for entry in entries:
        tale.post(entry)
    tale.settle()
    assert compared(tale.books, "steel", "part").different == 0


def test_the_first_movement_that_differs_is_named(telling, database):
    books = telling().books
    receive = {"item": "steel", "source": "supplier", "target": "north", "quantity": 100, "value": 1_001}
    books.post(books.document("GR-1"), 100, [receive])
    for number in range(5):
        books.post(books.document(f"ADJ-{number}"), 200 + number, [{"item": "steel", "source": "north", "target": "adjustment", "quantity": 7}])
    with unit_of_work(books.actor) as work:
        assert repo_shadow.movements(work, books.items["steel"]) is not None
    assert compared(books, "steel") == compared(books, "steel", "part")
    assert (compared(books, "steel").movements, compared(books, "steel").different) == (6, 0)
    with psycopg.connect(database) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE cost_piece SET value = value + 1 WHERE tenant_id = %s AND move_id IN (SELECT id FROM stock_move WHERE effective_at = %s)",
            (books.tenant, moment(203)),
        )
    assert (compared(books, "steel").different, compared(books, "steel").first) == (1, moment(203))


def test_an_item_that_was_moved_on_is_not_plain(telling):
    books = telling().books
    books.post(books.document("GR-1"), 1, [{"item": "steel", "source": "supplier", "target": "north", "quantity": 9, "value": 9}])
    books.post(books.document("TR-1"), 2, [{"item": "steel", "source": "north", "target": "south", "quantity": 9, "keep_origin": True}])
    with unit_of_work(books.actor) as work:
        assert repo_shadow.movements(work, books.items["steel"]) is None
