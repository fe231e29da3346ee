"""Open screens change by themselves, only for those who may see it, and after any gap nothing is stale."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import socketio

from erp_app.iam import service as iam
from erp_app.iam import sessions
from erp_app.kernel import bus, sqlfiles
from erp_app.kernel.actor import system_actor
from erp_app.kernel.embedded.process import spawn, wait_until
from erp_app.kernel.uow import unit_of_work

NAME = "reflex___state____state.tests___work___live_screen____follower"
MARK = "_rx_state_"


@pytest.fixture(scope="module")
def company(admin_url: str) -> int:
    return iam.create_tenant("LIVE", "Live company")


@pytest.fixture(scope="module")
def web(company: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One web process with the small screen; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("web") / "web.log"
    environment = os.environ | {
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "PYTHONPATH": str(sqlfiles.ROOT),
    }
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--factory",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "tests.work.live_screen:app",
    ]
    with log.open("wb") as out:
        process = spawn(command, cwd=sqlfiles.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        assert wait_until(lambda: _answers(port), lambda: process.poll() is None, 60), log.read_text()
        assert wait_until(lambda: bus.client().pubsub_numpat() > 0, lambda: process.poll() is None, 20), log.read_text()
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        sys.stdout.write(Path(log).read_text()[-4000:])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def person(tenant: int, name: str, role: str) -> tuple[int, str]:
    """Hire somebody and log in; return the user's id and the session's token."""
    with unit_of_work(system_actor(tenant)) as work:
        user = iam.create_user(work, name, name, roles=[role])
        return user, sessions.start(work, tenant, user, address="127.0.0.1", agent="test")


class Screen:
    """A browser tab as the server sees it: one socket, the last value of every var, events sent back as the page would."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.vars: dict[str, object] = {}
        self.changed = asyncio.Event()
        client.on("event", self._event, namespace="/_event")

    async def _event(self, update):
        for values in (update.get("delta") or {}).values():
            self.vars.update({key.removesuffix(MARK): value for key, value in values.items()})
        for event in update.get("events") or []:
            if event["name"].startswith(NAME):
                await self.send(event["name"].rpartition(".")[2])
        self.changed.set()

    async def send(self, handler, path="/", **payload):
        await self.client.emit(
            "event",
            {"name": f"{NAME}.{handler}", "payload": payload, "router_data": {"pathname": path, "asPath": path}},
            namespace="/_event",
        )

    async def wait(self, name, value, seconds=15.0):
        """Wait until a var has a value."""
        await self.until(lambda: self.vars.get(name) == value, f"{name} = {value!r}", seconds)

    async def until(self, ready, what, seconds=15.0):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, f"no {what}: {self.vars}"
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.1)
            except TimeoutError:
                continue

    async def follow(self, *topics, handler="follow"):
        self.vars.pop("joined", None)
        await self.send(handler, topics=list(topics))
        await self.until(lambda: self.vars.get("joined"), "answer")
        return self.vars.get("joined") == "True"


@asynccontextmanager
async def screen(port, token):
    client = socketio.AsyncClient(reconnection=False)
    tab = Screen(client)
    await client.connect(
        f"http://127.0.0.1:{port}/?token={os.urandom(16).hex()}",
        headers={"Cookie": f"{sessions.COOKIE}={token}"} if token else {},
        socketio_path="/_event",
        namespaces=["/_event"],
        transports=["websocket"],
        auth={"event": {"name": "reflex___state____state.hydrate", "payload": {}, "router_data": {"pathname": "/", "asPath": "/"}}},
    )
    try:
        yield tab
    finally:
        await client.disconnect()


def tell(tenant, *topics, event="thing.changed", **payload):
    bus.publish(tenant, {"topics": list(topics), "event": event, "payload": payload})


async def test_an_event_makes_the_screen_look_again(web, company):
    _, token = person(company, "look", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        tell(company, "stock")
        await tab.wait("looked", 1)


async def test_a_burst_is_coalesced_and_the_last_change_is_seen(web, company):
    _, token = person(company, "burst", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        for _ in range(200):
            tell(company, "stock")
        await asyncio.sleep(1.5)
        assert 1 <= int(str(tab.vars["looked"])) <= 3


async def test_a_value_is_pushed_to_all_in_the_room_without_a_query(web, company):
    _, token = person(company, "value", "admin")
    async with screen(web, token) as one, screen(web, token) as two:
        assert await one.follow("queue", handler="follow_value")
        assert await two.follow("queue", handler="follow_value")
        for n in (1, 2, 3):
            tell(company, "queue", live=n)
        await one.wait("value", 3)
        await two.wait("value", 3)
        assert "looked" not in one.vars or one.vars["looked"] == 0


async def test_other_companies_and_other_topics_are_not_heard(web, company):
    _, token = person(company, "deaf", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        tell(company + 1, "stock")
        tell(company, "ledger")
        await asyncio.sleep(0.7)
        assert tab.vars.get("looked", 0) == 0


async def test_nobody_joins_without_session_or_right(web, company):
    user, token = person(company, "small", "staff")
    async with screen(web, token) as tab:
        assert not await tab.follow("integrity")
        assert not await tab.follow(f"notify:{user + 1}")
        assert not await tab.follow("rec:999999999")
        assert not await tab.follow("anything:else")
        assert await tab.follow(f"notify:{user}")
    async with screen(web, "") as tab:
        assert not await tab.follow("stock")


async def test_on_another_page_the_rooms_of_the_first_are_left(web, company):
    _, token = person(company, "walker", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        tab.vars.pop("joined", None)
        await tab.send("follow", path="/elsewhere", topics=["ledger"])
        await tab.wait("joined", "True")
        tell(company, "stock")
        await asyncio.sleep(0.7)
        assert tab.vars.get("looked", 0) == 0
        tell(company, "ledger")
        await tab.wait("looked", 1)


async def test_who_is_disabled_hears_no_more(web, company):
    user, token = person(company, "leaver", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        with unit_of_work(system_actor(company)) as work:
            iam.disable_user(work, user, "left the company")
        tell(company, f"user:{user}", event="user.disabled")
        await tab.wait("looked", 1)  # told once more, so that the guard sends the tab to the login page
        tell(company, "stock")
        await asyncio.sleep(0.7)
        assert tab.vars["looked"] == 1


async def test_after_the_bus_was_cut_every_screen_looks_again(web, company):
    _, token = person(company, "gap", "admin")
    async with screen(web, token) as tab:
        assert await tab.follow("stock")
        bus.client().execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
        await tab.wait("looked", 1)
        await asyncio.sleep(0.7)
        tell(company, "stock")
        await tab.wait("looked", 2)


async def test_every_screen_shows_whether_it_is_live(web, company):
    _, token = person(company, "pulse", "staff")
    async with screen(web, token) as tab:
        assert await tab.follow("pulse", handler="follow_value")
        tell(company, "pulse", live="2026-11-21T04:00:00")
        await tab.wait("value", "2026-11-21T04:00:00")
        bus.client().execute_command("CLIENT", "KILL", "TYPE", "PUBSUB")
        await tab.wait("value", "paused")
        await tab.until(lambda: str(tab.vars["value"]).startswith("20"), "moment")
