"""The job queues, by urgency, and how jobs are put in: JSON only, for who can write Redis must not be able to run code."""

from __future__ import annotations

from functools import lru_cache

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from erp_app.kernel.bus import QUEUES as DATABASE
from erp_app.kernel.config import settings
from erp_app.kernel.limits import JOB_SECONDS

NAMES = ("hpp", "stock_fix", "notify", "default", "pdf", "import")  # a worker empties them in this order


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """This process's connection to the queue database."""
    return redis.Redis.from_url(settings().redis(DATABASE), health_check_interval=30)


def queue(name: str = "default") -> Queue:
    """One queue. Raises KeyError for a name no worker listens to."""
    if name not in NAMES:
        raise KeyError(name)
    return Queue(name, connection=connection(), serializer=JSONSerializer, default_timeout=JOB_SECONDS)
