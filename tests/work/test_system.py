"""Operators see what waits and who works; nobody else does, and the job dashboard is shut without their right."""

from __future__ import annotations

import asyncio
import re

import httpx
import psycopg
import pytest
import redis
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from erp_app.api import metrics, system
from erp_app.api.auth import gate
from erp_app.api.queues_mount import PATH, QueuesMount
from erp_app.api.shield import Shield
from erp_app.iam import service as iam
from erp_app.iam import sessions
from erp_app.kernel import bus, meter
from erp_app.kernel.actor import system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import operations
from tests.work import ledger
from workers import queues
from workers.relay import forward

pytestmark = pytest.mark.usefixtures("ledgers")


@pytest.fixture(scope="module")
def company(ledgers) -> int:
    return iam.create_tenant("OPS", "Company with operators")


@pytest.fixture(scope="module")
def cookies(company) -> dict[str, str]:
    """Session cookies of an administrator and of a member of staff."""
    found = {}
    for name, role in (("olga", "admin"), ("stef", "staff")):
        with unit_of_work(system_actor(company)) as work:
            user = iam.create_user(work, name, name, roles=[role])
            found[name] = f"{sessions.COOKIE}={sessions.start(work, company, user, address='127.0.0.1', agent='test')}"
    return found


def ask(path, cookie="", client=("127.0.0.1", 1), method="GET", headers=None):
    """One request through shield, gate and mounts as the product puts them together."""
    inner = FastAPI(dependencies=[Depends(gate)])
    inner.include_router(system.router)
    inner.include_router(metrics.router)
    inner.mount(PATH, QueuesMount())

    @inner.exception_handler(ErpError)
    async def refused(request: Request, error: ErpError) -> JSONResponse:
        return JSONResponse({"code": error.code}, error.status)

    async def send():
        transport = httpx.ASGITransport(metrics.Measured(Shield(inner)), client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await http.request(method, path, headers={"Cookie": cookie, **(headers or {})})

    return asyncio.run(send())


def test_alive_and_ready_need_no_login(company):
    assert ask("/healthz").json() == {"ok": True}
    ready = ask("/readyz")
    assert (ready.status_code, ready.json()["database"], ready.json()["redis"]) == (200, True, True)


def test_not_ready_without_redis(company, monkeypatch):
    nowhere = redis.Redis(unix_socket_path="/nowhere.sock", retry=None)
    monkeypatch.setattr(bus, "client", lambda *_: nowhere)
    ready = ask("/readyz")
    assert (ready.status_code, ready.json()["redis"], ready.json()["database"]) == (503, False, True)


def test_queues_say_what_waits_and_since_when(company, cookies):
    before = ask("/api/v1/system/queues", cookies["olga"]).json()["outbox"]["pending"]
    ledger.happen(company, 3)
    answer = ask("/api/v1/system/queues", cookies["olga"])
    assert answer.status_code == 200
    assert set(answer.json()) == {"hpp_queue", "stock_fix_queue", "outbox", "deliveries"}
    assert answer.json()["outbox"]["pending"] == before + 3
    assert answer.json()["outbox"]["oldest_seconds"] > 0
    assert answer.json()["hpp_queue"]["pending"] == 0


@pytest.mark.parametrize("path", ["/api/v1/system/queues", "/api/v1/system/snapshot", PATH, f"{PATH}/0/data/queues.json"])
def test_nobody_else_sees_them(company, cookies, path):
    assert ask(path, cookies["stef"]).status_code == 403
    assert ask(path).status_code in (303, 401, 302)


def test_the_snapshot_tells_queues_failures_and_speed(company, cookies, work_off):
    with unit_of_work(system_actor(company)) as work:
        work.emit("test.poison", {})
    with psycopg.connect(settings().relay_url or "", autocommit=True) as conn:
        while forward(conn):
            pass
    work_off()
    ask("/healthz")
    meter.share("web", every=0)
    found = ask("/api/v1/system/snapshot", cookies["olga"]).json()
    assert "default" in [one["name"] for one in found["queues"]]
    assert [one["error"] for one in found["failed"]] == ["RuntimeError: nobody can handle this"]
    assert found["processes"]["counters"]["responses_2xx"] >= 1
    assert 0 < found["processes"]["p95"]["request"] <= 10


def test_given_up_events_are_sent_again_by_an_operator_only(company, cookies, ledgers):
    with psycopg.connect(ledgers, autocommit=True) as admin:
        admin.execute("UPDATE event_delivery SET given_up = true WHERE consumer = 'test.poison'")
    path = "/api/v1/system/deliveries/retry"
    assert ask(path, cookies["stef"], method="POST").status_code == 403
    assert ask(path, cookies["olga"], method="POST").json() == {"revived": 1}


def test_metrics_are_for_this_machine_and_for_operators(company, cookies):
    text = ask("/metrics").text
    assert re.search(r'^satu_events_pending\{queue="outbox"\} \d+$', text, re.MULTILINE)
    assert re.search(r"^satu_request_seconds_count \d+$", text, re.MULTILINE)
    assert "satu_part_up" in text
    far = ("203.0.113.9", 1)
    assert ask("/metrics", client=far).status_code == 403
    assert ask("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert ask("/metrics", cookies["stef"], client=far).status_code == 403
    assert ask("/metrics", cookies["olga"], client=far).status_code == 200


def test_the_dashboard_of_the_jobs_opens_for_an_operator(company, cookies):
    queues.queue("pdf").enqueue("workers.job.run", args=("test.row", company, "", []), job_id="shown")
    assert "RQ" in ask(PATH + "/", cookies["olga"]).text
    found = ask(f"{PATH}/0/data/queues.json", cookies["olga"])
    assert found.status_code == 200
    assert {"name": "pdf", "count": 1}.items() <= next(one for one in found.json()["queues"] if one["name"] == "pdf").items()
    page = ask(PATH + "/", cookies["olga"]).text
    for file in re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', page):
        assert ask(file, cookies["olga"]).status_code == 200, file
        assert ask(file).status_code != 200
    job = ask(f"{PATH}/0/data/job/shown.json", cookies["olga"])
    assert "workers.job.run" in job.json()["description"]


def test_workers_that_are_silent_are_not_counted(company):
    assert operations.workers() == []
