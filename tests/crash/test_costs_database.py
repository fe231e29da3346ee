"""PostgreSQL is killed in the middle of replays: nothing half-applied, and the next replay ends as if nothing had happened."""

from __future__ import annotations

import os
import signal

import pytest

from erp_app.costing.settle import settle
from erp_app.kernel import db
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from erp_app.reports.integrity import prove
from tests.costing.test_crash import late_story
from tests.crash.system import DATABASE
from tests.crash.test_database import revive

pytestmark = [pytest.mark.crash, pytest.mark.slow]

KILLS = 10


def settle_and_die(system, tale, phase):
    """Settle, with the server killed at a phase of the replay.

    A back end of a killed server may live on until it has nothing to do, and commit: it is killed too, as in a power cut.
    """

    def tell(reached, _moves):
        if reached == phase:
            backend = work.conn.info.backend_pid
            system.postgres.kill9()
            os.kill(backend, signal.SIGKILL)

    with pytest.raises(ErpError), unit_of_work(tale.books.actor) as work:
        settle(work, tale.books.items["steel"], tell)
    revive(system)
    db.close_pools()


@pytest.mark.timeout(300)
def test_the_database_is_killed_in_the_middle_of_replays(system):
    system.parts["worker"].kill9()
    for number in range(KILLS // 2):
        tale, ledger = late_story(system.postgres.url_for(DATABASE), number)
        before = tale.books.picture()
        for phase in ("replaying", "writing"):
            settle_and_die(system, tale, phase)
            assert tale.books.picture() == before
        tale.settle()
        assert tale.books.picture() == tale.picture(ledger)
        assert tale.books.audit() == []
        with unit_of_work(tale.books.actor, dry_run=True) as work:
            assert [one for one in prove(work)["checks"] if one["violations"]] == []
