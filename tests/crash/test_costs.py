"""Late documents while everything around the costing worker is killed: the costs are those of an undisturbed ledger, to the unit."""

from __future__ import annotations

import itertools

import pytest

from erp_app.kernel.uow import unit_of_work
from erp_app.reports.integrity import prove
from tests.costing.test_crash import late_story
from tests.crash.system import DATABASE

pytestmark = [pytest.mark.crash, pytest.mark.slow]

POINTS = ("hpp_begun", "hpp_replaying", "hpp_writing", "hpp_written", "hpp_settled", "job_before", "job_after_effect", "job_after_commit")
KILLS = 10


def test_late_documents_are_settled_exactly_once(system):
    worker = system.parts["worker"]
    stories = []
    for n, point in zip(range(KILLS), itertools.cycle(POINTS), strict=False):
        armed = worker.arm(point)
        stories.append(late_story(system.postgres.url_for(DATABASE), n))
        system.wait(lambda armed=armed: not armed.exists(), 20.0, f"{armed.name} in the worker")
        if n % 3 == 2:
            system.parts["relay"].kill9()
    system.wait(system.settled, 90.0, "the end of the backlog")
    assert worker.deaths == KILLS
    for tale, ledger in stories:
        assert tale.books.picture() == tale.picture(ledger)
        assert tale.books.audit() == []
        with unit_of_work(tale.books.actor, dry_run=True) as work:
            assert [one for one in prove(work)["checks"] if one["violations"]] == []
