"""Every endpoint of the real REST application against the callers nobody may serve: all refused, nothing written."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount, Route

from erp_app.api.auth import gate, resource_of
from erp_app.api.screens import screen_gate
from erp_app.api.shield import Shield
from erp_app.erp_app import app
from erp_app.iam import resources
from erp_app.iam.declaration import Rule, rule_of
from erp_app.iam.models import Department
from erp_app.iam.sessions import COOKIE
from erp_app.kernel import limits
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import found
from tests.security.callers import callers, contents, refusals

# Mounted applications with a door of their own: the shield asks for the right before it lets anybody through.
SHIELDED_MOUNTS = {"/admin/queues"}


@dataclass(frozen=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    rule: Rule | None

    def url(self, record_id: int) -> str:
        """The path with values in it: our department's where it speaks of a record."""
        filled = (
            self.path.replace("{ref}", str(record_id))
            .replace("{record}", str(record_id))
            .replace("{record_id}", str(record_id))
            .replace("{id}", str(record_id))
        )
        filled = filled.replace("{plural}", "departments").replace("{r}", "departments").replace("{name}", "trial-balance")
        return re.sub(r"\{[^}]*\}", "1", filled)


def walk(app, prefix=""):
    """All endpoints of an application, and those of what is mounted in it."""
    for found_route in iter_route_contexts(app.routes):
        route = found_route.original_route
        if isinstance(route, APIRoute):
            yield from (Endpoint(method, prefix + found_route.path, rule_of(route.endpoint)) for method in sorted(found_route.methods))
        elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from walk(route.app, prefix + route.path)
        elif isinstance(route, Mount):
            if route.path:
                yield Endpoint("MOUNT", prefix + route.path, None)
        elif isinstance(route, Route):
            yield Endpoint("ROUTE", prefix + route.path, rule_of(route.endpoint))


api = next(one for one in app.api_transformer if isinstance(one, FastAPI))
ENDPOINTS = list(walk(api))
CALLED = [one for one in ENDPOINTS if one.method not in ("MOUNT", "ROUTE")]


@pytest.fixture(scope="module")
def scene(admin_url):
    """Two companies, a record of ours, and the five callers."""
    town = found()
    with unit_of_work(system_actor(town.ours.id)) as work:
        record = Department(tenant_id=town.ours.id, code="OUR-SECRET", name="Our secret department")
        work.session.add(record)
        work.flush()
        record_id = record.id
    return town, callers(town.ours, town.theirs), record_id


def client(bearer="", session="", peer="127.0.0.1"):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Shield(api), client=(peer, 1), raise_app_exceptions=False),
        base_url="http://erp.example",
        headers=headers,
        cookies={COOKIE: session} if session else None,
    )


async def call(web, one, record_id):
    body = {"json": {}} if one.method in ("POST", "PUT", "PATCH") else {}
    return await web.request(one.method, one.url(record_id), **body)


def test_every_endpoint_declares_who_may_call_it():
    assert [f"{one.method} {one.path}" for one in CALLED if one.rule is None] == []
    assert [one.path for one in ENDPOINTS if one.method == "ROUTE"] == []
    assert {one.path for one in ENDPOINTS if one.method == "MOUNT"} <= SHIELDED_MOUNTS
    assert len(CALLED) > 60


def test_the_gate_stands_before_every_application():
    assert gate in [one.dependency for one in api.router.dependencies]
    for route in api.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            assert screen_gate in [one.dependency for one in route.app.router.dependencies]


def test_every_declared_right_is_a_right_there_is():
    known = {one.name: one.actions for one in resources.every()}
    wrong = []
    for one in CALLED:
        if one.rule is not None and one.rule.kind == "right":
            names = re.findall(r"\{(\w+)\}", one.path)
            resource = resource_of(
                one.rule, {"plural": "departments", "r": "departments", "name": "trial-balance"} | dict.fromkeys(set(names) - {"plural", "r", "name"}, "1")
            )
            if one.rule.action not in known.get(resource, ()):
                wrong.append(f"{one.method} {one.path}: {one.rule.action} on {resource}")
    assert wrong == []


@pytest.mark.parametrize(("who", "by"), [("nobody", "bearer"), ("disabled user", "bearer"), ("expired session", "session")])
async def test_whoever_is_not_logged_in_reaches_nothing(scene, database, monkeypatch, who, by):
    monkeypatch.setattr(limits, "REFUSALS_AUDITED_PER_MINUTE", 10**6)
    _, people, record_id = scene
    before = contents(database)
    wrong = []
    async with client(**{by: getattr(people[who], by)}) as web:
        for one in CALLED:
            if one.rule is not None and one.rule.kind != "public":
                answer = await call(web, one, record_id)
                if answer.status_code != 401 or "OUR-SECRET" in answer.text:
                    wrong.append(f"{one.method} {one.path}: {answer.status_code}")
    assert wrong == []
    assert contents(database) == before


