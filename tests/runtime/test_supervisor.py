"""What dies is started again, with growing pauses while it keeps dying; everything is stopped in reverse order."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.process import spawn
from erp_app.kernel.supervisor import Service, Supervisor


def service(name: str, program: str, **options: object) -> Service:
    """A service that is a line of Python."""
    return Service(name, lambda: spawn([sys.executable, "-c", program]), **options)  # type: ignore[arg-type]


def soon_stop(seconds: float) -> None:
    """Send ourselves SIGTERM as a service manager would."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM)).start()


def test_what_keeps_dying_is_started_with_growing_pauses() -> None:
    said: list[str] = []
    dying = service("dying", "raise SystemExit(3)")
    with Supervisor(said.append) as supervisor:
        supervisor.start(dying)
        soon_stop(2.5)
        supervisor.watch()
    told = [line for line in said if "dying ended" in line]
    assert told[:2] == ["dying ended (exit code 3); starting it again in 0.5 s", "dying ended (exit code 3); starting it again in 1.0 s"]
    assert len(told) <= 3


def test_services_stop_in_reverse_order_and_take_their_children_along(tmp_path: Path) -> None:
    said: list[str] = []
    note = tmp_path / "child"
    parent = f"import subprocess, time; c = subprocess.Popen(['sleep', '600']); open({str(note)!r}, 'w').write(str(c.pid)); time.sleep(600)"
    with Supervisor(said.append) as supervisor:
        supervisor.start(service("first", "import time; time.sleep(600)"))
        supervisor.start(service("second", parent, ready=lambda: note.exists() and bool(note.read_text())))
        soon_stop(0.2)
        supervisor.watch()
    assert [line.split(" (")[0] for line in said] == ["Stopped second", "Stopped first"]
    time.sleep(0.1)
    stat = Path(f"/proc/{note.read_text()}/stat")
    assert not stat.exists() or " Z " in stat.read_text()


def test_a_service_that_ends_while_starting_is_told() -> None:
    with Supervisor(lambda _line: None) as supervisor, pytest.raises(ServerError, match="broken ended with 4"):
        supervisor.start(service("broken", "raise SystemExit(4)", ready=lambda: False))


def test_one_that_ignores_the_request_is_killed_in_time() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    began = time.monotonic()
    with Supervisor(lambda _line: None) as supervisor:
        supervisor.start(service("deaf", deaf, stop_seconds=0.5))
        time.sleep(0.3)
    assert time.monotonic() - began < 5
