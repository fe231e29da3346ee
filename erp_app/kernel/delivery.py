"""Delivery of stored events: what the relay claims, what each consumer still owes, and the proof that it was done.

A row of `event_delivery` is a debt: entered in the transaction that marks the event as sent, removed in the transaction of the
consumer's effect. Whatever dies in between, the debt stays and is sent again. A row locked by a worker is being worked on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from erp_app.kernel import outbox
from erp_app.kernel.db import Connection

BATCH = 500
RESEND_SECONDS = 5.0  # after which an event without effect is sent again; the older, the longer
LONGEST_SECONDS = 300.0
ATTEMPTS = 12  # failures; then a person has to look: it stays visible as given up, and can be sent again


@dataclass(frozen=True)
class Event:
    """One business event as stored.

    Attributes:
        payload: JSON object; topics: live topics it concerns; request_id: the request that caused it.
    """

    tenant_id: int
    id: int
    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    request_id: str = "-"


@dataclass(frozen=True)
class Debt:
    """One event a consumer still has to take. Debts of one `key` are settled by one job."""

    tenant_id: int
    event_id: int
    consumer: str
    key: str


def claim(conn: Connection, limit: int = BATCH) -> list[Event]:
    """Return the oldest unsent events and hold them until the transaction ends; other relays pass over them."""
    found = conn.execute(
        "SELECT tenant_id, id, name, payload, topics, request_id FROM outbox WHERE sent_at IS NULL"
        " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    ).fetchall()
    return [Event(t, i, name, payload, tuple(topics), request) for t, i, name, payload, topics, request in found]


def mark_sent(conn: Connection, events: Sequence[Event]) -> None:
    """Note that the events were handed over."""
    conn.execute(
        "UPDATE outbox o SET sent_at = clock_timestamp() FROM unnest(%s::bigint[], %s::bigint[]) AS k (tenant_id, id)"
        " WHERE o.tenant_id = k.tenant_id AND o.id = k.id",
        ([one.tenant_id for one in events], [one.id for one in events]),
    )


def owe(conn: Connection, debts: Sequence[Debt]) -> None:
    """Enter what consumers owe from now on."""
    if debts:
        conn.execute(
            "INSERT INTO event_delivery (tenant_id, event_id, consumer, key, next_at)"
            " SELECT t, e, c, k, clock_timestamp() + make_interval(secs => %s)"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS d (t, e, c, k) ON CONFLICT DO NOTHING",
            (
                RESEND_SECONDS,
                [d.tenant_id for d in debts],
                [d.event_id for d in debts],
                [d.consumer for d in debts],
                [d.key for d in debts],
            ),
        )


def overdue(conn: Connection, limit: int = BATCH) -> list[Debt]:
    """Return debts whose time has come and put their next time off, the longer the older they are; those in work are locked and passed over.

    A debt that only waits (no worker for an hour) is never given up; that needs failures.
    """
    found = conn.execute(
        "UPDATE event_delivery d SET next_at = clock_timestamp() + least(make_interval(secs => %(longest)s),"
        " greatest(make_interval(secs => %(wait)s), clock_timestamp() - d.created_at))"
        " FROM (SELECT tenant_id, event_id, consumer FROM event_delivery WHERE NOT given_up AND next_at <= clock_timestamp()"
        "       ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS due"
        " WHERE (d.tenant_id, d.event_id, d.consumer) = (due.tenant_id, due.event_id, due.consumer)"
        " RETURNING d.tenant_id, d.event_id, d.consumer, d.key",
        {"longest": LONGEST_SECONDS, "wait": RESEND_SECONDS, "limit": limit},
    ).fetchall()
    return [Debt(*row) for row in found]


def take(conn: Connection, tenant_id: int, consumer: str, *, event_id: int | None = None, key: str = "") -> list[Event]:
    """Lock the debts of one event, or of one key, for this transaction and return their events; empty when done or in other hands."""
    found = conn.execute(
        "SELECT o.tenant_id, o.id, o.name, o.payload, o.topics, o.request_id FROM event_delivery d"
        " JOIN outbox o ON o.tenant_id = d.tenant_id AND o.id = d.event_id"
        " WHERE d.tenant_id = %(tenant)s AND d.consumer = %(consumer)s"
        " AND CASE WHEN %(event)s::bigint IS NULL THEN d.key = %(key)s ELSE d.event_id = %(event)s END"
        " ORDER BY d.event_id FOR UPDATE OF d SKIP LOCKED",
        {"tenant": tenant_id, "consumer": consumer, "event": event_id, "key": key},
    ).fetchall()
    return [Event(t, i, name, payload, tuple(topics), request) for t, i, name, payload, topics, request in found]


def alone(conn: Connection, tenant_id: int, consumer: str, key: str) -> bool:
    """Keep others from working on the same key until the transaction ends; False when somebody does."""
    found = conn.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"job:{tenant_id}:{consumer}:{key}",)).fetchone()
    return bool(found and found[0])


def settle(conn: Connection, consumer: str, event: Event) -> bool:
    """Remove the debt and leave the proof, in the transaction of the effect; False when the effect was there already."""
    conn.execute(
        "DELETE FROM event_delivery WHERE tenant_id = %s AND event_id = %s AND consumer = %s",
        (event.tenant_id, event.id, consumer),
    )
    return outbox.claim_done(conn, event.tenant_id, event.id, consumer)


def note_failure(conn: Connection, consumer: str, event: Event, error: str) -> None:
    """Keep the reason of the last failure beside the debt, for the people who look after the queues; give up after too many."""
    conn.execute(
        "UPDATE event_delivery SET error = %s, attempts = attempts + 1, given_up = attempts >= %s WHERE tenant_id = %s AND event_id = %s AND consumer = %s",
        (error[:1000], ATTEMPTS, event.tenant_id, event.id, consumer),
    )


def hurry(conn: Connection, tenant_id: int, consumer: str, key: str, seconds: float) -> None:
    """Send the debts of one key again soon: somebody else was busy with it."""
    conn.execute(
        "UPDATE event_delivery SET next_at = least(next_at, clock_timestamp() + make_interval(secs => %s))"
        " WHERE tenant_id = %s AND consumer = %s AND key = %s",
        (seconds, tenant_id, consumer, key),
    )


def revive(conn: Connection, tenant_id: int) -> int:
    """Send everything given up by a tenant's consumers again; return how many."""
    return conn.execute(
        "UPDATE event_delivery SET given_up = false, attempts = 1, created_at = clock_timestamp(), next_at = clock_timestamp()"
        " WHERE tenant_id = %s AND given_up",
        (tenant_id,),
    ).rowcount


def forget(conn: Connection, tenant_id: int, days: int) -> int:
    """Remove events that were sent and settled so long ago that nobody asks; return how many."""
    gone = conn.execute(
        "DELETE FROM outbox o WHERE o.tenant_id = %(t)s AND o.sent_at < now() - make_interval(days => %(d)s)"
        " AND NOT EXISTS (SELECT 1 FROM event_delivery d WHERE d.tenant_id = o.tenant_id AND d.event_id = o.id)",
        {"t": tenant_id, "d": days},
    ).rowcount
    conn.execute("DELETE FROM event_done WHERE tenant_id = %s AND done_at < now() - make_interval(days => %s)", (tenant_id, days + 30))
    return gone
