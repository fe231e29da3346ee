"""The REST API over real HTTP semantics: what api.md promises, for every kind of caller."""

from __future__ import annotations

import threading

import httpx
import pytest

from erp_app.api import app as api
from erp_app.iam import login, tokens
from erp_app.kernel import bus, log
from tests.iam.people import PASSWORD, found


class Client:
    """A caller with a token (or none), synchronous over the ASGI application."""

    def __init__(self, app, token: str | None) -> None:
        self.app, self.headers = app, {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, **options) -> httpx.Response:
        import asyncio

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://erp") as client:
                return await client.request(method, path, headers={**self.headers, **options.pop("headers", {})}, **options)

        return asyncio.run(go())

    def get(self, path: str, **options) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, json=None, **options) -> httpx.Response:
        return self.call("POST", path, json=json, **options)


@pytest.fixture(scope="module")
def town(samples):
    return found()


@pytest.fixture(scope="module")
def app(town):
    return api.make()


def sign_in(app, company, short: str) -> Client:
    pair = tokens.issue(login.check(company.name(short), PASSWORD, address="127.0.0.1", via="api"))
    return Client(app, pair.access_token)


@pytest.fixture(scope="module")
def clients(app, town) -> dict[str, Client]:
    """One login for each person: they take a tenth of a second."""
    people = {short: sign_in(app, town.ours, short) for short in ("admin", "staff", "warehouse")}
    return {**people, "stranger": sign_in(app, town.theirs, "admin")}


@pytest.fixture
def admin(clients) -> Client:
    bus.client().flushdb()  # the count of requests
    return clients["admin"]


@pytest.fixture
def stranger(clients) -> Client:
    return clients["stranger"]


@pytest.fixture(scope="module")
def party(clients) -> str:
    answer = clients["admin"].post("/api/v1/sample-parties", {"code": "PT Baja", "name": "Baja"})
    assert answer.status_code == 201, answer.text
    return "PT Baja"


def order(**changes):
    return {"party": "PT Baja", "lines": [{"party": "PT Baja", "quantity": 2, "unit_price": "1500"}], **changes}


def refused(answer: httpx.Response, status: int, code: str) -> dict:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert "Traceback" not in answer.text
    return body


def test_create_answers_201_with_id_number_state_and_version(admin, party):
    answer = admin.post("/api/v1/sample-orders", order(effective_at="2026-02-01"))
    assert answer.status_code == 201
    made = answer.json()
    assert {"id", "number", "state", "version"} <= set(made)
    assert (made["total"], made["lines"][0]["quantity"], made["effective_at"]) == ("3000", "2", "2026-02-01T00:00:00+07:00")
    for ref in (made["id"], made["number"]):
        assert admin.get(f"/api/v1/sample-orders/{ref}").json() == made


def test_master_data_says_number_and_state_as_documents_do(clients):
    admin = clients["admin"]
    made = admin.post("/api/v1/units", {"code": "dozen", "name": "Dozen"}).json()
    assert (made["number"], made["state"], made["version"]) == ("dozen", "active", 1)
    assert admin.call("DELETE", "/api/v1/units/dozen").status_code == 204
    assert admin.get("/api/v1/units/dozen").json()["state"] == "inactive"
    assert {one["state"] for one in admin.get("/api/v1/units?filter[code]=dozen").json()["items"]} == {"inactive"}


def test_the_list_pages_sorts_searches_and_filters(admin, party):
    made = [admin.post("/api/v1/sample-orders", order(title=f"alpha {n}", priority="high", due_on=f"2026-04-0{n}")).json() for n in range(1, 5)]
    body = admin.get("/api/v1/sample-orders?q=alpha&sort=due_on&page=2&page_size=3&filter[priority]=high").json()
    assert (body["total"], body["total_exact"], body["page"]) == (4, True, 2)
    assert [one["number"] for one in body["items"]] == [made[3]["number"]]
    body = admin.get("/api/v1/sample-orders?filter[due_on][gte]=2026-04-02&filter[due_on][lt]=2026-04-04&sort=-due_on").json()
    assert [one["due_on"] for one in body["items"]] == ["2026-04-03", "2026-04-02"]
    assert "lines" not in body["items"][0]


