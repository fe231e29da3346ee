"""Starting a server process so that it dies with its parent, and finding what an earlier, killed parent left behind."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from erp_app.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOCKET_PATH_LIMIT = 100  # bytes; the kernel takes 107, PostgreSQL adds the name of a lock file
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServerError(Exception):
    """A server could not be started or has gone; the message is one line for the person at the terminal."""


def spawn(command: list[str], *, death_signal: signal.Signals = signal.SIGTERM, **options: Any) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own; the kernel sends it `death_signal` when the starting thread ends.

    `options` go to subprocess.Popen. Only Linux has the death signal; elsewhere the next start finds the survivors.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died between fork and here
            os._exit(1)

    # preexec_fn runs after the change of user, which would clear the signal; it only calls prctl, so a thread's lock cannot be met.
    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **options)  # noqa: S603, PLW1509


def wait_until(ready: Callable[[], bool], alive: Callable[[], bool], seconds: float) -> bool:
    """True as soon as `ready()`; False when `alive()` ends first or `seconds` have passed."""
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        if ready():
            return True
        if not alive():
            return ready()
        time.sleep(0.03)
    return False


def stop_process(process: subprocess.Popen[bytes], first: signal.Signals, seconds: float) -> None:
    """Ask with `first`, wait, then kill -9. The process is reaped in any case."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def living_in(folder: Path, program: str) -> list[psutil.Process]:
    """Processes called `program` whose working directory is `folder`: the servers of that folder, orphans too."""
    wanted = (folder.stat().st_dev, folder.stat().st_ino) if folder.is_dir() else None
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() != program or process.status() == psutil.STATUS_ZOMBIE:
                continue
            there = Path(f"/proc/{process.pid}/cwd").stat() if _LIBC is not None else Path(process.cwd()).stat()
        except (psutil.Error, OSError):
            continue
        if (there.st_dev, there.st_ino) == wanted:
            found.append(process)
    return found


def end_survivors(processes: Iterable[psutil.Process], first: signal.Signals, patience: float) -> int:
    """Stop processes that are not our children: `first`, then after `patience` seconds kill -9. Answers how many there were."""
    group = list(processes)
    for sig, seconds in ((first, patience), (signal.SIGKILL, 5.0)):
        for process in group:
            try:
                process.send_signal(sig)
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied as refused:
                raise ServerError(f"process {process.pid} of an earlier start is another user's; stop it first") from refused
        if wait_until(lambda: not any(map(_lives, group)), lambda: True, seconds):
            return len(group)
    raise ServerError(f"process {next(filter(_lives, group)).pid} of an earlier start cannot be ended")


def _lives(process: psutil.Process) -> bool:
    """False for the dead, also for those nobody has reaped (the first process of a container may not)."""
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tail(log: Path, lines: int = 1) -> str:
    """The last lines of a log in one line, for a message that says why a server did not start."""
    try:
        return tail_of(log.read_text(errors="replace"), lines)
    except OSError:
        return ""


def tail_of(text: str, lines: int = 1) -> str:
    """The last lines of a text in one line."""
    return " / ".join(line.strip() for line in text.strip().splitlines()[-lines:])


def private_folder(folder: Path, uid: int, gid: int) -> Path:
    """Make `folder` for `uid` alone (0700); a symlink or a folder of somebody else is refused, for it may lie under /tmp."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = folder.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid not in {uid, os.getuid()}:
        raise ServerError(f"{folder} belongs to another user")
    if there.st_uid != uid:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)
    return folder


def reachable(path: Path, uid: int, gid: int) -> bool:
    """True when `uid` may pass every folder above `path`."""
    if os.getuid() != 0 or uid == 0:
        return True
    for parent in path.resolve().parents:
        there = parent.stat()
        bit = stat.S_IXUSR if there.st_uid == uid else stat.S_IXGRP if there.st_gid == gid else stat.S_IXOTH
        if not there.st_mode & bit:
            return False
    return True


def socket_folder(folder: Path, longest_name: str, uid: int, gid: int) -> Path:
    """A private folder for the sockets of the server in `folder`.

    It lies inside; or under /tmp with a name made from the path, when the path is too long for a socket or `uid` cannot reach it.
    """
    inside = folder.resolve() / "sock"
    if len(os.fsencode(inside / longest_name)) <= SOCKET_PATH_LIMIT and reachable(inside, uid, gid):
        return private_folder(inside, uid, gid)
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return private_folder(Path("/tmp") / f"satu-{os.getuid()}-{digest}", uid, gid)  # noqa: S108


def lock_folder(folder: Path, whose: str) -> int:
    """Hold `folder` for this process: the answer is a descriptor, free again when it is closed or the process dies."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        os.close(handle)
        raise ServerError(f"{whose} in {folder} is already running, started by another process") from taken
    return handle
