"""The data folder: everything an installation owns in one place, and who is using it now.

- postgres/ and valkey/: the embedded servers; files/: attachments and letterheads; backups/: what ./erp backup wrote
- run/: of the running system only; log/: one file for each process
- *.key and *.json: secrets, readable by the owner only
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from erp_app.kernel.embedded import ServerError

if TYPE_CHECKING:
    from pathlib import Path

LOGS_KEPT_BYTES = 20_000_000  # a log that is larger at a start is put aside, one generation is kept


@dataclass(frozen=True)
class Endpoints:
    """Where the servers of an installation are. URLs hold secrets: never print them, never hand `admin_url` to web or worker."""

    admin_url: str
    redis_url: str
    web_url: str = ""
    embedded_database: bool = True
    embedded_redis: bool = True
    pid: int = 0
    demo: bool = False


@dataclass(frozen=True)
class DataFolder:
    """One installation on this machine."""

    path: Path

    @property
    def files(self) -> Path:
        """Files of the users: attachments, imports, pictures."""
        return self.path / "files"

    @property
    def run(self) -> Path:
        """State of the running system."""
        return self.path / "run"

    @property
    def backups(self) -> Path:
        """Default place of backups."""
        return self.path / "backups"

    def make(self) -> None:
        """Make the folders. Others may pass, for PostgreSQL's own account below, but not look. Raises ServerError in one line."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if self.path.stat().st_uid == os.getuid():
                self.path.chmod(0o711 if os.getuid() == 0 else 0o700)
            for folder in (self.files, self.run, self.path / "log", self.backups):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.run / "writable"
            probe.write_bytes(b"x" * 65536)
            probe.unlink()
        except OSError as error:
            raise ServerError(f"cannot write to the data folder {self.path}: {error.strerror}") from error

    def log(self, name: str) -> Path:
        """Log file of one process; a large one is put aside."""
        path = self.path / "log" / f"{name}.log"
        if path.exists() and path.stat().st_size > LOGS_KEPT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def lock(self) -> int | None:
        """Hold the installation for this process; None when another one does. Free again when the process dies."""
        handle = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def announce(self, endpoints: Endpoints) -> None:
        """Write down where the servers are, for the other commands."""
        self._write_private("run/env.json", json.dumps(asdict(endpoints), indent=1))

    def withdraw(self) -> None:
        """The system is no longer running."""
        (self.run / "env.json").unlink(missing_ok=True)

    def running(self) -> Endpoints | None:
        """Where the servers are, when the system runs; None otherwise."""
        if not self.run.is_dir() or (handle := self.lock()) is None:
            return self.announced()
        os.close(handle)
        return None

    def announced(self) -> Endpoints | None:
        """Where the servers of the running system are; the caller has seen that the lock is held."""
        try:
            return Endpoints(**json.loads((self.run / "env.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def role_passwords(self, roles: tuple[str, ...]) -> dict[str, str]:
        """Passwords of our database roles on a server of the user's own; made once, kept in `database-roles.json`."""
        path = self.path / "database-roles.json"
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        missing = {role: secrets.token_urlsafe(24) for role in roles if role not in known}
        if missing:
            known |= missing
            self._write_private(path.name, json.dumps(known, indent=1))
        return {role: known[role] for role in roles}

    def _write_private(self, name: str, text: str) -> None:
        """Write a file that only the owner reads; the old or the new content is there, never half of it."""
        path = self.path / name
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
