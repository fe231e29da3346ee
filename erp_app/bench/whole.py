"""A whole running system for a measurement: `./erp up` on a folder of its own, ended and removed afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from erp_app.kernel import bus
from erp_app.kernel.datafolder import DataFolder
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.process import spawn, stop_process
from erp_app.kernel.installation import ROOT, installation, this_python

_OURS = ("ERP_", "DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Whole:
    """Where a running system is: its port on this machine, its folder, and the process that watches over it."""

    port: int
    data: DataFolder
    pid: int


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def whole_system(*, demo: bool) -> Iterator[Whole]:
    """Start everything, point this process at it, and stop it at the end.

    Raises:
        ServerError: when it does not become ready; with the last line it said.
    """
    folder = Path(tempfile.mkdtemp(prefix="satu"))
    folder.chmod(0o755)
    port = free_port()
    words = ["-m", "erp_app.cli", "up", "--data", str(folder / "data"), "--port", str(port), *([] if demo else ["--no-demo"])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | {"PYTHONPATH": str(ROOT)}
    process = spawn(this_python(*words), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait(process)
        data = DataFolder(folder / "data")
        with installation(data):
            bus.client.cache_clear()
            yield Whole(port, data, process.pid)
    finally:
        bus.client.cache_clear()
        stop_process(process, signal.SIGTERM, 60.0)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Read what the start says until it is ready. Its later words are few and fit into the pipe."""
    last = ""
    for line in process.stdout or ():
        last = line.decode(errors="replace").strip()
        if last.startswith("Ready:"):
            return
    raise ServerError(f"the system did not start: {last}")
