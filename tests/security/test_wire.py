"""Attacks with a real Socket.IO client and a real HTTP client against the running web process."""

from __future__ import annotations

import asyncio
import inspect
import json
import uuid

import httpx
import pytest
import socketio

from erp_app.iam import sessions
from erp_app.iam.models import Department
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD, found
from tests.security.callers import contents, refusals
from tests.security.server import Server
from tests.security.test_handlers import OURS as HANDLERS

ROOT_STATE = "reflex___state____state"
HYDRATE = f"{ROOT_STATE}.hydrate_and_load"
LISTING = f"{ROOT_STATE}.erp_app___state___listing____listing"
SECRET = "OUR-SECRET-DEPARTMENT"


@pytest.fixture(scope="module")
def town(admin_url):
    made = found()
    with unit_of_work(system_actor(made.ours.id)) as work:
        work.session.add(Department(tenant_id=made.ours.id, code=SECRET, name="Ours"))
    return made


@pytest.fixture(scope="module")
def server(town, tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("web"))
    try:
        made.wait()
        yield made
    finally:
        made.stop()


class Wire:
    """A socket with a cookie, an origin and a tab of one's choice; keeps all frames."""

    def __init__(self, server, *, session="", origin=None, tab=None, query=True):
        self.server, self.session, self.origin, self.query = server, session, origin, query
        self.tab = tab or str(uuid.uuid4())
        self.frames = []
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._take, namespace="/_event")

    def _take(self, name, *data):
        self.frames.append(json.dumps([name, data]))

    async def __aenter__(self):
        headers = {"Cookie": f"{sessions.COOKIE}={self.session}"} if self.session else {}
        if self.origin is not None:
            headers["Origin"] = self.origin
        address = f"{self.server.url}/_event" + (f"?token={self.tab}" if self.query else "")
        try:
            await self.client.connect(address, headers=headers, namespaces=["/_event"], transports=["websocket"], socketio_path="/_event", wait_timeout=5)
        except socketio.exceptions.ConnectionError:
            await self.client.eio.http.close()  # what the library leaves open when it is refused
            raise
        return self

    async def __aexit__(self, *_error):
        await self.client.disconnect()

    async def send(self, name, payload=None, path="/departments", **more):
        """Send an event with forged routing data, and wait for what it leads to."""
        router_data = {"pathname": path, "asPath": path, "query": {}, "headers": {"cookie": "satu_session=forged"}, "ip": "10.0.0.1"}
        before = len(self.frames)
        await self.client.emit("event", {"name": name, "payload": payload or {}, "router_data": router_data, "token": self.tab} | more, namespace="/_event")
        for _ in range(60):
            await asyncio.sleep(0.05)
            if len(self.frames) > before:
                await asyncio.sleep(0.25)
                break
        return " ".join(self.frames[before:])


async def test_a_person_with_the_right_gets_the_list_and_nothing_of_the_session(server, town):
    token = town.ours.log_in("admin")
    async with Wire(server, session=token, origin=server.url) as wire:
        answer = await wire.send(HYDRATE)
        for _ in range(40):
            if SECRET in " ".join(wire.frames):
                break
            await asyncio.sleep(0.1)
        everything = " ".join(wire.frames)
    assert answer
    assert SECRET in everything
    for word in (token, sessions.digest(token), "satu_session", PASSWORD, "$argon2", "forged"):
        assert word not in everything


