"""`./erp up`: one command from nothing to a running company, and everything stopped again at its end."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import redis

from erp_app.kernel import build, clock, preparation
from erp_app.kernel.config import settings
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.embedded.process import end_survivors, spawn, tail
from erp_app.kernel.installation import ROOT, Servers, check_own_servers, child_env, ensure_database, owner_env, prepare_servers, this_python
from erp_app.kernel.limits import WORKER_PROCESSES
from erp_app.kernel.machine import answers, check_machine, is_loopback, left_behind
from erp_app.kernel.supervisor import Service, StopRequested, Supervisor, tell

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from erp_app.kernel.datafolder import DataFolder, Endpoints

HELP = "set up and start everything; Ctrl-C stops it"
PARTS = ("web", "relay", "worker")
DEMO_LOGINS = "admin, manager, staff (password demo); second company: admin2 (password demo)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demo company")
    parser.add_argument("--parts", default=",".join(PARTS), help="what to run here, when there are several machines (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Start, watch, stop."""
    data: DataFolder = options.data
    parts = tuple(options.parts.split(","))
    if unknown := [part for part in parts if part not in PARTS]:
        raise ServerError(f"there is no part {unknown[0]!r}; parts are {', '.join(PARTS)}")
    data.make()
    lock = data.lock()
    if lock is None:
        running = data.announced()
        where = f" at {running.web_url}" if running and running.web_url else ""
        raise ServerError(f"already running{where} on the data folder {data.path}")
    try:
        data.withdraw()
        check_machine(data, options.host, options.port)
        check_own_servers()
        demo = not options.no_demo and is_loopback(options.host)
        with Supervisor() as supervisor:
            try:
                Start(data, options.host, options.port, supervisor, demo=demo, parts=parts).run()
                supervisor.watch()
            except StopRequested:
                tell("Stopping before the start was complete …")
            finally:
                data.withdraw()
                tell("Stopping …")
        tell("Stopped.")
    finally:
        os.close(lock)
    return 0


