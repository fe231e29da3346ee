"""Whether the database is known to be ready, so that a start need not load the whole product only to find nothing to do."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import psycopg

from erp_app.kernel import sqlfiles

if TYPE_CHECKING:
    from erp_app.kernel.datafolder import DataFolder

_ALSO = ("erp_app/kernel/roles.py", "erp_app/kernel/migrations.py")


def is_prepared(data: DataFolder, admin_url: str, *, demo: bool) -> bool:
    """True when this very database was prepared by these very sources, with the demo company if it is wanted."""
    file = data.run / "prepared"
    state = _state(admin_url)
    known = file.read_text(encoding="ascii").split() if file.exists() else []
    return bool(state) and known[:2] == [state, _sources()] and (not demo or known[2:] == ["demo"])


def note_prepared(data: DataFolder, admin_url: str, *, demo: bool) -> None:
    """Remember that it is."""
    words = [_state(admin_url), _sources(), *(["demo"] if demo else [])]
    (data.run / "prepared").write_text(" ".join(words), encoding="ascii")


def has_schema(admin_url: str) -> bool:
    """True when the database was prepared at all, by whatever version."""
    with psycopg.connect(admin_url) as conn:
        return conn.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL").fetchone() == (True,)


def _sources() -> str:
    """Digest of everything that makes the schema."""
    total = hashlib.sha256()
    folder = sqlfiles.ROOT / "alembic"
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.sql"), *(sqlfiles.ROOT / name for name in _ALSO)]):
        total.update(f"{path.relative_to(sqlfiles.ROOT)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _state(admin_url: str) -> str:
    """Which database it is (a restored one is another) and what was applied to it; empty when nothing was."""
    with psycopg.connect(admin_url) as conn:
        if conn.execute("SELECT to_regclass('public.sql_state') IS NULL OR to_regclass('public.alembic_version') IS NULL").fetchone() == (True,):
            return ""
        found = conn.execute(
            "SELECT d.oid || '-' || v.version_num || '-' || s.sha256 FROM pg_database d, alembic_version v, sql_state s"
            " WHERE d.datname = current_database()",
        ).fetchone()
    return str(found[0]) if found else ""
