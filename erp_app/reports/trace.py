"""Everything that is known under one key: a document's number or id, a request id, an idempotency key.

For operators: what was done, by whom, which events it caused, and whether each consumer has taken them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

LIMIT = 500


def trace(work: Work, key: str) -> dict[str, list[dict[str, Any]]]:
    """Records, audit rows, events and deliveries of `key` in the tenant of `work`, each in order of time, at most 500 of a kind."""
    number = int(key) if key.isdigit() else -1
    records = work.rows(
        "SELECT id, type, number, state, effective_at FROM record_ref WHERE tenant_id = %(tenant)s AND (number = %(key)s OR id = %(number)s)"
        " ORDER BY id LIMIT %(limit)s",
        {"tenant": work.actor.tenant_id, "key": key, "number": number, "limit": LIMIT},
    )
    asked = {"tenant": work.actor.tenant_id, "key": key, "ids": [row["id"] for row in records], "limit": LIMIT}
    audits = work.rows(
        "SELECT at, username, via, address, action, resource, record_id, request_id, reason FROM audit_event"
        " WHERE tenant_id = %(tenant)s AND (record_id = ANY(%(ids)s) OR request_id = %(key)s) ORDER BY id LIMIT %(limit)s",
        asked,
    )
    requests = sorted({row["request_id"] for row in audits} - {"-"})
    events = work.rows(
        "SELECT o.id, o.created_at, o.sent_at, o.name, o.request_id, o.payload, coalesce(d.consumers, '{}') AS done, coalesce(w.consumers, '{}') AS owed"
        " FROM outbox o"
        " LEFT JOIN LATERAL (SELECT array_agg(consumer ORDER BY consumer) AS consumers FROM event_done e"
        "  WHERE e.tenant_id = o.tenant_id AND e.event_id = o.id) d ON true"
        " LEFT JOIN LATERAL (SELECT array_agg(consumer ORDER BY consumer) AS consumers FROM event_delivery e"
        "  WHERE e.tenant_id = o.tenant_id AND e.event_id = o.id) w ON true"
        " WHERE o.tenant_id = %(tenant)s AND o.request_id = ANY(%(requests)s) ORDER BY o.id LIMIT %(limit)s",
        asked | {"requests": [*requests, key]},
    )
    answers = work.rows(
        "SELECT created_at, user_id, key, answer IS NOT NULL AS answered FROM idempotency_key WHERE tenant_id = %(tenant)s AND key = %(key)s"
        " ORDER BY created_at LIMIT %(limit)s",
        asked,
    )
    return {"records": records, "audit": audits, "events": events, "answers": answers}