@pytest.mark.parametrize(
    "query",
    [
        "color=1",
        "page=0",
        "page=x",
        "page_size=501",
        "page_size=-1",
        "sort=body",
        "sort=margin;drop",
        "filter[nothing]=1",
        "filter[total][like]=1",
        "filter[total]=abc",
        "filter[priority]=medium",
        "filter=1",
        "filter[due_on][gte]=yesterday",
        "q=a&q=b",
        "page=99999999",
        "sort=number,,",
    ],
)
def test_an_unknown_or_wrong_parameter_is_refused(admin, party, query):
    refused(admin.get(f"/api/v1/sample-orders?{query}"), 422, "ERP-1103")


def test_patch_needs_the_version_and_a_stale_one_is_409(admin, party):
    made = admin.post("/api/v1/sample-orders", order()).json()
    place = f"/api/v1/sample-orders/{made['id']}"
    refused(admin.call("PATCH", place, json={"title": "x"}), 422, "ERP-1106")
    assert admin.call("PATCH", place, json={"title": "x", "version": 1}).json()["version"] == 2
    refused(admin.call("PATCH", place, json={"title": "y", "version": 1}), 409, "ERP-1003")
    assert admin.call("DELETE", f"{place}?version=2").status_code == 204
    refused(admin.get(place), 404, "ERP-1001")


def test_actions_and_previews(admin, party):
    made = admin.post("/api/v1/sample-orders", order()).json()
    place = f"/api/v1/sample-orders/{made['number']}"
    seen = admin.post(f"{place}/preview/send", {"vehicle": "B 1"}).json()
    assert seen["changes"]["state"] == ["draft", "sent"]
    assert admin.get(place).json()["state"] == "draft"
    done = admin.post(f"{place}/actions/send", {"vehicle": "B 1", "version": 1})
    assert (done.status_code, done.json()["state"], done.json()["by"]) == (200, "sent", "B 1")
    refused(admin.post(f"{place}/actions/cancel", {"reason": "x"}), 409, "ERP-1602")
    refused(admin.post(f"{place}/actions/fly"), 404, "ERP-1404")
    refused(admin.post(f"{place}/actions/close", {"version": 1}), 409, "ERP-1003")
    assert admin.post(f"{place}/actions/close").json()["state"] == "closed"
    many = admin.post("/api/v1/sample-orders/actions/approve", {"ids": [made["id"], "nothing"]}).json()["results"]
    assert [one["code"] for one in many] == ["ERP-1602", "ERP-1001"]


