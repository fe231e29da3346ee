"""A whole small system of real processes that can be killed at any named point, kept alive the way `./erp up` does it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from erp_app.kernel import bus, db, roles, sqlfiles
from erp_app.kernel.config import settings
from erp_app.kernel.embedded import PostgresServer, ValkeyServer, start_postgres, start_valkey
from erp_app.kernel.embedded.process import spawn
from tests.conftest import make_schema
from tests.work import ledger
from workers import queues, registry

DATABASE = "satu"
CONSUMERS = "tests.work.ledger:CONSUMERS"


@dataclass
class Part:
    """One process of the system; its fault points are armed by files in a folder of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    faults: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = spawn(self.command, cwd=sqlfiles.ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill9(self) -> None:
        """Kill it with everything it has started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def keep(self) -> None:
        """Start it again when it is dead, its orphans ended first."""
        if self.process is not None and not self.alive():
            self.deaths += 1
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.start()

    def arm(self, point: str) -> Path:
        path = self.faults / point
        path.touch()
        return path


@dataclass
class System:
    """PostgreSQL, Valkey, relay and worker on one folder; the test's own process is one more client of them."""

    folder: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    environment: dict[str, str]
    before: dict[str, str | None]
    parts: dict[str, Part] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> System:
        postgres = start_postgres(folder / "pg")
        valkey = start_valkey(folder / "kv")
        with psycopg.connect(postgres.url_for("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {DATABASE}")
        make_schema(postgres.url_for(DATABASE))
        ledger.make_tables(postgres.url_for(DATABASE))
        environment = {
            "ERP_DATA": str(folder / "data"), "ERP_APP_URL": postgres.url_for(DATABASE, roles.APP), "ERP_RELAY_URL": postgres.url_for(DATABASE, roles.RELAY),
            "ERP_REDIS_URL": valkey.url(0), "ERP_POOL_SIZE": "12", "ERP_TEST_CONSUMERS": CONSUMERS, "PYTHONPATH": str(sqlfiles.ROOT),
        }  # fmt: skip
        before = {key: os.environ.get(key) for key in environment}
        os.environ.update(environment)
        forget_cached()
        return cls(folder, postgres, valkey, environment, before)

    def end(self) -> None:
        for part in self.parts.values():
            part.kill9()
        db.close_pools()
        self.valkey.stop()
        self.postgres.stop()
        for key, value in self.before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        forget_cached()

    def run(self, name: str, *command: str, **environment: str) -> Part:
        """Start one more process of the product."""
        faults = self.folder / f"faults-{name}"
        faults.mkdir(exist_ok=True)
        complete = os.environ | self.environment | environment | {"ERP_FAULTS": str(faults)}
        part = Part(name, [sys.executable, "-m", *command], complete, faults, self.folder / f"{name}.log")
        part.start()
        self.parts[name] = part
        return part

    def keep(self) -> None:
        """Do what the supervisor does: start again whatever has died."""
        for part in self.parts.values():
            part.keep()

    def wait(self, ready: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait for something while everything is kept alive; return how long it took."""
        started = time.monotonic()
        while not ready():
            self.keep()
            assert time.monotonic() - started < seconds, f"{what} did not happen in {seconds} s\n{self.story()}"
            time.sleep(0.05)
        return time.monotonic() - started

    def story(self) -> str:
        """Return the ends of all logs, for a failure that reads as a story."""
        return "\n".join(f"--- {part.name} (died {part.deaths} times)\n{part.log.read_text()[-3000:]}" for part in self.parts.values())

    def settled(self) -> bool:
        """Tell whether nothing is left to send and nobody owes anything."""
        with psycopg.connect(self.postgres.url_for(DATABASE)) as admin:
            found = admin.execute(
                "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL) + (SELECT count(*) FROM event_delivery)"
                " + (SELECT count(*) FROM hpp_queue WHERE state <> 'done')",
            ).fetchone()
        return found == (0,)

    def unsealed(self) -> int:
        """Return how many audit rows are not in a chain."""
        with psycopg.connect(self.postgres.url_for(DATABASE)) as admin:
            found = admin.execute(
                "SELECT count(*) FROM audit_event e WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.tenant_id = e.tenant_id AND c.audit_id = e.id)",
            ).fetchone()
        assert found is not None
        return int(found[0])


def forget_cached() -> None:
    """The test's process looks at another system from now on."""
    settings.cache_clear()
    bus.client.cache_clear()
    queues.connection.cache_clear()
    registry.consumers.cache_clear()
    db.close_pools()
