"""Audit: who did what, when, from where, before and after. Append-only, and chained by hash for each tenant.

Rows are written in the transaction they tell about. The chain is linked after the commit by the sealer (a lock for the
chain inside every posting would make all postings of a tenant wait for one another); an unsealed row older than a minute is
an integrity violation of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from erp_app.kernel.actor import Actor
from erp_app.kernel.db import Connection

FAR_BACK, NEAR_BACK = 100_000, 2_000


@dataclass(frozen=True)
class Entry:
    """One audited action on one record (or on none, for logins and the like)."""

    action: str
    resource: str
    record_id: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None


def add(conn: Connection, actor: Actor, entry: Entry) -> None:
    """Insert one audit row within the current transaction."""
    conn.execute(
        "INSERT INTO audit_event (tenant_id, user_id, username, via, address, request_id, action, resource, record_id, before, after, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            actor.tenant_id, actor.user_id, actor.username, actor.via, actor.address, actor.request_id, entry.action, entry.resource,
            entry.record_id, _json(entry.before), _json(entry.after), entry.reason,
        ),
    )


def seal(conn: Connection, tenant_id: int, back: int = FAR_BACK) -> int:
    """Link all rows not yet in the tenant's chain, in order; return how many. The caller's transaction has set the tenant.

    `back`: how many ids before the newest link may still have come late (rows commit out of order of their ids).
    """
    found = conn.execute("SELECT audit_seal(%s, %s)", (tenant_id, back)).fetchone()
    return int(found[0]) if found else 0


def tenants(relay: Connection) -> list[int]:
    """Return the tenants that have audit rows, by jumping from one to the next in the index; for the relay's role."""
    found = relay.execute(
        "WITH RECURSIVE t (id) AS (SELECT min(tenant_id) FROM audit_event"
        " UNION ALL SELECT (SELECT min(tenant_id) FROM audit_event WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL)"
        " SELECT id FROM t WHERE id IS NOT NULL",
    ).fetchall()
    return [one[0] for one in found]


def _json(value: Mapping[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(dict(value), dumps=_dumps)


def _dumps(value: Any) -> str:
    import json  # noqa: PLC0415 - only here

    return json.dumps(value, default=str, ensure_ascii=False)
