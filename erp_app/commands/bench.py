"""`./erp bench NAME`: measure again what the documentation claims; one JSON line for each figure, on servers of its own."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "measure: posting, replay, repair, live, lists, memory; one JSON line for each figure"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which measurement, and how large."""
    parser.add_argument("name", choices=_names())
    parser.add_argument("--rows", type=int, default=None, help="size, where the measurement has one")
    parser.add_argument("--minutes", type=float, default=None, help="how long the load lasts, where the measurement has one")
    parser.add_argument("--repeats", type=int, default=None, help="how often each figure is taken")


def run(options: argparse.Namespace) -> int:
    """Measure; the exit code is 1 when a figure misses its goal."""
    measure = importlib.import_module(f"erp_app.bench.{options.name}").run
    taken = inspect.signature(measure).parameters
    given = {name: value for name in ("rows", "minutes", "repeats") if (value := getattr(options, name)) is not None and name in taken}
    good = True
    for figure in measure(**given):
        sys.stdout.write(json.dumps(figure) + "\n")
        sys.stdout.flush()
        good = good and bool(figure.get("ok", True))
    return 0 if good else 1


def _names() -> list[str]:
    """Return the measurements by their files, without loading them: a file with a `run` is one."""
    folder = Path(__file__).resolve().parents[1] / "bench"
    return sorted(one.stem for one in folder.glob("*.py") if "\ndef run(" in one.read_text(encoding="utf-8"))
