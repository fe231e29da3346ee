"""Idempotency keys: the same key with the same content has one effect and one answer, for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from erp_app.kernel.errors import Conflict, Invalid
from erp_app.kernel.uow import Work

MAX_KEY = 200


def once(work: Work, key: str | None, content: Any, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run `effect` unless this tenant's user already did it under this key; then return the stored answer.

    The key is claimed first: a second request with the same key waits for the first one's commit at the primary key.

    Raises:
        Conflict: ERP-1409 when the key was used with other content.
        Invalid: ERP-1410 when the key is longer than 200 characters.
    """
    if not key:
        return effect()
    if len(key) > MAX_KEY:
        raise Invalid("ERP-1410", "The idempotency key is longer than 200 characters.")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    claimed = work.run(
        "INSERT INTO idempotency_key (tenant_id, user_id, key, content_sha256) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (work.actor.tenant_id, work.actor.user_id, key, digest),
    )
    if claimed:
        answer = effect()
        work.run(
            "UPDATE idempotency_key SET answer = %s WHERE tenant_id = %s AND user_id = %s AND key = %s",
            (Jsonb(answer, dumps=lambda v: json.dumps(v, default=str)), work.actor.tenant_id, work.actor.user_id, key),
        )
        return answer
    stored = work.row(
        "SELECT content_sha256, answer FROM idempotency_key WHERE tenant_id = %s AND user_id = %s AND key = %s",
        (work.actor.tenant_id, work.actor.user_id, key),
    )
    if stored is None or stored["content_sha256"] != digest:
        raise Conflict("ERP-1409", "This idempotency key was already used with other content. Use a new key for a new request.")
    return dict(stored["answer"])
