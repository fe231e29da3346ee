"""A consumer whose effect can be counted: one row in a table of the test for each event, and a sum for each key."""

from __future__ import annotations

import time

import psycopg
from psycopg.types.json import Jsonb

from erp_app.kernel import sqlfiles
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from workers.registry import Consumer

CONSUMERS = (
    Consumer("test.row", ("test.happened",), "tests.work.ledger:add_row"),
    Consumer("test.sum", ("test.happened",), "tests.work.ledger:add_up", queue="hpp", key="item"),
    Consumer("test.poison", ("test.poison",), "tests.work.ledger:fail"),
)


def make_tables(admin_url: str) -> None:
    """Create the tables of the test as the owner would, walls included."""
    with psycopg.connect(admin_url) as conn:
        conn.execute("SET ROLE erp_owner")
        conn.execute(
            "CREATE TABLE test_effect (tenant_id bigint, id bigint GENERATED ALWAYS AS IDENTITY, event_id bigint, PRIMARY KEY (tenant_id, id))"
        )
        conn.execute("CREATE TABLE test_sum (tenant_id bigint, item text, total bigint, runs bigint, PRIMARY KEY (tenant_id, item))")
        conn.execute((sqlfiles.FOLDER / "90_guards.sql").read_text())
        conn.execute((sqlfiles.FOLDER / "95_relay.sql").read_text())


def add_row(work, event):
    """The effect that must happen once: a second row of an event is a double posting."""
    work.run("INSERT INTO test_effect (tenant_id, event_id) VALUES (%s, %s)", (event.tenant_id, event.id))
    time.sleep(float(event.payload.get("seconds", 0)))


def add_up(actor, key):
    """The effect of a key: all rows so far, derived anew from the truth each time."""
    with unit_of_work(actor) as work:
        work.run(
            "INSERT INTO test_sum (tenant_id, item, total, runs) SELECT %(t)s, %(k)s, count(*), 1 FROM outbox"
            " WHERE tenant_id = %(t)s AND name = 'test.happened' AND payload->>'item' = %(k)s"
            " ON CONFLICT (tenant_id, item) DO UPDATE SET total = excluded.total, runs = test_sum.runs + 1",
            {"t": actor.tenant_id, "k": key},
        )


def fail(work, event):
    """Something nobody can handle."""
    raise RuntimeError("nobody can handle this")


def happen(tenant_id, count=1, item="1", **payload):
    """Store events, each in its own transaction; return how many were acknowledged."""
    for _ in range(count):
        with unit_of_work(system_actor(tenant_id)) as work:
            work.emit("test.happened", {"item": item, **payload}, topics=["stock"])
    return count


def happen_at_once(tenant_id, count, item="1"):
    """Store many events in one transaction."""
    with unit_of_work(system_actor(tenant_id)) as work:
        work.run(
            "INSERT INTO outbox (tenant_id, name, payload, topics) SELECT %s, 'test.happened', %s, '{stock}' FROM generate_series(1, %s)",
            (tenant_id, Jsonb({"item": item}), count),
        )


def books(tenant_id):
    """Return what a tenant's books say: events, rows, events with a number of rows other than one, debts left, unsent."""
    with unit_of_work(system_actor(tenant_id)) as work:
        found = work.row(
            "SELECT (SELECT count(*) FROM outbox WHERE name = 'test.happened') AS events, (SELECT count(*) FROM test_effect) AS effects,"
            " (SELECT count(*) FROM (SELECT o.id FROM outbox o LEFT JOIN test_effect e ON e.tenant_id = o.tenant_id AND e.event_id = o.id"
            "    WHERE o.name = 'test.happened' GROUP BY o.id HAVING count(e.id) <> 1) AS wrong) AS wrong,"
            " (SELECT count(*) FROM event_delivery) AS debts, (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent",
        )
    assert found is not None
    return found
