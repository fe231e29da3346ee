"""The script `./erp` and its commands: what is missing is said in one line, and every promised command is there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from erp_app.cli import main, names
from erp_app.kernel import build
from erp_app.kernel.installation import ROOT
from erp_app.kernel.same_origin import PLACE, SameOriginPlugin

PROMISED = {"up", "test", "tenant", "user", "check", "bench", "backup", "restore", "drill", "migrate", "demo", "repair", "trace", "worker"}


def call(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Call a copy of the script with nothing of ours in the environment."""
    return subprocess.run(["/bin/sh", str(folder / "erp"), *words], env=environment, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the script needs of a checkout, and a folder of programs."""
    for name in ("erp", "uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    return tmp_path


def test_without_python_it_says_what_to_install(checkout: Path) -> None:
    told = call(checkout, {"PATH": str(checkout / "bin")})
    assert told.returncode == 1
    assert told.stderr == "Satu ERP needs Python 3.11 or newer, or uv. Install one of them and call ./erp again.\n"


def test_a_python_that_is_too_old_is_passed_over(checkout: Path) -> None:
    old = checkout / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert call(checkout, {"PATH": str(checkout / "bin")}).returncode == 1


@pytest.mark.slow
def test_without_a_registry_it_says_so_and_leaves_no_half_environment_in_use(checkout: Path) -> None:
    away = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(checkout), "HTTPS_PROXY": away, "HTTP_PROXY": away, "ALL_PROXY": away,
        "UV_CACHE_DIR": str(checkout / "cache"), "UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0",
    }  # fmt: skip
    told = call(checkout, environment, "up")
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].endswith("the package registry cannot be reached; check the network and proxy"), told.stderr
    assert not (checkout / ".venv" / "satu-lock").exists()


def test_every_promised_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(names()) >= PROMISED
    with pytest.raises(SystemExit):
        main(["-h"])
    overview = capsys.readouterr().out
    assert [name for name in sorted(PROMISED) if f"\n    {name} " not in overview] == []
    assert "_prepare" not in overview


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["migrate", "--wrong"])
    assert refused.value.code == 2
    assert "unknown argument: --wrong" in capsys.readouterr().err


def test_the_digest_of_the_screens_follows_their_sources_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("erp_app/pages/home.py", "erp_app/commands/up.py", "assets/erp.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    before = build.digest()
    (tmp_path / "erp_app/commands/up.py").write_text("2")
    assert build.digest() == before
    for name in ("erp_app/pages/home.py", "assets/erp.css"):
        (tmp_path / name).write_text("2")
        assert build.digest() != before
        before = build.digest()


def test_only_another_layout_of_the_list_of_packages_is_taken_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    packages = tmp_path / build.PACKAGES
    packages.parent.mkdir()
    packages.write_text('{\n  "a": "1"\n}')
    for written, kept in (('{"a": "1"}', '{\n  "a": "1"\n}'), ('{"a": "2"}', '{"a": "2"}')):
        with build._package_list_as_it_was():
            packages.write_text(written)
        assert packages.read_text() == kept


def test_addresses_in_the_bundle_become_the_pages_own_origin(tmp_path: Path) -> None:
    bundle = tmp_path / "assets" / "app.js"
    bundle.parent.mkdir()
    bundle.write_text(f'a="ws://{PLACE}/_event";b=`http://{PLACE}/ping`;')
    SameOriginPlugin().post_build(static_dir=tmp_path)
    text = bundle.read_text()
    assert PLACE not in text
    assert '+"/_event")' in text
    assert '+"/ping")' in text
    assert text.count("location.origin") == 2
    with pytest.raises(SystemExit, match="no address found"):
        SameOriginPlugin().post_build(static_dir=tmp_path)