async def test_a_foreign_origin_gets_no_socket(server, town):
    for origin in ("http://evil.example", "null", f"{server.url}.evil.example", "https://127.0.0.1"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with Wire(server, session=town.ours.log_in("admin"), origin=origin):
                pass


@pytest.mark.parametrize("kind", ["none", "invented", "logged out"])
async def test_without_a_session_there_are_no_data(server, town, database, kind):
    session = {"none": "", "invented": "A" * 43, "logged out": town.ours.log_in("admin")}[kind]
    if kind == "logged out":
        sessions.end(session)
    before = contents(database)
    async with Wire(server, session=session) as wire:
        for name in (HYDRATE, f"{ROOT_STATE}.hydrate", f"{LISTING}.open", f"{LISTING}.refresh"):
            assert "/login" in await wire.send(name)
        assert SECRET not in " ".join(wire.frames)
    assert contents(database) == before


async def test_logging_out_in_one_tab_ends_the_other_at_its_next_event(server, town):
    token = town.ours.log_in("admin")
    async with Wire(server, session=token) as wire:
        await wire.send(HYDRATE)
        await asyncio.to_thread(httpx.post, f"{server.url}/logout", headers={"Cookie": f"{sessions.COOKIE}={token}"})
        assert "/login" in await wire.send(f"{LISTING}.refresh")


async def test_another_sessions_tab_is_not_opened(server, town):
    async with Wire(server, session=town.ours.log_in("admin")) as wire:
        await wire.send(HYDRATE)
        tab = wire.tab
    for thief in (town.ours.log_in("staff"), town.theirs.log_in("admin"), ""):
        async with Wire(server, session=thief, tab=tab) as wire:
            for name in (HYDRATE, f"{ROOT_STATE}.hydrate", f"{LISTING}.refresh"):
                answer = await wire.send(name)
                assert SECRET not in answer
                assert "delta" not in answer or '"delta": {}' in answer.replace("'", '"')


async def test_another_company_sees_nothing_on_the_same_page(server, town):
    async with Wire(server, session=town.theirs.log_in("admin")) as wire:
        await wire.send(HYDRATE)
        await wire.send(f"{LISTING}.open")
        await asyncio.sleep(0.5)
        assert SECRET not in " ".join(wire.frames)
        assert town.ours.code not in " ".join(wire.frames)


@pytest.mark.parametrize(
    "name",
    [
        f"{LISTING}.setvar",
        f"{ROOT_STATE}.setvar",
        f"{ROOT_STATE}.erp_app___state___session____session.setvar",
        f"{ROOT_STATE}.erp_app___state___guard____tab_state.setvar",
    ],
)
async def test_setvar_is_refused_to_everybody(server, town, database, name):
    audits = refusals(database)
    async with Wire(server, session=town.ours.log_in("admin")) as wire:
        await wire.send(name, {"var_name": "open_pages", "value": ["*"]})
    assert refusals(database) == audits + 1


async def test_client_storage_events_set_no_var(server, town):
    async with Wire(server, session=town.ours.log_in("staff")) as wire:
        state = f"{ROOT_STATE}.erp_app___state___session____session"
        forged = {f"{state}.company": "FORGED", f"{state}.roles": "admin", f"{ROOT_STATE}.erp_app___state___guard____tab_state._session": "1"}
        await wire.send(f"{ROOT_STATE}.reflex___state____update_vars_internal_state.update_vars_internal", {"vars": forged})
        await wire.send(HYDRATE, {"vars": forged})
        await asyncio.sleep(0.5)
        assert "FORGED" not in " ".join(wire.frames)


async def test_malformed_frames_bring_nothing_down(server, town):
    for broken in (
        "text",
        "{",
        1,
        None,
        [],
        {"name": "nowhere.nothing"},
        {"name": 7},
        {"payload": {}},
        {"name": HYDRATE, "payload": "x"},
        {"name": "__class__"},
    ):
        async with Wire(server, session=town.ours.log_in("staff")) as wire:
            await wire.client.emit("event", broken, namespace="/_event")
            await asyncio.sleep(0.05)
            assert "Traceback" not in " ".join(wire.frames)
    async with Wire(server, session=town.ours.log_in("staff"), query=False) as wire:
        await wire.client.emit("event", {"name": HYDRATE, "payload": {}}, namespace="/_event")
        await asyncio.sleep(0.3)
        assert wire.frames == []
    assert (await asyncio.to_thread(httpx.get, f"{server.url}/healthz")).status_code == 200


STRANGE = [None, "x" * 50_000, -1, 10**30, 1e308, "\x00", "'; DROP TABLE department; --", "../../etc/passwd", {"a": 1}, [[[[]]]], True]


async def test_strange_arguments_are_refused_without_a_trace_and_the_server_lives(server, town, database):
    session = town.ours.log_in("staff")
    before = contents(database)
    async with Wire(server, session=session) as wire:
        await wire.send(HYDRATE)
        for name, one in HANDLERS.items():
            names = list(inspect.signature(one.handler.fn).parameters)[1:]
            for value in STRANGE if names else []:
                event = {
                    "name": name,
                    "payload": dict.fromkeys([*names, "extra"], value),
                    "router_data": {"pathname": "/departments", "asPath": "/departments"},
                }
                await wire.client.emit("event", event | {"token": wire.tab}, namespace="/_event")
        await asyncio.sleep(3)
        everything = " ".join(wire.frames)
    for word in ("Traceback", "psycopg", "sqlalchemy", "site-packages", "SELECT "):
        assert word not in everything
    after = contents(database)
    changed = {name for name, count in after.items() if count != before[name]}
    assert changed <= {"user_account"}  # a person's own language, theme and density
    assert (await asyncio.to_thread(httpx.get, f"{server.url}/healthz")).status_code == 200


def test_side_doors_over_http_are_shut(server, town):
    token = town.ours.log_in("admin")
    cookies = {sessions.COOKIE: token}
    for headers in ({}, {"reflex-client-token": str(uuid.uuid4()), "reflex-event-handler": f"{LISTING}.open"}):
        assert httpx.post(f"{server.url}/_upload", files={"files": ("x.html", b"<script>")}, cookies=cookies, headers=headers).status_code == 404
    assert httpx.get(f"{server.url}/_upload/x.html", cookies=cookies).status_code == 404
    assert httpx.post(f"{server.url}/login", data={"username": "a", "password": "b"}, headers={"Origin": "http://evil.example"}).status_code == 403
    polled = httpx.get(f"{server.url}/_event/?EIO=4&transport=polling", headers={"Origin": "http://evil.example"})
    assert polled.status_code >= 400 or "access-control-allow-origin" not in polled.headers


def test_scripts_of_other_sites_read_nothing_and_links_from_there_work(server, town):
    cookies = {sessions.COOKIE: town.ours.log_in("admin")}
    for path in ("/api/v1/departments", "/api/openapi.json", "/departments", "/erp.css"):
        answer = httpx.get(f"{server.url}{path}", cookies=cookies, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
        assert SECRET not in answer.text
    assert SECRET in httpx.get(f"{server.url}/api/v1/departments", cookies=cookies, headers={"Sec-Fetch-Site": "cross-site"}).text
