"""A backup: one file with the database, the users' files, and a manifest that lets a restored copy be proved equal.

The file is a tar archive: `manifest.json`, `database.dump` (pg_dump's own format, compressed) and `files/…`. The manifest holds a
SHA-256 of each, and the rows and digest of each table as they were in the very snapshot that was dumped.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.binaries import wheel_programs
from erp_app.kernel.embedded.process import tail_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files/"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Table:
    """What a table held: number of rows and SHA-256 of their text in the order of the primary key."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `entries`: SHA-256 by name in the archive; `tables`: by table name."""

    format: int
    made_at: str
    server_version: int
    entries: dict[str, str]
    tables: dict[str, Table]

    @staticmethod
    def read(text: bytes) -> Manifest:
        """From the archive's JSON. Raises ServerError for another format."""
        raw = json.loads(text)
        if raw.get("format") != FORMAT:
            raise ServerError(f"this backup has format {raw.get('format')}; this version reads format {FORMAT}")
        return Manifest(**(raw | {"tables": {name: Table(**one) for name, one in raw["tables"].items()}}))


def write(admin_url: str, files: Path, target: Path) -> Manifest:
    """Write a backup to `target`, complete or not at all. The system may be running. Raises ServerError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".unfinished")
    dump = target.with_name(target.name + ".dump")
    try:
        tables, version = _dump(admin_url, dump)
        found = sorted(path for path in files.rglob("*") if path.is_file() and not path.is_symlink())
        with tarfile.open(unfinished, "w", format=tarfile.GNU_FORMAT) as archive:
            entries = {DUMP: _add(archive, dump, DUMP)}
            entries |= {name: _add(archive, path, name) for path in found if (name := FILES + path.relative_to(files).as_posix())}
            manifest = Manifest(FORMAT, clock.now().isoformat(), version, entries, tables)
            _add_text(archive, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        unfinished.chmod(0o600)
        with unfinished.open("rb") as done:
            os.fsync(done.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise ServerError(f"the backup could not be written to {target}: {error.strerror}") from error
    finally:
        dump.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    return manifest


def table_digests(conn: psycopg.Connection[Any]) -> dict[str, Table]:
    """Rows and digest of every table of the product, as this transaction sees them."""
    names = conn.execute(
        "SELECT c.relname, coalesce(array_agg(a.attname ORDER BY k.place) FILTER (WHERE a.attname IS NOT NULL), '{}') FROM pg_class c "
        "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
        "LEFT JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) ON true "
        "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname",
    ).fetchall()
    return {name: _digest(conn, name, key) for name, key in names}


def _digest(conn: psycopg.Connection[Any], name: str, key: list[str]) -> Table:
    # Without a primary key the whole row is the order.
    order = sql.SQL(", ").join(map(sql.Identifier, key)) if key else sql.SQL("t::text")
    query = sql.SQL("COPY (SELECT t.* FROM {} t ORDER BY {}) TO STDOUT").format(sql.Identifier("public", name), order)
    total, rows = hashlib.sha256(), 0
    with conn.cursor() as cursor, cursor.copy(query) as stream:
        for block in stream:
            total.update(block)
            rows += bytes(block).count(b"\n")
    return Table(rows, total.hexdigest())


def _dump(admin_url: str, dump: Path) -> tuple[dict[str, Table], int]:
    """Dump the database and take its digests from the same snapshot."""
    with psycopg.connect(admin_url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        conn.execute("SET LOCAL row_security = off")  # whoever cannot see all rows is refused instead of dumping some
        if conn.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone() != (True,):
            raise ServerError("the role of DATABASE_URL does not see the rows of all companies; a superuser must give it BYPASSRLS")
        found = conn.execute("SELECT pg_export_snapshot()").fetchone()
        assert found is not None  # noqa: S101 - a SELECT without FROM has one row
        pg("pg_dump", "--format=custom", "--no-comments", f"--snapshot={found[0]}", f"--file={dump}", f"--dbname={admin_url}")
        return table_digests(conn), conn.info.server_version


def pg(program: str, *words: str) -> None:
    """Run one of PostgreSQL's client programs. Raises ServerError with its last words."""
    done = subprocess.run([str(wheel_programs() / program), *words], check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error:" in line]
        raise ServerError(said[0] if said else f"{program}: {tail_of(done.stderr) or f'exit code {done.returncode}'}")


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file under `name`; answer its SHA-256. It is read once, so the sum is of what was stored."""
    total = hashlib.sha256()
    info = archive.gettarinfo(str(path), arcname=name)
    info.uid = info.gid = 0
    info.mtime = int(info.mtime)
    info.uname = info.gname = ""
    with path.open("rb") as source:
        archive.addfile(info, _Summing(source, total))
    return total.hexdigest()


def _add_text(archive: tarfile.TarFile, name: str, text: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(text)
    archive.addfile(info, io.BytesIO(text))


class _Summing(io.RawIOBase):
    """A file that adds what is read from it to a digest."""

    def __init__(self, source: io.BufferedReader, total: Any) -> None:
        super().__init__()
        self._source, self._total = source, total

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        block = self._source.read(size)
        self._total.update(block)
        return block


@contextmanager
def opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """A backup that was read from beginning to end and found undamaged. Raises ServerError."""
    try:
        with tarfile.open(file, "r:") as archive:
            manifest = _proved(archive, file)
            yield archive, manifest
    except FileNotFoundError as error:
        raise ServerError(f"there is no backup {file}") from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ServerError(f"{file} is not a backup of this product, or it is damaged: {error}") from error


def _proved(archive: tarfile.TarFile, file: Path) -> Manifest:
    sums: dict[str, str] = {}
    manifest = None
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        if content is None or member.name in sums or ".." in Path(member.name).parts or member.name.startswith("/"):
            raise ServerError(f"{file} holds {member.name!r}, which no backup does")
        if member.name == MANIFEST:
            manifest = Manifest.read(content.read())
            continue
        total = hashlib.sha256()
        while block := content.read(CHUNK):
            total.update(block)
        sums[member.name] = total.hexdigest()
    if manifest is None:
        raise ServerError(f"{file} is damaged or cut off: it has no manifest")
    wrong = sorted(name for name in manifest.entries.keys() | sums.keys() if manifest.entries.get(name) != sums.get(name))
    if wrong:
        raise ServerError(f"{file} is damaged: {wrong[0]} is not what was backed up ({len(wrong)} of {len(sums)} entries differ)")
    return manifest
