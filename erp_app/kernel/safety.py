"""When the last backup and the last restore drill were and how they went: noted beside the backups, shown to operators."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from erp_app.kernel import clock

BACKUP, DRILL = "backup", "drill"


def note(folder: Path, kind: str, **facts: Any) -> None:
    """Remember how a backup or a drill went; `at` is now. What cannot be noted is no reason to fail what has been done."""
    text = json.dumps({"at": clock.now().isoformat(), **facts})
    fresh = folder / f"{kind}.json.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(folder / f"{kind}.json")
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def known(folder: Path, kind: str) -> dict[str, Any] | None:
    """Return what was noted last, with `age_seconds`; None when there was nothing yet, or it cannot be read."""
    try:
        found = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
        age = (clock.now() - clock.parse_moment(str(found["at"]), "UTC")).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {**found, "age_seconds": round(max(age, 0.0))}
