"""A backup made a database again: beside the living one, proved equal to what was backed up, and only then put in its place."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from erp_app.kernel import backup, clock, roles
from erp_app.kernel.embedded import ServerError

if TYPE_CHECKING:
    import tarfile

REDIS_DATABASES = (0, 1, 2)


@dataclass(frozen=True)
class Place:
    """The database server: URLs of any database on it for the administrator."""

    admin_url: str

    @property
    def database(self) -> str:
        """Name of the product's database."""
        return str(conninfo_to_dict(self.admin_url)["dbname"])

    def url(self, database: str) -> str:
        """Administrator's URL of another database on the server."""
        return make_conninfo(self.admin_url, dbname=database)

    def maintain(self) -> psycopg.Connection[Any]:
        """A connection that is in none of the product's databases."""
        return psycopg.connect(self.url("postgres"), autocommit=True)


def into_database(archive: tarfile.TarFile, manifest: backup.Manifest, place: Place, name: str, passwords: dict[str, str] | None) -> None:
    """Make database `name` from a backup and prove it: each table has the rows and the digest of the manifest. Raises ServerError."""
    with place.maintain() as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        roles.ensure(place.url(name), passwords)
        with tempfile.TemporaryDirectory(prefix="satu-restore-") as folder:
            archive.extract(backup.DUMP, folder, filter="data")
            dump = Path(folder) / backup.DUMP
            backup.pg("pg_restore", "--exit-on-error", "--no-comments", "--jobs=2", f"--dbname={place.url(name)}", str(dump))
        _prove(place.url(name), manifest)
    except BaseException:
        drop(place, name)
        raise


def _prove(url: str, manifest: backup.Manifest) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("SET LOCAL row_security = off")
        found = backup.table_digests(conn)
    wrong = sorted(name for name in manifest.tables.keys() | found.keys() if manifest.tables.get(name) != found.get(name))
    if wrong:
        raise ServerError(f"the restored database is not equal to the backup: {', '.join(wrong[:5])} differ; nothing was replaced")


def drop(place: Place, name: str) -> None:
    """Remove a database, whoever is connected."""
    with place.maintain() as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def put_in_place(place: Place, name: str) -> str:
    """Let database `name` take the product's name; the old one is kept under the answered name, earlier kept ones are removed."""
    kept = f"{place.database}_before_{clock.now():%Y%m%d_%H%M%S}"
    with place.maintain() as conn:
        earlier = [one for one in _kept(conn, place) if one != name]
        exists = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (place.database,)).fetchone()
        if exists:
            _close(conn, place.database)
            _rename(conn, place.database, kept)
        _rename(conn, name, place.database)
        conn.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(sql.Identifier(place.database)))
        for old in earlier:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
    return kept if exists else ""


def previous(place: Place) -> str:
    """The database that the last restore put aside. Raises ServerError when there is none."""
    with place.maintain() as conn:
        found = _kept(conn, place)
    if not found:
        raise ServerError("nothing was put aside by a restore")
    return found[-1]


def _kept(conn: psycopg.Connection[Any], place: Place) -> list[str]:
    """Databases that restores have put aside, the newest last."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname"
    return [str(row[0]) for row in conn.execute(query, (f"{place.database}_before_",))]


def _close(conn: psycopg.Connection[Any], name: str) -> None:
    """Nobody may come in any more, and who is in leaves: the pools of the running system come back to the new one."""
    conn.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
    conn.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", (name,))


def _rename(conn: psycopg.Connection[Any], old: str, new: str) -> None:
    conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def files_in_place(archive: tarfile.TarFile, target: Path) -> None:
    """Replace the users' files by those of the backup; the old ones are kept as `files.before`."""
    fresh, before = target.with_name("files.new"), target.with_name("files.before")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    for member in archive.getmembers():
        if member.name.startswith(backup.FILES):
            member.name = member.name.removeprefix(backup.FILES)
            archive.extract(member, fresh, filter="data")
    shutil.rmtree(before, ignore_errors=True)
    if target.exists():
        target.rename(before)
    fresh.rename(target)


def files_back(target: Path) -> None:
    """Exchange the users' files with those a restore has put aside."""
    before, moving = target.with_name("files.before"), target.with_name("files.new")
    if before.exists():
        shutil.rmtree(moving, ignore_errors=True)
        target.rename(moving)
        before.rename(target)
        moving.rename(before)


def forget_memory(redis_url: str) -> None:
    """Empty our databases in Redis: screens, jobs and counters belong to the data that were replaced."""
    with redis.Redis.from_url(redis_url) as client:
        for number in REDIS_DATABASES:
            client.select(number)
            client.flushdb()
