"""A worker that is told to stop ends, also when Redis went away just before: then nobody would tell it twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from rq import Worker

from erp_app.kernel.embedded import ValkeyServer, start_valkey
from erp_app.kernel.installation import ROOT
from workers import queues

pytestmark = pytest.mark.slow


@pytest.fixture
def lonely() -> Iterator[ValkeyServer]:
    """A Valkey of its own, for it dies in the test."""
    folder = Path(tempfile.mkdtemp(prefix="erpw"))
    folder.chmod(0o755)
    server = start_valkey(folder / "kv")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def registered(url: str) -> int:
    """How many workers have said that they are there and wait for jobs."""
    with redis.Redis.from_url(url) as client:
        return Worker.count(connection=client)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 3.0])
def test_a_worker_told_to_stop_ends_without_redis(database: str, lonely: ValkeyServer, seconds: float) -> None:
    environment = os.environ | {"ERP_REDIS_URL": lonely.url(), "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen([sys.executable, "-m", "workers.main"], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not registered(lonely.url(queues.DATABASE)):
            assert worker.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        lonely.process.kill()
        time.sleep(seconds)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) is not None
    finally:
        worker.kill()
        worker.wait()
