"""`./erp test`: everything that must hold, or with `--fast` what can be known in a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import ROOT, this_python

if TYPE_CHECKING:
    import argparse

HELP = "run all checks and tests; --fast in a minute; further arguments go to pytest"
TAKES_REST = True
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SLOW = "not browser and not crash and not slow"
# What a change breaks most often, in less than a minute: kernel, people and rights, records, the arithmetic of costs, refusals of the ledger.
FAST = (
    "tests/kernel", "tests/i18n", "tests/accounting", "tests/iam", "tests/document/test_records.py", "tests/costing/test_cases.py",
    "tests/costing/test_plain.py", "tests/ledger/test_refusals.py", "tests/security/test_sql_text.py",
)


@dataclass(frozen=True)
class Check:
    """One program that reads the sources."""

    name: str
    command: tuple[str, ...]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--fast", action="store_true", help="less than a minute: the checks and a choice of quick tests")


def run(options: argparse.Namespace) -> int:
    """Run the checks side by side, then pytest, whose closing line is the last one. 1 when anything failed."""
    started = clock.monotonic()
    running = [(check, _begin(check)) for check in checks()]
    results = [_report(check, process, started) for check, process in running]
    selected = ["-m", SLOW, *FAST] if options.fast else []
    if not options.fast:
        need_browser()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ERP_", "DATABASE_URL", "REDIS_URL"))}
    tested = subprocess.run(this_python("-m", "pytest", *selected, *options.rest), cwd=ROOT, env=environment, check=False)  # noqa: S603
    return 0 if all(results) and not tested.returncode else 1


def checks() -> list[Check]:
    """The programs that read the sources."""
    programs = Path(sys.executable).parent
    return [
        Check("ruff", (str(programs / "ruff"), "check", "--quiet", ".")),
        Check("mypy", (str(programs / "mypy"),)),
        Check("imports", (str(programs / "lint-imports"),)),
    ]


def _begin(check: Check) -> subprocess.Popen[str]:
    return subprocess.Popen(check.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603


def _report(check: Check, process: subprocess.Popen[str], started: float) -> bool:
    """Wait for a check; what it found is printed when it failed."""
    said, _ = process.communicate()
    good = process.returncode == 0
    sys.stdout.write(f"{check.name}: {'passed' if good else 'FAILED'} ({clock.monotonic() - started:.0f} s)\n")
    if not good:
        sys.stdout.write(said.rstrip() + "\n")
    sys.stdout.flush()
    return good


def browser() -> str | None:
    """The browser the screens are tested with."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def need_browser() -> None:
    """Have Chromium, installing it where that is ours to do. Raises ServerError."""
    if browser() is not None:
        return
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise ServerError("the browser tests need Chromium; install it (sudo apt-get install chromium) or use ./erp test --fast")
    sys.stdout.write("Installing Chromium for the browser tests …\n")
    sys.stdout.flush()
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-liberation"]):
        done = subprocess.run(["apt-get", "--quiet", *words], env=quiet, check=False, capture_output=True, text=True)  # noqa: S603, S607
        if done.returncode:
            raise ServerError(f"Chromium could not be installed: {(done.stderr.strip().splitlines() or ['apt-get failed'])[-1]}")
    if browser() is None:
        raise ServerError("Chromium could not be installed: the package has no program of that name")
