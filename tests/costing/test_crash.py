"""The costing worker is killed at its worst moments: what it was doing is whole or not there, and the next one ends it."""

import itertools
import os
import signal
import subprocess
import sys

import pytest

from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books
from tests.costing.months import Story
from tests.costing.telling import Telling

POINTS = ("hpp_begun", "hpp_replaying", "hpp_writing", "hpp_written", "hpp_settled")
WORK = "import sys; from erp_app.kernel.actor import system_actor; from workers.costing import replay; replay(system_actor(int(sys.argv[1])), sys.argv[2])"
tenants = itertools.count(8_000)
BASE = {"item": "steel", "place": ("north", 0), "ref": 1, "keep": True, "quantity": 4_000, "value": 700_001}


def late_story(database, number):
    """Return a tale in which one receipt came late, and the pure ledger it must end as."""
    days = [("receive", 0), ("transfer", 20), ("make", 22), ("ship", 24), ("receive", 40), ("scrap", 44), ("make", 46), ("receive", 7 + number % 8)]
    story = Story(distinct=True)
    for position, (kind, day) in enumerate(days):
        received = kind == "receive"
        step = {**BASE, "kind": kind, "at": day * 4 if received else day, "quantity": 4_000 + number if received else 997, "keep": kind != "make"}
        assert story.tell(step, position)
    tale = Telling(Books(database, next(tenants), {"steel": "raw", "part": "finished"}))
    answers = [tale.post(entry) for entry in story.accepted]
    assert answers[-1].pending
    return tale, story.ledger


def worker(tale, faults):
    environment = {**os.environ, "ERP_FAULTS": str(faults)}
    return subprocess.run([sys.executable, "-c", WORK, str(tale.books.tenant), str(tale.books.items["steel"])], env=environment, check=False).returncode


def states(tale):
    with unit_of_work(tale.books.actor) as work:
        return {row["state"] for row in work.rows("SELECT state FROM hpp_queue")}


@pytest.mark.crash
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("number", range(4))
def test_a_killed_worker_leaves_nothing_half_done(database, tmp_path, point, number):
    tale, ledger = late_story(database, number)
    before = tale.books.picture()
    (tmp_path / point).touch()
    assert worker(tale, tmp_path) == -signal.SIGKILL
    committed = point == "hpp_settled"
    assert tale.books.picture() == (tale.picture(ledger) if committed else before)
    assert states(tale) == ({"done"} if committed else {"running"})
    assert worker(tale, tmp_path) == 0
    assert tale.books.picture() == tale.picture(ledger)
    assert states(tale) == {"done"}
