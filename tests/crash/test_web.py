"""The web process is killed around the commit: a program that asks again with the same key gets one effect. Redis away: no login."""

from __future__ import annotations

import socket
import time
from http import HTTPStatus

import httpx
import pytest

from erp_app.iam import service as iam
from erp_app.iam import tokens
from erp_app.iam.login import Person
from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.crash.system import Part, System

pytestmark = [pytest.mark.crash, pytest.mark.slow]

KILLS = 10
POINTS = ("before_commit", "after_commit")
WEBS = ("web one", "web two")
PASSWORD = "correct-Horse-7-battery"


class Program:
    """A program that uses the API the way the contract says: one key for one wish, asked again until there is an answer."""

    def __init__(self, system: System, webs: list[tuple[str, Part]], token: str) -> None:
        self.system, self.webs = system, webs
        self.http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=20)
        self.asked = 0

    @property
    def base(self) -> str:
        """The server that is asked first."""
        return self.webs[0][0]

    @property
    def web(self) -> Part:
        """Its process."""
        return self.webs[0][1]

    def turn(self) -> None:
        """Ask the other server first from now on, as a load balancer would."""
        self.webs.append(self.webs.pop(0))

    def get(self, path: str) -> httpx.Response:
        return self.http.get(self.base + path)

    def login(self) -> httpx.Response:
        """Ask for tokens by username and password."""
        return self.http.post(self.base + "/api/v1/auth/token", json={"username": "robot", "password": PASSWORD})

    def post(self, path: str, content: dict, key: str, seconds: float = 40.0) -> httpx.Response:
        """Ask until the server has answered; a dead server is no answer."""
        end = time.monotonic() + seconds
        while True:
            self.asked += 1
            try:
                return self.http.post(self.base + path, json=content, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                assert time.monotonic() < end, self.system.story()
                self.system.keep()
                self.turn()
                time.sleep(0.05)


@pytest.fixture(scope="module")
def company(system) -> int:
    return iam.create_tenant("WEB", "Company of programs")


@pytest.fixture(scope="module")
def program(system, company) -> Program:
    """The API served by two of the product's web processes, and a logged-in program."""
    with unit_of_work(system_actor(company)) as work:
        user = iam.create_user(work, "robot", "Robot", roles=["admin"], password=PASSWORD, details={"service": True, "requests_per_minute": 6000})
    made = Program(system, [serve(system, name) for name in WEBS], tokens.issue(Person(company, user, "robot"), address="127.0.0.1").access_token)
    for _ in WEBS:
        system.wait(lambda: answers(made), 60.0, "the start of the web process")
        made.turn()
    return made


def serve(system: System, name: str) -> tuple[str, Part]:
    """Start one web process on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    part = system.run(name, "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-access-log", "tests.crash.web:app")
    return f"http://127.0.0.1:{port}", part


def answers(program: Program) -> bool:
    try:
        return program.get("/healthz").status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def rows(company: int, query: str) -> int:
    with unit_of_work(system_actor(company)) as work:
        return int(work.value(query))


def test_the_web_process_is_killed_around_the_commit(system, company, program):
    for n in range(KILLS):
        system.wait(lambda: answers(program), 30.0, "an answer of the web process")
        armed = program.web.arm(POINTS[n % len(POINTS)])
        answer = program.post("/api/v1/units", {"code": f"U{n}", "name": f"Unit {n}"}, key=f"wish-{n}")
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        assert not armed.exists()
    assert sum(system.parts[name].deaths for name in WEBS) == KILLS
    assert program.asked >= 2 * KILLS
    system.wait(system.settled, 90.0, "the end of the backlog")
    assert rows(company, "SELECT count(*) FROM unit WHERE code LIKE 'U%'") == KILLS
    assert rows(company, "SELECT count(*) FROM outbox WHERE name = 'document.changed' AND payload->>'type' = 'units'") == KILLS
    system.wait(lambda: system.unsealed() == 0, 30.0, "the sealing of the audit chain")
    assert rows(company, "SELECT count(*) FROM audit_verify(current_setting('app.tenant')::bigint)") == 0


def test_while_redis_is_away_nobody_logs_in_and_reading_goes_on(system, company, program):
    assert program.login().status_code == HTTPStatus.OK
    system.valkey.kill9()
    try:
        refused = program.login()
        assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE, refused.text
        assert program.get("/api/v1/units").json()["total"] >= 1
        assert program.post("/api/v1/units", {"code": "DARK", "name": "In the dark"}, key="dark").status_code == HTTPStatus.CREATED
        assert program.get("/readyz").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    finally:
        system.valkey.launch()
        system.valkey.wait()
    system.wait(system.settled, 90.0, "the end of the backlog")
    assert bus.client().ping()
    assert program.login().status_code == HTTPStatus.OK
