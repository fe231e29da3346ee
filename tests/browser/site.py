"""The whole product as a visitor meets it: databases, compiled screens, web server, relay and a worker, on a free port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from erp_app.kernel import build, bus, db, migrations, roles
from erp_app.kernel.config import settings
from erp_app.kernel.installation import ROOT

SERVING = {
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_SOCKET_INTERVAL": "10",
    "REFLEX_SOCKET_TIMEOUT": "20",
    "GRANIAN_WORKERS": "1",
}


@dataclass
class Site:
    """One running installation; `url` is where a browser finds it."""

    folder: Path
    admin_url: str
    redis_url: str
    port: int
    processes: list[subprocess.Popen] = field(default_factory=list)
    before: dict[str, str | None] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configure(self) -> None:
        """Let this process and its children use the installation's database and Valkey."""
        roles.ensure(self.admin_url)
        changed = {
            "ERP_DATA": str(self.folder / "data"),
            "ERP_OWNER_URL": roles.url_for(self.admin_url, roles.OWNER),
            "ERP_APP_URL": roles.url_for(self.admin_url, roles.APP),
            "ERP_RELAY_URL": roles.url_for(self.admin_url, roles.RELAY),
            "ERP_ADMIN_URL": self.admin_url,
            "ERP_REDIS_URL": self.redis_url,
            "ERP_PORT": str(self.port),
            "ERP_POOL_SIZE": "8",
        }
        self.before = {key: os.environ.get(key) for key in changed}
        os.environ.update(changed)
        settings.cache_clear()
        bus.client.cache_clear()

    def forget(self) -> None:
        """Give this process back its own settings."""
        db.close_pools()
        bus.client.cache_clear()
        for key, value in self.before.items():
            os.environ.pop(key, None) if value is None else os.environ.__setitem__(key, value)
        settings.cache_clear()

    def compile(self) -> None:
        """Build the screens once for the state of the sources."""
        build.build(dict(os.environ), self.folder / "build.log")

    def start(self) -> None:
        """Start web server, relay and one worker; return when the login page answers."""
        environment = os.environ | build.build_env() | SERVING | {"PYTHONPATH": str(ROOT)}
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        self._child("web", environment, "-m", "granian", "--interface", "asgi", "--factory", "--no-access-log", *where, "erp_app.erp_app:app")
        self._child("relay", environment, "-m", "workers.relay")
        self._child("worker", environment, "-m", "workers.main")
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if any(one.poll() is not None for one in self.processes):
                break
            try:
                if httpx.get(f"{self.url}/login", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        said = "\n".join((self.folder / f"{name}.log").read_text(errors="replace")[-3000:] for name in ("web", "relay", "worker"))
        raise AssertionError(f"the site did not start: {said}")

    def _child(self, name: str, environment: dict[str, str], *words: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    @contextmanager
    def resting_worker(self) -> Iterator[None]:
        """Let the job worker rest, so that what waits can be looked at; afterwards it goes on where it was."""
        worker = self.processes[-1]
        worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            worker.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End all processes in the reverse order of their start."""
        for one in reversed(self.processes):
            one.send_signal(signal.SIGTERM)
        for one in reversed(self.processes):
            try:
                one.wait(15)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


def new_database(server_admin_url: str, name: str, url: str) -> None:
    """Make an empty database and bring it to the newest schema."""
    with psycopg.connect(server_admin_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    if migrations.FIRST.exists():
        migrations.prepare(url)
        return
    from tests.conftest import make_schema

    make_schema(url)
