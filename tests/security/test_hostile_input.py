"""Whatever is sent to the API, the answer is a problem with a code; nothing is a failure of ours, and nothing is a page."""

from __future__ import annotations

import json

import httpx
import pytest

from erp_app.api.serving import bare
from erp_app.iam import login, tokens
from erp_app.kernel import limits
from tests.iam.people import PASSWORD, found

ITEM = {"code": "H-1", "name": "x", "kind": "raw", "unit": "PCS"}
ORDER = "/api/v1/sales-orders"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def token(admin_url) -> str:
    town = found()
    town.ours.hire("robot", "admin", requests_per_minute=10_000)
    return tokens.issue(login.check(town.ours.name("robot"), PASSWORD, address="127.0.0.1", via="api")).access_token


@pytest.fixture
async def program(token):
    transport = httpx.ASGITransport(app=bare(), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def problem(answer: httpx.Response, *status: int) -> dict:
    assert answer.status_code in status, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"].startswith("ERP-")
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/items/1/2/3", "/api/foo", "/api/v1/sales-orders/1/actions/explode", "/api/v1/items/a%2Fb"])
async def test_an_unknown_address_is_404_with_any_method(program, path):
    for method in ("GET", "POST", "PATCH", "DELETE"):
        problem(await program.request(method, path, json={} if method in ("POST", "PATCH") else None), 404)


async def test_a_known_address_says_which_methods_it_takes(program):
    answer = await program.delete("/api/v1/items")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


async def test_nobody_learns_which_addresses_there_are(program):
    for path in ("/api/v1/nothing", "/api/v1/items"):
        problem(await program.get(path, headers={"Authorization": "Bearer nonsense"}), 401)


@pytest.mark.parametrize(
    "content",
    [
        b'{"code":', b"\xff\xfe{}", b"", b"null", b"[1]", b'"x"', b"[" * 20_000 + b"]" * 20_000, b'{"code":' + b"9" * 5000 + b"}",
        b'{"code":"A\\u0000B"}', b'{"code":"A\\ud800"}', b'{"\\ud800":1}', b'{"custom":{"a\\ud800":"x"}}', b'{"custom":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    ],
)
async def test_malformed_content_is_refused(program, content):
    problem(await program.post("/api/v1/items", content=content, headers=JSON), 400, 422)


@pytest.mark.parametrize(
    "quantity",
    ["NaN", "Infinity", "1e400", '"1e3000000"', '"1E999999999999"', '"1e-999999999"', "1e-9", '"-1"', "true", '"\u0661\u0662"', '"' + "9" * 40 + '"', "{}"],
)
async def test_a_quantity_is_an_exact_number_in_range(program, quantity):
    content = f'{{"lines":[{{"item":"NONE","quantity":{quantity}}}]}}'.encode()
    problem(await program.post(ORDER, content=content, headers=JSON), 400, 422)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
async def test_content_of_another_kind_is_415(program, kind):
    problem(await program.post("/api/v1/items", content=json.dumps(ITEM).encode(), headers={"Content-Type": kind}), 415)


async def test_too_much_content_is_413_also_when_its_length_is_not_told(program):
    async def pieces():
        for _ in range(20):
            yield b" " * (limits.BODY // 10)

    problem(await program.post("/api/v1/items", content=b" " * (limits.BODY + 1), headers=JSON), 413)
    problem(await program.post("/api/v1/items", content=pieces(), headers=JSON), 413)


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "page=1e3", "page=999999999999", "page_size=0", "page_size=100000", "sort=nope", "sort=%00", "sort=;drop",
        "filter[nope]=1", "filter[]=1", "filter[code][zz]=x", "filter[id]=99999999999999999999", "filter[created_at]=0000-01-01", "page=1&page=2", "zz=1",
    ],
)
async def test_a_question_that_is_not_understood_is_refused(program, query):
    problem(await program.get(f"/api/v1/items?{query}"), 422)


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=%27%3B--", "filter[code]=%00", "filter[code]='%20OR%201=1--", "q=%25%5C_"])
async def test_what_looks_like_sql_or_is_no_text_finds_nothing(program, query):
    answer = await program.get(f"/api/v1/items?{query}")
    assert answer.status_code in (200, 422), answer.text
    assert answer.status_code == 422 or answer.json()["items"] == []


async def test_a_foreign_site_is_told_so_as_a_problem(program):
    assert problem(await program.post("/api/v1/items", json=ITEM, headers={"Origin": "http://evil.example"}), 403)["code"] == "ERP-1416"
