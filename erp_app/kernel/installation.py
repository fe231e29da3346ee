"""One installation brought to work: its servers (embedded or the user's own) and the environment its processes run in."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg import sql

from erp_app.kernel import clock, db, preparation, roles
from erp_app.kernel.config import settings
from erp_app.kernel.datafolder import DataFolder, Endpoints
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.postgres import PostgresServer, prepare_postgres
from erp_app.kernel.embedded.valkey import ValkeyServer, prepare_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "satu"
OLDEST_SERVER = 160000  # PostgreSQL 16
ROLE_NAMES = (roles.OWNER, roles.APP, roles.RELAY)
STARTING_PATIENCE = 60.0  # seconds a command waits for a system that is just starting
_SECRETS = ("ERP_ADMIN_URL", "ERP_OWNER_URL", "DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Servers:
    """The servers an installation has to start itself; None where the user names one."""

    postgres: PostgresServer | None
    valkey: ValkeyServer | None

    @property
    def endpoints(self) -> Endpoints:
        """Where they are, or where the user's are."""
        return Endpoints(
            admin_url=self.postgres.url_for(DATABASE) if self.postgres else _own_database(),
            redis_url=self.valkey.url() if self.valkey else os.environ["REDIS_URL"],
            embedded_database=self.postgres is not None,
            embedded_redis=self.valkey is not None,
        )

    def stop(self) -> None:
        """Stop what was started."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()


def prepare_servers(data: DataFolder) -> Servers:
    """The servers of `data`, not started. `DATABASE_URL` and `REDIS_URL` replace the embedded ones."""
    return Servers(
        postgres=None if os.environ.get("DATABASE_URL") else prepare_postgres(data.path / "postgres", log=data.log("postgres")),
        valkey=None if os.environ.get("REDIS_URL") else prepare_valkey(data.path / "valkey", log=data.log("valkey")),
    )


def check_own_servers() -> None:
    """Refuse servers of the user's that cannot be used, before anything is started. Raises ServerError."""
    if os.environ.get("DATABASE_URL"):
        _check_database(_own_database())
    if os.environ.get("REDIS_URL"):
        _check_redis(os.environ["REDIS_URL"])


def ensure_database(server: PostgresServer) -> None:
    """Make the product's database in an embedded cluster."""
    with psycopg.connect(server.url_for("postgres"), autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


@contextmanager
def one_at_a_time(admin_url: str) -> Iterator[None]:
    """Prepare the database alone: several machines that share it may start together."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(4712)")
        yield


def passwords_of(data: DataFolder, endpoints: Endpoints) -> dict[str, str] | None:
    """Passwords of our roles by role name; None on the embedded server, whose socket is private."""
    return None if endpoints.embedded_database else data.role_passwords(ROLE_NAMES)


def child_env(data: DataFolder, endpoints: Endpoints, *, host: str = "127.0.0.1", port: int = 8000) -> dict[str, str]:
    """The environment of web, worker and relay: everything they need, and no way to the owner's rights."""
    passwords = passwords_of(data, endpoints)
    inherited = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    home = os.environ.get("HOME", "")
    return inherited | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])).rstrip(os.pathsep),
        "PYTHONUNBUFFERED": "1",
        "HOME": home if home and os.access(home, os.W_OK) else str(data.run),
        "ERP_DATA": str(data.path),
        "ERP_HOST": host,
        "ERP_PORT": str(port),
        "ERP_DEMO": "1" if endpoints.demo else "0",
        "ERP_APP_URL": roles.url_for(endpoints.admin_url, roles.APP, passwords),
        "ERP_RELAY_URL": roles.url_for(endpoints.admin_url, roles.RELAY, passwords),
        "ERP_REDIS_URL": endpoints.redis_url,
        "ERP_SUPERVISED": str(data.path),
    }


def owner_env(data: DataFolder, endpoints: Endpoints) -> dict[str, str]:
    """The environment of a command for operators: a child's, and the owner's rights."""
    passwords = passwords_of(data, endpoints)
    return child_env(data, endpoints) | {
        "ERP_ADMIN_URL": endpoints.admin_url,
        "ERP_OWNER_URL": roles.url_for(endpoints.admin_url, roles.OWNER, passwords),
        "ERP_OWN_DATABASE": "" if endpoints.embedded_database else "1",
    }


@contextmanager
def installation(data: DataFolder, *, prepared: bool = True) -> Iterator[Endpoints]:
    """Use the installation in this process: the running system, or servers started for this command alone.

    Within the block `settings()` and the connection pools are those of the installation. Raises ServerError; where nothing is to be
    found in a database without our schema, also for that, unless `prepared` is False.
    """
    data.make()
    lock = data.lock()
    servers = None
    try:
        if lock is None:
            endpoints = _running(data)
        else:
            servers = prepare_servers(data)
            endpoints = _start_for_command(servers)
        if prepared and not preparation.has_schema(endpoints.admin_url):
            raise ServerError(f"nothing is installed in {data.path} yet: ./erp up or ./erp migrate makes the database")
        with adopted(owner_env(data, endpoints)):
            yield endpoints
    finally:
        if servers is not None:
            servers.stop()
        if lock is not None:
            os.close(lock)


def _start_for_command(servers: Servers) -> Endpoints:
    check_own_servers()
    if servers.postgres is not None:
        servers.postgres.launch()
        servers.postgres.wait()
        ensure_database(servers.postgres)
    if servers.valkey is not None:
        servers.valkey.launch()
        servers.valkey.wait()
    return servers.endpoints


def _running(data: DataFolder) -> Endpoints:
    """Endpoints of the system that holds the lock; it may still be starting."""
    end = clock.monotonic() + STARTING_PATIENCE
    while clock.monotonic() < end:
        if (endpoints := data.announced()) is not None:
            return endpoints
        time.sleep(0.2)
    raise ServerError(f"another command is using {data.path}; try again when it has ended")


@contextmanager
def adopted(environment: dict[str, str]) -> Iterator[None]:
    """Let this process work with other settings for a while; connections of before and of within are closed."""
    before = dict(os.environ)
    db.close_pools()
    os.environ.update(environment)
    settings.cache_clear()
    try:
        yield
    finally:
        db.close_pools()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def _own_database() -> str:
    """The user's DATABASE_URL as libpq reads it (SQLAlchemy's spelling with a driver is taken too)."""
    url = os.environ["DATABASE_URL"]
    head, separator, tail = url.partition("://")
    return f"{head.partition('+')[0]}{separator}{tail}" if separator else url


def _check_database(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as conn:
            version = conn.info.server_version
    except (psycopg.Error, UnicodeError) as error:
        raise ServerError(f"DATABASE_URL: {_first_line(error)}") from error
    if version < OLDEST_SERVER:
        raise ServerError(f"DATABASE_URL: PostgreSQL {version // 10000} is too old; 16 or newer is needed")


def _check_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise ServerError(f"REDIS_URL: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """What went wrong, in one line."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def this_python(*arguments: str) -> list[str]:
    """Command line of a part of the product, run by the same Python as we are."""
    return [sys.executable, "-P", *arguments]