async def test_a_user_without_roles_reaches_nothing_that_needs_a_right(scene, database, monkeypatch):
    monkeypatch.setattr(limits, "REFUSALS_AUDITED_PER_MINUTE", 10**6)
    _, people, record_id = scene
    before, audits = contents(database), refusals(database)
    wrong, tried = [], 0
    async with client(bearer=people["wrong role"].bearer) as web:
        for one in CALLED:
            if one.rule is not None and one.rule.kind == "right" and not one.path.startswith("/api/screen"):
                answer = await call(web, one, record_id)
                tried += 1
                if answer.status_code != 403:
                    wrong.append(f"{one.method} {one.path}: {answer.status_code}")
    assert wrong == []
    assert contents(database) == before
    assert refusals(database) == audits + tried


async def test_another_company_finds_none_of_our_records_and_changes_none(scene, database):
    town, people, record_id = scene
    before = contents(database, town.ours.id)
    wrong = []
    async with client(bearer=people["other tenant"].bearer) as web:
        for one in CALLED:
            answer = await call(web, one, record_id)
            if "OUR-SECRET" in answer.text or town.ours.code in answer.text or answer.status_code == 500:
                wrong.append(f"{one.method} {one.path}: {answer.status_code}")
        for method in ("GET", "PATCH", "DELETE"):
            answer = await web.request(method, f"/api/v1/departments/{record_id}", **({"json": {"name": "taken", "version": 1}} if method == "PATCH" else {}))
            assert answer.status_code == 404, method
    assert wrong == []
    assert contents(database, town.ours.id) == before


async def test_public_endpoints_are_few_and_known():
    public = {(one.method, one.path) for one in CALLED if one.rule is not None and one.rule.kind == "public"}
    assert public == {
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/logout"),
        ("POST", "/logout"),
        ("GET", "/welcome"),
        ("POST", "/welcome"),
        ("POST", "/api/v1/auth/token"),
        ("POST", "/api/v1/auth/refresh"),
        ("POST", "/api/v1/auth/revoke"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/docs"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }


async def test_numbers_for_operators_are_told_to_nobody_from_elsewhere(scene):
    async with client(peer="203.0.113.7") as web:
        assert (await web.get("/metrics")).status_code == 403
    async with client() as web:
        assert (await web.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 403
        assert (await web.get("/metrics")).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("nobody", 302), ("wrong role", 403), ("disabled user", 302), ("expired session", 302)])
async def test_the_dashboard_of_the_queues_is_for_operators(scene, who, status):
    async with client(session=scene[1][who].session) as web:
        for path in ("/admin/queues/", "/admin/queues/0/data/queues.json", "/admin/queues/0/view/jobs"):
            assert (await web.get(path)).status_code == status, path


async def test_the_hundred_and_first_request_of_a_minute_is_refused_with_the_time_to_wait(scene):
    town = scene[0]
    town.ours.hire("busy", "staff")
    async with client() as web:
        answer = await web.post("/api/v1/auth/token", json={"username": town.ours.name("busy"), "password": "correct horse battery"})
        assert answer.status_code == 200
        assert set(answer.json()) >= {"access_token", "refresh_token", "expires_in"}
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        codes = [(await web.get("/api/v1/departments", headers=headers)).status_code for _ in range(100)]
        assert codes == [200] * 100
        answer = await web.get("/api/v1/departments", headers=headers)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_sixth_wrong_password_is_throttled_whatever_the_client_says_of_its_address(scene):
    async with client(peer="203.0.113.7") as web:
        for n in range(5):
            answer = await web.post("/api/v1/auth/token", json={"username": f"guess{n}", "password": "wrong"}, headers={"X-Forwarded-For": f"10.0.0.{n}"})
            assert answer.status_code == 401
        for n in range(50):
            answer = await web.post("/api/v1/auth/token", json={"username": f"more{n}", "password": "wrong"}, headers={"X-Forwarded-For": f"10.1.0.{n}"})
            assert answer.status_code == 429
        assert 840 <= int(answer.headers["retry-after"]) <= 901
        form = await web.post("/login", data={"username": "anybody", "password": "wrong"})
    assert form.status_code == 429
    assert "Retry-After" in form.headers
    assert "Too many failed logins" in form.text


async def test_refresh_and_revoke_over_http(scene):
    town = scene[0]
    async with client() as web:
        pair = (await web.post("/api/v1/auth/token", json={"username": town.ours.name("staff"), "password": "correct horse battery"})).json()
        fresh = await web.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert fresh.status_code == 200
        headers = {"Authorization": f"Bearer {fresh.json()['access_token']}"}
        assert (await web.get("/api/v1/departments", headers=headers)).status_code == 200
        assert (await web.post("/api/v1/auth/revoke", json={"refresh_token": fresh.json()["refresh_token"]})).status_code == 204
        assert (await web.get("/api/v1/departments", headers=headers)).status_code == 401
        assert (await web.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401
