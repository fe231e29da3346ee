"""Redis clients: throttle and message bus (database 2). Redis may lose everything; truth is in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import redis
import redis.asyncio

from erp_app.kernel.config import settings

BUS, QUEUES, STATE = 2, 1, 0


@lru_cache(maxsize=4)
def client(database: int = BUS) -> redis.Redis:
    """Return this process's synchronous client for one logical database."""
    return redis.Redis.from_url(settings().redis(database), socket_timeout=5, health_check_interval=30)


def async_client(database: int = BUS) -> redis.asyncio.Redis:
    """Return a new asynchronous client; the caller closes it."""
    return redis.asyncio.Redis.from_url(settings().redis(database), health_check_interval=30)


def live_channel(tenant_id: int) -> str:
    """Return the channel that carries one tenant's live messages."""
    return f"live:{tenant_id}"


def publish(tenant_id: int, message: Mapping[str, Any]) -> None:
    """Publish a live message; best effort, screens re-query after a gap."""
    client().publish(live_channel(tenant_id), json.dumps(message, default=str))
