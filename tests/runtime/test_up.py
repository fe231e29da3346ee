"""One command starts everything and stops everything; what cannot work is refused in one line before anything runs."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from erp_app.kernel import machine
from erp_app.kernel.datafolder import DataFolder
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import ROOT, installation
from tests.runtime.system import Up, eventually, free_port, get

pytestmark = pytest.mark.slow
Start = Callable[..., Up]


def test_it_serves_until_it_is_stopped_and_leaves_nothing(up: Start) -> None:
    system = up().ready()
    assert 200 <= get(system.port) < 500
    with psycopg.connect(system.endpoints().admin_url) as conn:
        assert conn.execute("SHOW data_checksums").fetchone() == ("on",)
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
    assert_private(system)

    second = up()
    assert second.ended() == 1
    assert second.lines == [f"erp: already running at http://127.0.0.1:{system.port} on the data folder {system.data.path}"]
    assert 200 <= get(system.port) < 500

    assert system.stop(signal.SIGTERM) == 0, system.said
    assert system.family() == []
    assert system.data.running() is None
    assert system.lines[-1] == "Stopped."


def assert_private(system: Up) -> None:
    """Secrets are readable by the owner only, and no child holds the owner's rights."""
    private = [system.data.path / name for name in ("run", "run/env.json", "files", "backups", "log", "postgres", "valkey")]
    assert [path.name for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    for process in system.family():
        assert not {"ERP_ADMIN_URL", "ERP_OWNER_URL", "DATABASE_URL"} & process.environ().keys(), process.cmdline()


def test_a_second_start_builds_and_migrates_nothing(up: Start) -> None:
    assert up().ready().stop(signal.SIGINT) == 0  # Ctrl-C
    again = up().ready()
    assert "Screens are up to date" in again.said
    assert "Database is up to date" in again.said
    assert again.stop() == 0
    assert again.family() == []


def test_a_stop_during_the_start_leaves_nothing(up: Start) -> None:
    system = up()
    assert eventually(lambda: "PostgreSQL ready" in system.said)
    system.stop()
    assert eventually(lambda: system.family() == [])
    assert "Ready" not in system.said


def test_a_port_that_is_taken_is_named(up: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        system = up(port=port)
        assert system.ended() == 1
    assert system.lines == [f"erp: cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with --port"]
    assert system.family() == []
    assert not (system.data.path / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "erp: DATABASE_URL: connection failed"),
        ("DATABASE_URL", "this is no address", "erp: DATABASE_URL: "),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "erp: REDIS_URL: "),
        ("REDIS_URL", "no address", "erp: REDIS_URL: "),
    ],
)
def test_a_server_that_is_not_there_is_named(up: Start, name: str, value: str, told: str) -> None:
    system = up(env={name: value})
    assert system.ended() == 1
    assert len(system.lines) == 1, system.said
    assert system.lines[0].startswith(told)
    assert "Traceback" not in system.said
    assert system.family() == []
    assert not (system.data.path / "postgres").exists()


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_cannot_be_is_told_before_anything_is_started(folder: Path, port: int) -> None:
    folder.mkdir()
    with pytest.raises(ServerError, match=f"there is no port {port}; choose one from 1 to 65535"):
        machine.check_machine(DataFolder(folder), "127.0.0.1", port)


def test_a_command_on_an_empty_folder_says_that_nothing_is_installed(folder: Path) -> None:
    with pytest.raises(ServerError, match=r"nothing is installed in .* yet: \./erp up or \./erp migrate makes the database"), installation(DataFolder(folder)):
        pass
    assert DataFolder(folder).running() is None
    with installation(DataFolder(folder), prepared=False) as endpoints:
        assert endpoints.embedded_database


def test_a_full_disk_is_told_before_anything_is_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "FREE_DISK_AT_START", 2**60)
    folder.mkdir()
    with pytest.raises(ServerError, match=r"the disk is full: \d+ MB free at .*, \d+ MB are needed to start"):
        machine.check_machine(DataFolder(folder), "127.0.0.1", free_port())


def test_a_data_folder_that_cannot_be_written_is_named(up: Start, folder: Path) -> None:
    folder.write_text("a file in its place")
    system = up()
    assert system.ended() == 1
    assert len(system.lines) == 1
    assert system.lines[0].startswith(f"erp: cannot write to the data folder {folder}: ")


@pytest.fixture
def ordinary() -> Iterator[dict[str, Any]]:
    """How to run something as an ordinary user: Popen options and an interpreter like ours (ours may lie in root's home)."""
    if os.getuid() != 0:
        yield {"python": sys.executable, "env": {}}
        return
    nobody = pwd.getpwnam("nobody")
    account: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    copy = Path(tempfile.mkdtemp(prefix="satupy"))
    copy.chmod(0o755)
    apart = shutil.ignore_patterns("test", "__pycache__", "site-packages", "*.a")
    shutil.copytree(sys.base_prefix, copy / "py", symlinks=True, ignore=apart)
    python = copy / "py" / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield account | {"python": str(python), "env": {"LD_LIBRARY_PATH": str(copy / "py" / "lib")}}
    shutil.rmtree(copy)


def test_an_ordinary_user_starts_it_as_root_does(up: Start, folder: Path, ordinary: dict[str, Any]) -> None:
    uid = ordinary.get("user", os.getuid())
    folder.mkdir()
    os.chown(folder, uid, ordinary.get("group", os.getgid()))
    ordinary["env"] |= {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]), "HOME": "/nonexistent"}
    system = up(**ordinary).ready()
    assert {process.uids().real for process in system.family()} == {uid}
    assert 200 <= get(system.port) < 500
    assert system.stop() == 0
    assert system.family() == []


def test_the_data_may_lie_where_nobody_else_may_look(screens: None) -> None:
    closed = Path(tempfile.mkdtemp(prefix="satu"))
    system = Up(closed / "data")
    try:
        system.ready()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert system.child("postgres", "-D").uids().real != 0
        assert system.stop() == 0
        assert Up(closed / "data", port=system.port).ready().stop() == 0
    finally:
        system.process.kill()
        for left in system.family():
            left.kill()
        shutil.rmtree(closed)
