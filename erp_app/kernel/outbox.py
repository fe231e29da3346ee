"""Transactional outbox: an event is stored in the transaction that made it true, and delivered after the commit.

Delivery is at least once; a consumer inserts `event_done(event, consumer)` in the transaction of its own effect, so the
effect happens exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from erp_app.kernel.db import Connection


def listen(conn: Connection) -> None:
    """Have the connection woken by commits that stored an event while it was dozing."""
    conn.execute("LISTEN erp_outbox")


def doze(conn: Connection) -> bool:
    """Let writers know that the relay is going to sleep; look once more for events after this, then wait for a notification.

    The first lock is the one writers share while they rely on a relay that is awake; the second one tells other relays that somebody
    sleeps and will be rung for, so that they may sleep too (they hear the same bell).

    Returns:
        False when somebody who saw the relay awake has not committed yet: look again in a few milliseconds.
    """
    if conn.execute("SELECT pg_try_advisory_lock(4712, 1)").fetchone() == (True,):
        conn.execute("SELECT pg_advisory_lock(4712, 2)")
        return True
    if conn.execute("SELECT pg_try_advisory_lock(4712, 2)").fetchone() == (True,):
        conn.execute("SELECT pg_advisory_unlock(4712, 2)")
        return False
    return True


def awake(conn: Connection) -> None:
    """Let writers know that they need not ring; the relay looks for events from now on until it dozes."""
    conn.execute("SELECT pg_advisory_unlock_all()")


def add(conn: Connection, tenant_id: int, name: str, payload: Mapping[str, Any], topics: Sequence[str] = (),
        request_id: str = "-") -> None:
    """Store one event; a trigger wakes the relay at commit when it sleeps."""
    conn.execute(
        "INSERT INTO outbox (tenant_id, name, payload, topics, request_id) VALUES (%s, %s, %s, %s, %s)",
        (tenant_id, name, Jsonb(dict(payload)), list(topics), request_id),
    )


def claim_done(conn: Connection, tenant_id: int, event_id: int, consumer: str) -> bool:
    """Mark an event as done by a consumer within the consumer's transaction; False when it already was."""
    cursor = conn.execute(
        "INSERT INTO event_done (tenant_id, event_id, consumer) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (tenant_id, event_id, consumer),
    )
    return cursor.rowcount == 1
