"""Repeatable SQL: functions, triggers, policies and views, applied again whenever one of them or the schema changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "alembic" / "sql"


def files() -> list[Path]:
    """Return the SQL files in the order they are applied."""
    return sorted(FOLDER.glob("*.sql"))


def digest(revision: str) -> str:
    """Return the hash of all files together with the schema revision they are applied on."""
    total = hashlib.sha256(revision.encode())
    for path in files():
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def apply(conn: psycopg.Connection[Any], revision: str) -> bool:
    """Apply all files in one transaction when anything changed; return whether something was done.

    The connection belongs to the owner role. A failure leaves the previous state.
    """
    conn.execute("CREATE TABLE IF NOT EXISTS sql_state (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), sha256 text NOT NULL, revision text)")
    stored = conn.execute("SELECT sha256 FROM sql_state").fetchone()
    wanted = digest(revision)
    if stored is not None and stored[0] == wanted:
        conn.commit()
        return False
    for path in files():
        conn.execute(path.read_text(encoding="utf-8").encode())
    conn.execute(
        "INSERT INTO sql_state (sha256, revision) VALUES (%s, %s) ON CONFLICT (only_row) DO UPDATE SET sha256 = excluded.sha256, revision = excluded.revision",
        (wanted, revision),
    )
    conn.commit()
    return True