def test_the_same_key_has_one_effect_also_from_eight_at_once(admin, party):
    answers: list[httpx.Response] = []
    body = order(title="only once")

    def send() -> None:
        answers.append(admin.post("/api/v1/sample-orders", body, headers={"Idempotency-Key": "key-1"}))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.status_code for one in answers} == {201}
    assert all(one.json() == answers[0].json() for one in answers)
    assert admin.get("/api/v1/sample-orders?q=only%20once").json()["total"] == 1
    refused(admin.post("/api/v1/sample-orders", order(), headers={"Idempotency-Key": "key-1"}), 409, "ERP-1409")
    refused(admin.post("/api/v1/sample-parties", body, headers={"Idempotency-Key": "key-1"}), 409, "ERP-1409")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[1]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b"[" * 20_000, 400),
        (b'{"party": NaN}', 422),
        (b'{"pieces": 1e400}', 422),
        (b"\xff\xfe", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", 400),
        (b'{"title": "\\u0000"}', 422),
        (b'{"title": "\\ud800"}', 422),
        (b'{"__class__": 1}', 422),
    ],
)
def test_malformed_content_is_a_problem_never_a_failure(admin, party, content, status):
    answer = admin.call("POST", "/api/v1/sample-orders", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [name for name in answer.json().get("errors", {}) if name.isdigit()]  # fields are named, not places in the text
    assert "Traceback" not in answer.text


def test_wrong_fields_are_named(admin, party):
    body = refused(admin.post("/api/v1/sample-orders", order(party="nobody", colour=1)), 422, "ERP-1102")
    assert set(body["errors"]) == {"party", "colour"}


def test_nobody_gets_anywhere(app, party):
    for method, path in (
        ("GET", "/api/v1/sample-orders"),
        ("POST", "/api/v1/sample-orders"),
        ("GET", "/api/v1/items/1"),
        ("GET", "/api/v1/sample-orders/export"),
    ):
        refused(Client(app, None).call(method, path), 401, "ERP-1300")
        refused(Client(app, "forged").call(method, path), 401, "ERP-1300")


def test_another_company_gets_404_for_every_door_of_a_record(admin, stranger, party):
    made = admin.post("/api/v1/sample-orders", order()).json()
    place = f"/api/v1/sample-orders/{made['id']}"
    admin.post(f"{place}/comments", {"body": "secret"})
    for method, path, body in (
        ("GET", place, None),
        ("PATCH", place, {"version": 1}),
        ("DELETE", place, None),
        ("POST", f"{place}/actions/send", {}),
        ("POST", f"{place}/preview/send", {}),
        ("GET", f"{place}/comments", None),
        ("POST", f"{place}/comments", {"body": "x"}),
        ("GET", f"{place}/attachments", None),
        ("GET", f"{place}/timeline", None),
        ("GET", f"{place}/graph", None),
        ("GET", f"{place}/pdf", None),
        ("GET", f"{place}/attachments/1", None),
    ):
        refused(stranger.call(method, path, json=body), 404, "ERP-1001")
    assert stranger.get("/api/v1/sample-orders").json() == {"items": [], "total": 0, "total_exact": True, "page": 1, "page_size": 50}


def test_a_wrong_role_is_refused_and_hidden_fields_stay_hidden(admin, clients, party):
    made = admin.post("/api/v1/sample-orders", order(margin=777)).json()
    place = f"/api/v1/sample-orders/{made['id']}"
    staff = clients["staff"]
    refused(staff.post(f"{place}/actions/approve"), 403, "ERP-1301")
    refused(staff.get("/api/v1/sample-orders/export"), 403, "ERP-1301")
    refused(staff.get(place), 404, "ERP-1001")
    mine = staff.post("/api/v1/sample-orders", order(lines=[{"party": "PT Baja", "quantity": 1}])).json()
    assert "margin" not in mine
    refused(staff.get("/api/v1/sample-orders?sort=margin"), 422, "ERP-1103")
    refused(staff.get("/api/v1/sample-orders?filter[margin][gt]=1"), 422, "ERP-1103")
    refused(staff.post("/api/v1/sample-orders", order()), 422, "ERP-1102")
    assert [one["id"] for one in staff.get("/api/v1/sample-orders").json()["items"]] == [mine["id"]]
    names = [one["name"] for one in staff.get("/api/v1/sample-orders/describe").json()["fields"]]
    assert "margin" not in names
    assert "title" in names


def test_comments_files_timeline_and_graph(admin, party):
    made = admin.post("/api/v1/sample-orders", order(title="one", others=["PT Baja"])).json()
    place = f"/api/v1/sample-orders/{made['id']}"
    admin.call("PATCH", place, json={"title": "two", "version": 1})
    said = admin.post(f"{place}/comments", {"body": "please look, @nobody"})
    assert said.status_code == 201
    refused(admin.post(f"{place}/comments", {"body": "  "}), 422, "ERP-1102")
    sent = admin.post(f"{place}/attachments", files={"file": ("../../paper <b>.pdf", b"%PDF-1.7 x", "text/html")})
    assert sent.status_code == 201
    assert sent.json()["name"] == "paper b.pdf"
    back = admin.get(f"{place}/attachments/{sent.json()['id']}")
    assert back.content == b"%PDF-1.7 x"
    assert back.headers["content-disposition"].startswith("attachment;")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["content-type"] == "application/pdf"
    stream = admin.get(f"{place}/timeline").json()["items"]
    assert [one["kind"] for one in stream] == ["attachment", "comment", "change", "change"]
    assert {"field": "title", "label": "Title", "kind": "text", "before": "one", "after": "two"} in stream[2]["changes"]
    drawn = admin.get(f"{place}/graph").json()
    assert {one["type"] for one in drawn["nodes"]} == {"sample-orders", "sample-parties"}
    assert drawn["edges"][0]["to"] == made["id"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.html", b"<html>"),
        ("x.pdf", b"<html>"),
        ("x.png", b"GIF89a"),
        ("x.svg", b"<svg/>"),
        ("x.exe", b"MZ"),
        ("x", b"abc"),
        ("x.pdf", b""),
        ("x.txt", b"\x00\x01"),
        ("x.csv", b"\xff\xfe"),
        ("x.pdf", b"%PDF-" + b"0" * (10 * 2**20)),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(admin, party, name, content):
    made = admin.post("/api/v1/sample-orders", order()).json()
    refused(admin.post(f"/api/v1/sample-orders/{made['id']}/attachments", files={"file": (name, content)}), 422, "ERP-1110")


def test_the_paper_of_a_document(admin, party):
    made = admin.post("/api/v1/sample-orders", order(title="=1+1 <b>")).json()
    answer = admin.get(f"/api/v1/sample-orders/{made['id']}/pdf")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_table_is_exported_and_imported_over_http(admin, party):
    admin.post("/api/v1/sample-parties", {"code": "EX1", "name": "=1+1"})
    answer = admin.get("/api/v1/sample-parties/export?format=csv&filter[code]=EX1")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=1+1" in answer.text
    assert admin.get("/api/v1/sample-parties/export").content.startswith(b"PK")
    text = answer.text.replace("EX1", "EX2").encode()
    seen = admin.post("/api/v1/sample-parties/import", files={"file": ("x.csv", text)}).json()
    assert (seen["valid"], seen["created"]) == (1, [])
    done = admin.post("/api/v1/sample-parties/import", files={"file": ("x.csv", text)}, data={"mode": "all"}).json()
    assert done["created"] == ["EX2"]
    assert admin.get("/api/v1/sample-parties/EX2").json()["name"] == "=1+1"
    refused(admin.post("/api/v1/sample-parties/import", files={"file": ("x.exe", b"MZ")}), 422, "ERP-1111")
    refused(admin.post("/api/v1/sample-parties/import", files={"file": ("x.csv", text)}, data={"mapping": "[1]"}), 422, "ERP-1112")


def test_a_custom_field_over_http_is_there_at_once(admin, stranger, party):
    field = {"name": "shade", "label": "Shade", "kind": "choice", "choices": ["dark", "light"]}
    assert admin.post("/api/v1/sample-orders/custom-fields", field).status_code == 201
    made = admin.post("/api/v1/sample-orders", order(custom={"shade": "dark"})).json()
    assert made["custom"] == {"shade": "dark"}
    assert [one["id"] for one in admin.get("/api/v1/sample-orders?filter[custom.shade]=dark").json()["items"]] == [made["id"]]
    assert stranger.get("/api/v1/sample-orders/custom-fields").json()["items"] == []
    refused(stranger.get("/api/v1/sample-orders?filter[custom.shade]=dark"), 422, "ERP-1103")


def test_the_handbook_names_every_resource_with_real_schemas(app):
    client = Client(app, None)
    document = client.get("/api/openapi.json").json()
    schema = document["components"]["schemas"]["SampleOrderInput"]
    assert schema["required"] == ["party", "lines"]
    assert "total" not in schema["properties"]
    assert document["components"]["schemas"]["SampleOrder"]["properties"]["state"]["enum"] == ["draft", "approved", "sent", "closed", "cancelled"]
    assert "/api/v1/sample-orders/{id}/actions/send" in document["paths"]
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "<script" not in page.text


def test_every_endpoint_declares_who_may_call_it(app):
    from erp_app.iam.declaration import rule_of

    routes = api.endpoints(app)
    assert len(routes) > 400
    assert [route.path for route in routes if rule_of(route.endpoint) is None] == []


def test_a_failure_inside_is_a_problem_without_details(app, admin, party, monkeypatch):
    from erp_app.document import service

    def fail(*_args, **_named):
        raise RuntimeError("secret detail")

    log.configure()  # the default renderer prints every local variable, for seconds
    monkeypatch.setattr(service, "get", fail)
    answer = admin.get("/api/v1/sample-orders/1")
    body = refused(answer, 500, "ERP-1500")
    assert "secret" not in str(body)


def test_a_role_without_the_right_is_refused(clients, party):
    refused(clients["warehouse"].get("/api/v1/sample-orders"), 403, "ERP-1301")


def test_a_refusal_is_told_in_the_language_asked_for(admin, party):
    indonesian = admin.get("/api/v1/items?page=0", headers={"Accept-Language": "id"}).json()
    assert indonesian["detail"] == "page mulai dari 1 dan page_size antara 1 dan 500."
    assert indonesian["errors"] == {"page": "di luar batas"}
    assert admin.get("/api/v1/items?page=0", headers={"Accept-Language": "fr, en"}).json()["detail"].startswith("page starts at 1")
