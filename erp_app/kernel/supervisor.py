"""Keeps the processes of one installation alive: starts them in order, starts again what dies, stops them in reverse order."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.process import stop_process, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
HEALTHY_AFTER = 60.0  # seconds of life after which a death counts as the first again
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequested(BaseException):
    """SIGTERM or Ctrl-C arrived while starting; like KeyboardInterrupt it must not be swallowed."""


@dataclass
class Service:
    """One process that has to run.

    `launch` starts it (and cleans up after a predecessor that was killed), `ready` tells whether it serves, `starting` limits the
    wait in seconds.
    """

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    starting: float = 60.0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    again_at: float = 0.0
    restarts: int = field(default=0)

    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None

    def begin(self) -> None:
        """Start the process."""
        self.process = self.launch()
        self.started = clock.monotonic()

    def end(self) -> None:
        """Stop the process and whatever it has started in its session."""
        if self.process is None:
            return
        stop_process(self.process, self.stop_signal, self.stop_seconds)
        self.sweep()
        self.process = None

    def sweep(self) -> None:
        """Kill children that outlived the process: they are all in its process group."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def tell(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    with suppress(BrokenPipeError, OSError):
        sys.stdout.flush()


class Supervisor:
    """Runs services until it is told to stop."""

    def __init__(self, say: Callable[[str], None] = tell) -> None:
        self.say = say
        self.services: list[Service] = []
        self.stopping = False
        self.running = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before: list[tuple[signal.Signals, Any]] = []

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (*_SIGNALS, signal.SIGCHLD):
            self._before.append((number, signal.signal(number, self._arrived)))
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()
        signal.set_wakeup_fd(-1)
        for number, handler in self._before:
            signal.signal(number, handler)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _arrived(self, number: int, _frame: object) -> None:
        """Signal handler: the wake-up descriptor has been written; while starting, the start is broken off."""
        if number in _SIGNALS and not self.stopping:
            self.stopping = True
            if not self.running:
                raise StopRequested

    def start(self, service: Service) -> None:
        """Start one service and wait until it is ready. Raises ServerError."""
        self.services.append(service)
        service.begin()
        if not wait_until(service.ready, service.alive, service.starting):
            state = f"ended with {service.process.returncode}" if service.process and not service.alive() else "does not answer"
            raise ServerError(f"{service.name} {state}")

    def watch(self) -> None:
        """Keep everything running until SIGTERM or Ctrl-C."""
        self.running = True
        while not self.stopping:
            for service in self.services:
                self._look_after(service, clock.monotonic())
            readable, _, _ = select.select([self._wake_read], [], [], 1.0)
            if readable:
                os.read(self._wake_read, 4096)

    def _look_after(self, service: Service, now: float) -> None:
        """Start a dead service again: at once the first time, then with growing pauses."""
        if service.alive():
            return
        if service.process is not None:
            code = service.process.returncode
            service.sweep()
            service.process = None
            service.deaths = 1 if now - service.started > HEALTHY_AFTER else service.deaths + 1
            pause = min(FIRST_DELAY * 2 ** (service.deaths - 1), LONGEST_DELAY)
            service.again_at = now + pause
            self.say(f"{service.name} ended ({_reason(code)}); starting it again in {pause:.1f} s")
        if now < service.again_at:
            return
        try:
            service.begin()
            service.restarts += 1
        except (ServerError, OSError) as error:
            service.deaths += 1
            service.again_at = now + min(FIRST_DELAY * 2**service.deaths, LONGEST_DELAY)
            self.say(f"{service.name} could not be started: {error}")

    def stop_all(self) -> None:
        """Stop in reverse order; a second signal changes nothing, the work takes a bounded time."""
        self.stopping = True
        while self.services:
            service = self.services.pop()
            if service.process is None:
                continue
            started = clock.monotonic()
            service.end()
            self.say(f"Stopped {service.name} ({clock.monotonic() - started:.1f} s)")


def _reason(code: int) -> str:
    """Exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
