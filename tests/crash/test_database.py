"""PostgreSQL is killed under load: what was acknowledged is there, what was not is whole or absent, and its effects happen once."""

from __future__ import annotations

import threading

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from tests.crash.test_kills import prove
from tests.work import ledger

pytestmark = [pytest.mark.crash, pytest.mark.slow]

KILLS = 10
WRITERS = 3


class Writer(threading.Thread):
    """Stores numbered events as fast as it may and remembers which were acknowledged; a refusal is simply tried again later."""

    def __init__(self, tenant: int, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.tenant, self.number, self.stop = tenant, number, stop
        self.tried = 0
        self.acknowledged: set[str] = set()

    def run(self) -> None:
        while not self.stop.is_set():
            self.tried += 1
            name = f"{self.number}-{self.tried}"
            try:
                with unit_of_work(system_actor(self.tenant)) as work:
                    work.emit("test.happened", {"item": str(self.number), "name": name}, topics=["stock"])
                    work.audit("test.happened", resource="tests", after={"name": name})
                self.acknowledged.add(name)
            except ErpError:
                self.stop.wait(0.1)
            self.stop.wait(0.03)


def revive(system) -> None:
    """Start the server again as the supervisor does: until the back ends of the dead one are gone, it may refuse."""
    for _ in range(40):
        try:
            system.postgres.launch()
            system.postgres.wait()
        except ServerError:
            continue
        return
    raise AssertionError(system.story())


def test_the_database_is_killed_under_load(system):
    tenant, stop = 300, threading.Event()
    writers = [Writer(tenant, n, stop) for n in range(WRITERS)]
    for one in writers:
        one.start()
    try:
        for _ in range(KILLS):
            before = sum(len(one.acknowledged) for one in writers)
            system.wait(lambda before=before: sum(len(one.acknowledged) for one in writers) >= before + 5, 30.0, "new acknowledgements")
            system.postgres.kill9()
            revive(system)
    finally:
        stop.set()
        for one in writers:
            one.join()
    with unit_of_work(system_actor(tenant)) as work:
        stored = {row["name"] for row in work.rows("SELECT payload->>'name' AS name FROM outbox WHERE name = 'test.happened'")}
        audited = work.value("SELECT count(*) FROM audit_event")
    acknowledged = set().union(*(one.acknowledged for one in writers))
    assert acknowledged <= stored
    assert len(stored - acknowledged) <= KILLS * WRITERS  # at most what was in flight when the server died
    assert audited == len(stored)
    prove(system, tenant, len(stored))
    assert ledger.books(tenant)["wrong"] == 0
