"""The shield: no page without a login, nothing from foreign sites, nothing too big, and the headers browsers need."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import JSONResponse

from erp_app.api.shield import Shield
from erp_app.iam import passwords, repo, sessions
from erp_app.kernel import limits
from erp_app.kernel.actor import system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD
from tests.security.small_app import page, small_app

HOST = "http://erp.example"


def app():
    made = small_app()
    made.mount("", page)
    return made


@pytest.fixture
def browser(town):
    def open_browser(token: str = "", peer: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=Shield(app()), client=(peer, 1))
        return httpx.AsyncClient(transport=transport, base_url=HOST, cookies={sessions.COOKIE: token} if token else None)

    return open_browser


@pytest.mark.parametrize("path", ["/", "/sales-orders", "/sales-orders/12", "/index.html", "/sales-orders/index.html", "/a.b/c", "/admin/queues", "/unknown"])
async def test_nobody_sees_a_page(browser, path):
    async with browser() as web:
        answer = await web.get(path)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/login?next=")
    assert "secret" not in answer.text


async def test_who_is_logged_in_sees_pages_with_all_headers(browser, town):
    async with browser(town.ours.log_in("admin")) as web:
        answer = await web.get("/sales-orders")
    assert answer.status_code == 200
    assert town.ours.name("admin") in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "wss://erp.example" in policy
    assert len(answer.headers["x-request-id"]) == 36


async def test_a_page_that_is_not_open_to_somebody_is_refused(browser, town):
    async with browser(town.ours.log_in("staff")) as web:
        answer = await web.get("/users")
        assert answer.status_code == 403
        assert "secret" not in answer.text
        assert (await web.get("/admin/queues")).status_code == 403
        assert (await web.get("/")).status_code == 200
    async with browser(town.ours.log_in("admin")) as web:
        assert (await web.get("/admin/queues")).status_code == 200


async def test_scripts_and_pictures_need_no_login(browser):
    async with browser() as web:
        for path in ("/assets/index-abc.js", "/erp.css", "/favicon.ico"):
            assert (await web.get(path)).status_code == 200
        assert (await web.post("/assets/index-abc.js")).status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://erp.example.evil.example"},
        {"Origin": "ftp://erp.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_site_can_post_nothing(browser, town, headers):
    async with browser(town.ours.log_in("admin")) as web:
        for path in ("/login", "/api/v1/auth/token", "/sales-orders"):
            answer = await web.post(path, headers=headers, content=b"{}")
            assert answer.status_code == 403, path


@pytest.mark.parametrize("path", ["/_upload", "/_upload/x.png", "/auth-codespace", "/_all_routes"])
async def test_the_frameworks_own_side_doors_are_shut(browser, town, path):
    async with browser(town.ours.log_in("admin")) as web:
        assert (await web.get(path)).status_code == 404
        assert (await web.post(path)).status_code == 404


async def test_too_big_a_body_is_refused_by_its_header_and_by_counting(browser, town):
    async with browser(town.ours.log_in("admin")) as web:
        assert (await web.post("/sales-orders", content=b"x" * (limits.BODY + 1))).status_code == 413

        async def endless():
            for _ in range(limits.BODY // 65536 + 2):
                yield b"x" * 65536

        assert (await web.post("/sales-orders", content=endless())).status_code == 413


async def test_login_sets_a_hidden_cookie_and_goes_on_with_a_full_load(browser, town):
    async with browser() as web:
        answer = await web.post("/login", data={"username": town.ours.name("staff").upper(), "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        token = web.cookies[sessions.COOKIE]
        assert sessions.load(token) is not None
        assert (await web.get("/")).status_code == 200
        out = await web.post("/logout")
        assert out.status_code == 303
        assert sessions.load(token) is None


async def test_the_cookie_is_secure_behind_tls(browser, town, monkeypatch):
    monkeypatch.setenv("ERP_COOKIE_SECURE", "true")
    settings.cache_clear()
    try:
        async with browser() as web:
            answer = await web.post("/login", data={"username": town.ours.name("staff"), "password": PASSWORD}, headers={"Origin": "https://erp.example"})
            assert answer.status_code == 303
            assert "Secure" in answer.headers["set-cookie"]
            assert "max-age" in answer.headers["strict-transport-security"]
            assert (await web.post("/login", headers={"Origin": "http://erp.example"})).status_code == 403
    finally:
        monkeypatch.delenv("ERP_COOKIE_SECURE")
        settings.cache_clear()


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/%2f/evil.example",
        "javascript:alert(1)",
        "/../x",
        "/nowhere-page",
        "\t//evil.example",
    ],
)
async def test_login_never_leads_to_another_site(browser, town, wanted):
    async with browser() as web:
        answer = await web.post("/login", data={"username": town.ours.name("staff"), "password": PASSWORD, "next": wanted})
    assert answer.headers["location"] == "/"


async def test_login_goes_on_to_the_page_that_was_wanted(browser, town):
    async with browser() as web:
        asked = await web.get("/departments/12")
        shown = await web.get(asked.headers["location"])
        assert 'name="next" value="/departments/12"' in shown.text
        answer = await web.post("/login", data={"username": town.ours.name("staff"), "password": PASSWORD, "next": "/departments/12"})
    assert answer.headers["location"] == "/departments/12"


@pytest.mark.parametrize(
    ("query", "accept", "word"), [("?lang=id", "", "Masuk"), ("?lang=en", "id", "Log in"), ("", "id-ID,id;q=0.9", "Masuk"), ("", "fr", "Log in")]
)
async def test_the_login_page_speaks_both_languages_and_needs_no_script(browser, query, accept, word):
    async with browser() as web:
        answer = await web.get(f"/login{query}", headers={"Accept-Language": accept})
    assert answer.status_code == 200
    assert f">{word}</button>" in answer.text
    assert "<script" not in answer.text
    assert "demo" not in answer.text.split("</style>")[1].lower()


async def test_what_was_typed_comes_back_escaped_and_the_password_never(browser):
    async with browser() as web:
        answer = await web.post("/login", data={"username": '"><img src=x onerror=alert(1)>', "password": "my secret password"})
    assert answer.status_code == 401
    assert "<img" not in answer.text
    assert "my secret password" not in answer.text
    assert "Username or password is wrong." in answer.text


async def test_demo_logins_are_shown_only_with_the_demo_company_on_this_machine(browser, monkeypatch):
    monkeypatch.setenv("ERP_DEMO", "true")
    settings.cache_clear()
    try:
        async with browser() as web:
            assert 'value="demo"' in (await web.get("http://localhost:8000/login")).text
        monkeypatch.setenv("ERP_HOST", "0.0.0.0")  # noqa: S104 - to show that it hides them
        settings.cache_clear()
        async with browser() as web:
            assert 'value="demo"' not in (await web.get("/login")).text
    finally:
        monkeypatch.undo()
        settings.cache_clear()


async def test_a_foreign_name_does_not_lead_to_the_demo(browser, monkeypatch):
    monkeypatch.setenv("ERP_DEMO", "true")
    settings.cache_clear()
    try:
        async with browser() as web:
            for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example"):
                assert (await web.get(f"http://{host}/login")).status_code == 421
            for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
                assert (await web.get(f"http://{host}/login")).status_code == 200
    finally:
        monkeypatch.undo()
        settings.cache_clear()


async def test_a_demo_password_is_not_taken_through_a_proxy(browser, town):
    with unit_of_work(system_actor(town.ours.id)) as work:
        repo.put_password(work, town.ours.users["staff"], passwords.make_hash("demo"), demo=True)
    form = {"username": town.ours.name("staff"), "password": "demo"}
    async with browser() as web:
        assert (await web.post("/login", data=form, headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 401
        assert (await web.post("/api/v1/auth/token", json=form, headers={"Forwarded": "for=127.0.0.1"})).status_code == 401
        assert (await web.post("/api/v1/auth/token", json=form)).status_code == 200
        assert (await web.post("/login", data=form)).status_code == 303


async def test_a_foreign_origin_opens_no_socket(town):
    reached = []

    async def socket_app(scope, receive, send):
        reached.append(scope["path"])
        await JSONResponse({})(scope, receive, send)

    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    def scope(origin):
        headers = [(b"host", b"erp.example"), *([(b"origin", origin)] if origin else [])]
        return {"type": "websocket", "path": "/_event", "headers": headers, "client": ("127.0.0.1", 1)}

    await Shield(socket_app)(scope(b"http://evil.example"), receive, send)
    assert reached == []
    assert sent == [{"type": "websocket.close", "code": 4403, "reason": "foreign origin"}]
