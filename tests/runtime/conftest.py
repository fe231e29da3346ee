"""Fixtures that start `./erp up` and end whatever a test leaves running."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from erp_app.kernel import build
from erp_app.kernel.datafolder import DataFolder
from erp_app.kernel.installation import ROOT
from tests.runtime.system import STRANGERS, Up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a short path that every account may pass."""
    made = Path(tempfile.mkdtemp(prefix="satu"))
    made.chmod(0o755)
    yield made / "data"
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def up(folder: Path, screens: None) -> Iterator[Callable[..., Up]]:
    """Starts `./erp up`; whatever a test leaves running is ended."""
    started: list[Up] = []

    def start(*words: str, **options: object) -> Up:
        started.append(Up(folder, *words, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    for one in started:
        for left in one.family():
            with suppress(psutil.NoSuchProcess):  # it may be ending by itself
                left.kill()


@pytest.fixture(scope="session")
def screens(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The screens are built once for all tests, as ourselves."""
    folder = DataFolder(tmp_path_factory.mktemp("build"))
    folder.make()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(STRANGERS)}
    build.build(environment | {"PYTHONPATH": str(ROOT), "ERP_DATA": str(folder.path)}, folder.log("build"))
