"""A backup brings the company back: into the running system, into an empty one, and in a drill; a damaged one changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from erp_app.kernel import safety
from tests.runtime.system import Up, erp, eventually, get

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


def note(system: Up, text: str) -> None:
    """One row and one file."""
    with psycopg.connect(system.endpoints().admin_url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS backup_note (note text PRIMARY KEY)")
        conn.execute("INSERT INTO backup_note VALUES (%s)", (text,))
    (system.data.files / f"{text}.txt").write_text(text)


def notes(system: Up) -> tuple[set[str], set[str]]:
    """Rows and files."""
    with psycopg.connect(system.endpoints().admin_url) as conn:
        rows = {str(row[0]) for row in conn.execute("SELECT note FROM backup_note")}
    return rows, {path.stem for path in system.data.files.glob("*.txt")}


def databases(system: Up) -> set[str]:
    """All databases that somebody may connect to."""
    with psycopg.connect(system.endpoints().admin_url) as conn:
        return {str(row[0]) for row in conn.execute("SELECT datname FROM pg_database WHERE datallowconn")}


def test_a_backup_comes_back_into_the_running_and_into_an_empty_system(up: Callable[..., Up], folder: Path, tmp_path: Path) -> None:
    system = up().ready()
    before = databases(system)
    file = tmp_path / "one.backup"
    note(system, "before")
    saved = erp(folder, "backup", str(file))
    assert saved.returncode == 0, saved.stderr
    assert f"{file}: " in saved.stdout
    note(system, "after")

    restored = erp(folder, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert "proved equal" in restored.stdout
    assert notes(system) == ({"before"}, {"before"})
    assert eventually(lambda: 200 <= get(system.port) < 500)

    back = erp(folder, "restore", "--previous")
    assert back.returncode == 0, back.stderr
    assert notes(system) == ({"before", "after"}, {"before", "after"})
    assert databases(system) == before
    assert system.stop() == 0

    empty = folder.with_name("empty")
    moved = erp(empty, "restore", str(file))
    assert moved.returncode == 0, moved.stderr
    other = Up(empty)
    try:
        assert notes(other.ready()) == ({"before"}, {"before"})
    finally:
        assert other.stop() == 0


def test_a_damaged_backup_is_refused_and_changes_nothing(up: Callable[..., Up], folder: Path, tmp_path: Path) -> None:
    system = up().ready()
    file = tmp_path / "one.backup"
    note(system, "before")
    assert erp(folder, "backup", str(file)).returncode == 0
    note(system, "after")
    content = bytearray(file.read_bytes())
    for place in (600, content.rindex(b"before.txt"), content.rindex(b"rows")):
        damaged = tmp_path / f"damaged{place}.backup"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refused = erp(folder, "restore", str(damaged))
        assert refused.returncode == 1
        assert "damaged" in refused.stderr
        assert refused.stderr.count("\n") == 1
    cut = tmp_path / "cut.backup"
    cut.write_bytes(content[: len(content) * 2 // 3])
    assert erp(folder, "restore", str(cut)).returncode == 1
    assert erp(folder, "restore", str(tmp_path / "none.backup")).stderr == f"erp: there is no backup {tmp_path / 'none.backup'}\n"
    assert notes(system) == ({"before", "after"}, {"before", "after"})
    assert system.stop() == 0


def test_a_drill_proves_the_newest_backup_and_leaves_nothing(up: Callable[..., Up], folder: Path) -> None:
    system = up().ready()
    note(system, "before")
    before = databases(system)
    drill = erp(folder, "drill")
    assert drill.returncode == 0, drill.stdout + drill.stderr
    assert "equal; integrity clean" in drill.stdout
    assert databases(system) == before
    (made,) = system.data.backups.glob("*.backup")
    assert {path.name for path in system.data.backups.iterdir()} == {made.name, f"{safety.DRILL}.json"}
    assert system.stop() == 0
