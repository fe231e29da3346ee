"""A job worker: takes jobs from the queues one after the other, until it is told to stop.

Jobs are run in this process (no fork for each job: five times the jobs a second). Redis and RQ are transport only: a job that is
lost with its worker is sent again by the relay, and its effect is bound to the event, so it happens once.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from erp_app.kernel import db, log
from erp_app.kernel.limits import WORKER_MEMORY
from workers import gentle, queues

if TYPE_CHECKING:
    from rq.job import Job

AWAY = 2.0  # seconds between looks for a Redis that is away


class JobWorker(SimpleWorker):
    """RQ's worker without fork; it ends in order when it has grown too large, and the supervisor starts another."""

    told_to_stop = False

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Remember the signal: RQ leaves its loop, but says good-bye to a Redis that may be gone, and raises from there."""
        JobWorker.told_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        """RQ's own; a signal that came before them counts."""
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        self._stop_requested = self._stop_requested or JobWorker.told_to_stop

    def execute_job(self, job: Job, queue: Any) -> None:
        """Run one job, then look at our own memory."""
        super().execute_job(job, queue)
        if psutil.Process().memory_info().rss > WORKER_MEMORY:
            log.logger("worker").info("worker.large", limit=WORKER_MEMORY)
            self._stop_requested = True


def _stop(_number: int, _frame: object) -> None:
    JobWorker.told_to_stop = True


def main() -> None:
    """Work until SIGTERM; the job at hand is finished first."""
    log.configure()
    gentle.step_back(os.environ.get("ERP_WORKER", "1"))
    say = log.logger("worker")
    while not JobWorker.told_to_stop:
        try:
            signal.signal(signal.SIGTERM, _stop)  # again in each turn: RQ's handlers outlive the worker they belong to
            worker = JobWorker(
                [queues.queue(name) for name in queues.NAMES],
                name=f"worker-{os.environ.get('ERP_WORKER', '1')}-{uuid4().hex[:8]}",
                connection=queues.connection(),
                serializer=JSONSerializer,
            )
            worker.work(logging_level="WARNING", with_scheduler=False)
            break
        except redis.RedisError as error:
            say.warning("worker.redis_away", error=str(error))
            time.sleep(AWAY)
    db.close_pools()


if __name__ == "__main__":
    main()
