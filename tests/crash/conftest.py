"""One system for each module of crash tests; a test may kill any part of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.system import System


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Servers of their own, for they are killed too; relay and one worker run."""
    folder = Path(tempfile.mkdtemp(prefix="crash"))
    folder.chmod(0o755)
    made = System.make(folder)
    try:
        made.run("relay", "workers.relay")
        made.run("worker", "workers.main")
        yield made
    finally:
        made.end()
        shutil.rmtree(folder, ignore_errors=True)
