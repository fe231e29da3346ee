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
    """Have the connection woken by every commit that stored an event."""
    conn.execute("LISTEN erp_outbox")


def add(conn: Connection, tenant_id: int, name: str, payload: Mapping[str, Any], topics: Sequence[str] = (),
        request_id: str = "-") -> None:
    """Store one event; a trigger wakes the relay at commit."""
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
