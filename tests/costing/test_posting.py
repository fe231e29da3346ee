"""The posting function and the costing worker against the engine: the same pieces, layers and balances, whatever is entered when."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from erp_app.kernel.errors import Refused
from tests.costing.books import Books
from tests.costing.months import Story, steps
from tests.costing.telling import Telling

tenants = itertools.count(7_000)
IN_DATABASE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])


def told(plan, *, in_order):
    story = Story(distinct=True, early=False)
    for position, step in enumerate(sorted(plan, key=lambda one: one["at"]) if in_order else plan):
        story.tell(step, position)
    entries = story.accepted
    if in_order:
        entries = sorted(entries, key=lambda one: one.revaluation.at if one.revaluation else one.moves[0].at)
    return story, entries


@pytest.fixture
def telling(database):
    return lambda: Telling(Books(database, next(tenants), {"steel": "raw", "part": "finished"}))


@IN_DATABASE
@given(plan=steps)
def test_documents_posted_in_order_need_no_worker_and_give_the_pieces_of_the_engine(telling, plan):
    story, entries = told(plan, in_order=True)
    tale = telling()
    for entry in entries:
        assert not tale.post(entry).pending
    assert tale.books.picture() == tale.picture(story.ledger)
    assert tale.books.audit() == []


@IN_DATABASE
@given(plan=steps, often=st.integers(1, 12))
def test_late_documents_settled_by_the_worker_are_a_replay_of_everything(telling, plan, often):
    story, _ = told(plan, in_order=False)
    tale = telling()
    for number, entry in enumerate(story.heard):
        if entry in story.refused:
            with pytest.raises(Refused):
                tale.post(entry)
        else:
            tale.post(entry)
        if number % often == 0:
            tale.settle()
    tale.settle()
    assert tale.books.picture() == tale.picture(story.ledger)
    assert tale.books.audit() == []
