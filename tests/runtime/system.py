"""`./erp up` as a real process on a folder of its own, watched from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from erp_app.kernel.datafolder import DataFolder, Endpoints
from erp_app.kernel.installation import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

READY_SECONDS = 150.0
STRANGERS = ("ERP_", "DATABASE_URL", "REDIS_URL")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return bool(holds())


def get(port: int, path: str = "/healthz") -> int:
    """Status of a page; 0 when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def command_line(process: psutil.Process) -> str:
    """Its command line; empty when it has just died."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


class Up:
    """One run of `./erp up`."""

    def __init__(self, data: Path, *words: str, port: int | None = None, python: str = sys.executable, **options: object) -> None:
        self.data = DataFolder(data)
        self.port = port or free_port()
        self.lines: list[str] = []
        environment = {name: value for name, value in os.environ.items() if not name.startswith(STRANGERS)}
        environment |= {"PYTHONPATH": str(ROOT), **dict(options.pop("env", {}))}  # type: ignore[call-overload]
        command = [python, "-P", "-m", "erp_app.cli", "up", "--data", str(data), "--port", str(self.port), "--no-demo", *words]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options,  # type: ignore[call-overload]
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def said(self) -> str:
        """Everything it has printed."""
        return "\n".join(self.lines)

    def ready(self) -> Up:
        """Wait for the last line of a start."""
        eventually(lambda: f"Ready: http://127.0.0.1:{self.port}" in self.lines or self.process.poll() is not None, READY_SECONDS)
        assert self.said.rpartition("\n")[2].startswith("Ready: "), self.said + self.logs()
        return self

    def logs(self) -> str:
        """The ends of all logs, for a failure."""
        return "".join(f"\n== {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in (self.data.path / "log").glob("*.log"))

    def endpoints(self) -> Endpoints:
        """Where the servers are."""
        found = self.data.announced()
        assert found is not None
        return found

    def ended(self, seconds: float = 60.0) -> int:
        """Its exit code."""
        self.process.wait(seconds)
        self._reader.join(5)
        return self.process.returncode

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as a person or a service manager does."""
        self.process.send_signal(number)
        return self.ended()

    def kill_everything(self) -> None:
        """Power off: all of it at once, nothing may run on to tidy up."""
        for one in [psutil.Process(self.process.pid), *self.family()]:
            one.suspend()
        for one in [psutil.Process(self.process.pid), *self.family()]:
            one.kill()
        self.process.wait(10)
        assert eventually(lambda: not self.family())

    def family(self) -> list[psutil.Process]:
        """All living processes of this installation except `up` itself, children of dead parents too."""
        return [process for process in psutil.process_iter() if process.pid != self.process.pid and self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            inside = Path(process.cwd()).is_relative_to(self.data.path)
            return inside or process.environ().get("ERP_SUPERVISED") == str(self.data.path)
        except psutil.Error:
            return False

    def child(self, *words: str) -> psutil.Process:
        """The first process whose command line holds all the words."""
        found = self.matching(*words)
        assert found, words
        return min(found, key=lambda one: one.create_time())

    def matching(self, *words: str) -> list[psutil.Process]:
        """All living processes whose command line holds all the words."""
        return [one for one in self.family() if all(word in command_line(one) for word in words)]


def erp(data: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One command of `./erp` on a data folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(STRANGERS)} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "erp_app.cli", words[0], "--data", str(data), *words[1:]]
    return subprocess.run(command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=200, check=False)