class Start:
    """The steps of one start, in order, with the time on the screen."""

    def __init__(self, data: DataFolder, host: str, port: int, supervisor: Supervisor, *, demo: bool, parts: tuple[str, ...]) -> None:
        self.data, self.host, self.port, self.demo, self.parts = data, host, port, demo, parts
        self.supervisor = supervisor
        self.began = clock.monotonic()

    def say(self, text: str) -> None:
        """A progress line."""
        tell(f"{clock.monotonic() - self.began:6.1f} s  {text}")

    def run(self) -> None:
        """Start everything. Raises ServerError; what was started is stopped by the supervisor."""
        survivors = end_survivors(left_behind(self.data), signal.SIGTERM, 10.0)
        if survivors:
            self.say(f"Ended {survivors} processes of a start that was killed")
        servers = prepare_servers(self.data)
        self._databases(servers)
        endpoints = replace(servers.endpoints, web_url=self._url(), pid=os.getpid(), demo=self.demo)
        self._prepare(endpoints)
        environment = child_env(self.data, endpoints, host=self.host, port=self.port)
        if "web" in self.parts:
            self._screens(environment)
        self._workers(environment)
        if "web" in self.parts:
            self._web(environment | build.build_env() | SERVING, endpoints)
        self.data.announce(endpoints)
        self._greet()

    def _url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def _databases(self, servers: Servers) -> None:
        """PostgreSQL and Valkey."""
        if servers.postgres is not None:
            server = servers.postgres
            self._start(Service("PostgreSQL", server.launch, server.ready, signal.SIGINT, 30.0, 120.0), server.log)
            ensure_database(server)
        if servers.valkey is not None:
            memory = servers.valkey
            self._start(Service("Valkey", memory.launch, memory.ready, stop_seconds=15.0), memory.log)

    def _prepare(self, endpoints: Endpoints) -> None:
        """Migrate and load the demo company in a process of its own: it alone holds the owner's rights, and its memory ends with it."""
        if preparation.is_prepared(self.data, endpoints.admin_url, demo=self.demo):
            self.say(f"Database is up to date{', demo company is there' if self.demo else ''}")
            return
        command = this_python("-m", "erp_app.cli", "_prepare", "--data", str(self.data.path), *(["--demo"] if self.demo else []))
        environment = owner_env(self.data, endpoints) | {"ERP_DEMO": "1" if self.demo else "0"}
        log = self.data.log("prepare")
        with log.open("wb") as errors:
            process = spawn(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            for line in process.stdout or ():
                self.say(line.decode(errors="replace").rstrip())
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if code:
            raise ServerError(f"the database could not be prepared: {tail(log).removeprefix('erp: ')} (log: {log})")
        preparation.note_prepared(self.data, endpoints.admin_url, demo=self.demo)

    def _screens(self, environment: dict[str, str]) -> None:
        """Compile the screens when a source has changed."""
        if build.is_current():
            self.say("Screens are up to date")
            return
        self.say("Building the screens (about a minute, only when they changed) …")
        build.build(environment, self.data.log("build"), lambda line: self.say(f"… {line}"))
        self.say("Screens built")

    def _workers(self, environment: dict[str, str]) -> None:
        """Relay and job workers."""
        if "relay" in self.parts:
            self._child("relay", this_python("-m", "workers.relay"), environment)
        for number in range(1, WORKER_PROCESSES + 1 if "worker" in self.parts else 1):
            self._child(f"worker {number}", this_python("-m", "workers.main"), environment | {"ERP_WORKER": str(number)})

    def _web(self, environment: dict[str, str], endpoints: Endpoints) -> None:
        """The screens and the API."""
        where = ["--host", self.host, "--port", str(self.port), "--workers", str(settings().web_workers)]
        how = ["--interface", "asgi", "--factory", "--workers-kill-timeout", "5", "--no-access-log"]
        command = this_python("-m", "granian", *how, *where, "erp_app.erp_app:app")

        def launch() -> subprocess.Popen[bytes]:
            forget_sockets(endpoints)
            return self._spawn("web", command, environment)

        self._start(Service("web", launch, lambda: answers(self.host, self.port), stop_seconds=12.0, starting=120.0), self.data.log("web"))

    def _child(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        file = name.replace(" ", "-")
        self._start(Service(name, lambda: self._spawn(file, command, environment), stop_seconds=15.0), self.data.log(file))

    def _spawn(self, file: str, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self.data.log(file).open("ab") as log:
            return spawn(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _start(self, service: Service, log: Path) -> None:
        try:
            self.supervisor.start(service)
        except ServerError as error:
            said = tail(log) if service.process is not None else ""
            raise ServerError(f"{error}{f': {said}' if said else ''} (log: {log})") from error
        self.say(f"{service.name} {'started' if service.name.startswith(('worker', 'relay')) else 'ready'}")

    def _greet(self) -> None:
        self.say("All parts run; Ctrl-C stops them")
        if self.demo:
            tell(f"Demo logins: {DEMO_LOGINS}")
        elif not is_loopback(self.host):
            tell("No demo company: the address is open to others. Add people with ./erp tenant add and ./erp user add.")
        tell(f"Ready: {self._url() if 'web' in self.parts else ', '.join(self.parts)}")


SERVING = {
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_SOCKET_INTERVAL": "10",
    "REFLEX_SOCKET_TIMEOUT": "20",
}


def forget_sockets(endpoints: Endpoints) -> None:
    """Forget which browser tab held which socket: after a kill every tab would count as a duplicate and lose what it shows."""
    try:
        with redis.Redis.from_url(endpoints.redis_url, db=0, socket_timeout=10) as client:
            for key in client.scan_iter("token_manager_socket_record_*", count=1000):
                client.delete(key)
    except redis.RedisError as error:
        raise ServerError(f"Valkey does not answer: {error}") from error
