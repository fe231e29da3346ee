"""Relay and workers on real servers, with a consumer whose effects can be counted."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from erp_app.kernel.config import settings
from tests.work import ledger
from workers import queues, registry


class QuietWorker(SimpleWorker):
    """A worker within the test's process: no signals of its own."""

    death_penalty_class = TimerDeathPenalty

    def _install_signal_handlers(self) -> None:
        """Leave signals to pytest."""


@pytest.fixture(scope="module")
def ledgers(admin_url: str) -> Iterator[str]:
    """The module's database with the tables and consumers of the test."""
    ledger.make_tables(admin_url)
    os.environ["ERP_TEST_CONSUMERS"] = "tests.work.ledger:CONSUMERS"
    for cached in (registry.consumers, queues.connection):
        cached.cache_clear()
    yield admin_url
    del os.environ["ERP_TEST_CONSUMERS"]
    for cached in (registry.consumers, queues.connection):
        cached.cache_clear()


@pytest.fixture
def relay(ledgers: str) -> Iterator[psycopg.Connection]:
    """A relay's connection; queues and events of earlier tests are gone."""
    queues.connection().flushdb()
    with psycopg.connect(ledgers, autocommit=True) as admin:
        admin.execute("TRUNCATE outbox, event_delivery, event_done, test_effect, test_sum")
    with psycopg.connect(settings().relay_url or "", autocommit=True) as conn:
        yield conn


@pytest.fixture
def work_off():
    """Run all jobs that are waiting, in this process."""

    def run() -> None:
        worker = QuietWorker([queues.queue(name) for name in queues.NAMES], connection=queues.connection(), serializer=JSONSerializer)
        worker.work(burst=True, logging_level="CRITICAL")

    return run
