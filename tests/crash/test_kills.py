"""Processes are killed with SIGKILL where it hurts most: each event has its effect once, and nothing is left undone."""

from __future__ import annotations

import itertools

import pytest

from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.crash.system import System
from tests.work import ledger
from workers import queues

pytestmark = [pytest.mark.crash, pytest.mark.slow]

KILLS = 10
BACKLOG_SECONDS = 90.0
tenants = itertools.count(100)


def prove(system: System, tenant: int, events: int) -> None:
    """Everything is done in time, each effect exactly once, and the audit chain is whole."""
    system.wait(system.settled, BACKLOG_SECONDS, "the end of the backlog")
    assert ledger.books(tenant) == {"events": events, "effects": events, "wrong": 0, "debts": 0, "unsent": 0}
    with unit_of_work(system_actor(tenant)) as work:
        assert work.value("SELECT sum(total) FROM test_sum") == events
    system.wait(lambda: system.unsealed() == 0, 30.0, "the sealing of the audit chain")
    with unit_of_work(system_actor(tenant)) as work:
        assert work.row("SELECT * FROM audit_verify(%s)", (tenant,)) is None


def happen(tenant: int, count: int) -> int:
    """Store events and audit rows; return how many events."""
    for n in range(count):
        with unit_of_work(system_actor(tenant)) as work:
            work.audit("test.happened", resource="tests", record_id=n)
            work.emit("test.happened", {"item": str(n % 3)}, topics=["stock"])
    return count


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("worker", ("job_before", "job_after_effect", "job_after_commit")),
        ("relay", ("relay_after_claim", "relay_after_publish", "relay_before_commit", "relay_after_commit", "relay_after_enqueue")),
    ],
)
def test_a_part_killed_at_its_worst_moments(system, name, points):
    tenant, events = next(tenants), 0
    part = system.parts[name]
    before = part.deaths
    for n in range(KILLS):
        armed = part.arm(points[n % len(points)])
        events += happen(tenant, 3)
        system.wait(lambda armed=armed: not armed.exists(), 20.0, f"{armed.name} in {name}")
        system.wait(lambda part=part, wanted=before + n + 1: part.deaths >= wanted, 5.0, f"the death of {name}")
    prove(system, tenant, events)
    assert part.deaths - before == KILLS


def test_the_message_server_is_killed_and_started_again(system):
    tenant, events = next(tenants), 0
    for _ in range(KILLS):
        events += happen(tenant, 3)
        system.valkey.kill9()
        events += happen(tenant, 2)
        system.valkey.launch()
        system.valkey.wait()
    prove(system, tenant, events)


def test_the_message_server_forgets_everything(system):
    tenant, events = next(tenants), 0
    for _ in range(KILLS):
        events += happen(tenant, 5)
        bus.client().flushall()
        queues.connection().flushall()
    prove(system, tenant, events)
