"""The connection of a replay is cut at random moments: what it was doing is whole or not there, and the next one ends it."""

from __future__ import annotations

import random
import threading

import psycopg
import pytest

from erp_app.costing.settle import settle
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from tests.costing.test_crash import late_story

pytestmark = [pytest.mark.crash]

CUTS = 20
LONGEST = 0.06  # seconds; a whole replay of the story takes about as long


def cut(database, backend):
    with psycopg.connect(database) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (backend,))


def settle_until_cut(database, tale, seconds):
    """Settle; the back end is ended after some time. Return whether it was in time."""
    try:
        with unit_of_work(tale.books.actor) as work:
            knife = threading.Timer(seconds, cut, (database, work.conn.info.backend_pid))
            knife.start()
            settle(work, tale.books.items["steel"])
            knife.cancel()
    except ErpError:
        return True
    finally:
        knife.join()
    return False


def test_a_replay_cut_at_random_moments_is_whole_or_not_there(database):
    dice, cuts, number = random.Random(11), 0, 0
    while cuts < CUTS:
        tale, ledger = late_story(database, number % 8)
        number += 1
        before, wanted = tale.books.picture(), tale.picture(ledger)
        while settle_until_cut(database, tale, dice.uniform(0, LONGEST)):
            cuts += 1
            assert tale.books.picture() in (before, wanted)
        assert tale.books.picture() == wanted
        assert tale.books.audit() == []
    assert cuts >= CUTS
