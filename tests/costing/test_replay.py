"""The engine against the simplest model: any documents, in any order of entry, to the last unit of money."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_app.costing.movement import ShortError
from erp_app.costing.replay import Replay
from tests import model
from tests.costing.ledger import Ledger
from tests.costing.months import Story, steps

EXAMPLES = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def modelled(entries):
    moves = [move for entry in entries for move in entry.moves]
    return model.outcome(moves, [e.transform for e in entries if e.transform], [e.revaluation for e in entries if e.revaluation])


def told(plan, **how):
    story = Story(**how)
    for position, step in enumerate(plan):
        story.tell(step, position)
    return story


@EXAMPLES
@given(steps)
def test_entering_documents_late_or_in_order_ends_as_the_model_says(plan):
    story = told(plan)
    assert story.ledger.picture() == modelled(story.accepted)


@EXAMPLES
@given(steps)
def test_what_the_engine_refuses_the_model_refuses(plan):
    story = told(plan)
    for refused in story.refused:
        later = [entry for entry in story.accepted if entry.document < refused.document]
        try:
            modelled([*later, refused])
        except model.ShortError:
            continue
        raise AssertionError(refused)


@EXAMPLES
@given(steps)
def test_replaying_a_part_from_any_moment_is_replaying_all(plan):
    story = told(plan)
    ledger = story.ledger
    full = Ledger()
    moves = sorted(ledger.moves.values(), key=lambda one: (one.at, one.id))
    full.moves = ledger.moves
    full.append(Replay((), ledger.transforms).run(moves, ledger.revaluations), 0)
    assert full.picture() == ledger.picture()


@EXAMPLES
@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_entry_does_not_matter(plan, chance: random.Random):
    story = told(plan, distinct=True)
    waiting, other = list(story.accepted), Ledger()
    while waiting:
        chance.shuffle(waiting)
        still = [entry for entry in waiting if not _entered(other, entry)]
        if len(still) == len(waiting):
            still = sorted(waiting, key=lambda one: one.document)
            return
        waiting = still
    assert other.picture() == story.ledger.picture()


def _entered(ledger, entry):
    if entry.revaluation and any(move not in ledger.moves for move, _ in entry.revaluation.amounts):
        return False
    try:
        ledger.enter(entry)
    except ShortError:
        return False
    return True
