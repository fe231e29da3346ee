"""What screens fetch beside their live connection: suggestions of reference fields, downloads, uploads.

The browser's own session answers who asks; every endpoint declares the right it needs, as everywhere. A form that completes codes
while one types asks more often than a program should, so the screens' budget of events counts here, not the API's.
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from erp_app.api import problem
from erp_app.api.auth import Caller, resource_of, who_asks
from erp_app.document import attachments, exporting, printing, reference, registry, search, service
from erp_app.document.listing import Query as ListQuery
from erp_app.iam import throttle
from erp_app.iam.declaration import requires, rule_of
from erp_app.kernel import limits
from erp_app.kernel.access import may
from erp_app.kernel.errors import Forbidden, Invalid, NotFound, Throttled, Unauthorized
from erp_app.kernel.uow import Work, unit_of_work
from erp_app.stock import reservations

MAX_KEYS = 50
OFFERED = 20


def screen_gate(request: Request) -> None:
    """Stand before every endpoint of the screens.

    Raises:
        Unauthorized: ERP-1300 without a browser session. Forbidden: ERP-1301, ERP-1302. Throttled: ERP-1314.
    """
    rule = rule_of(getattr(request.scope.get("route"), "endpoint", None))
    who = None if request.headers.get("authorization") else who_asks(request)
    if who is None:
        raise Unauthorized("ERP-1300", "Nobody is logged in. Log in again.")
    request.state.identity = who
    wait = throttle.wait_for(f"events:{who.session_id}", limits.EVENTS_PER_MINUTE)
    if wait:
        raise Throttled("ERP-1314", f"Too many actions at once. Wait {wait} seconds.", data={"retry_after": wait})
    if rule is None:
        raise Forbidden("ERP-1302", "This is not allowed to anybody.")
    if rule.kind == "right" and not may(who.actor, resource_of(rule, request.path_params), rule.action):
        raise Forbidden("ERP-1301", f"You may not {rule.action} {resource_of(rule, request.path_params)}. Ask an administrator for the right.")


screens = FastAPI(dependencies=[Depends(screen_gate)], docs_url=None, redoc_url=None, openapi_url=None)


problem.install(screens)


Text = Annotated[str, Query(max_length=8000)]
Keys = Annotated[list[str], Query(max_length=MAX_KEYS)]


@screens.get("/lookup/{plural}")
@requires("{plural}", "view")
def lookup(plural: str, request: Request, actor: Caller, key: Keys = [], q: Text = "") -> dict[str, Any]:  # noqa: B006 - FastAPI copies it
    """Offer records for a reference field: those like `q`, or exactly those with the given keys."""
    with unit_of_work(actor) as work:
        if key:
            return {"items": _exact(work, plural, key)}
        return {"items": search.options(work, plural, q[:100], _condition(plural, request), OFFERED)}


@screens.get("/availability")
@requires("report-stock", "view")
def available(actor: Caller, place: Annotated[str, Query(max_length=100)], item: Keys) -> dict[str, Any]:
    """Tell what is on hand, promised and free of items at a place, for the lines of a form."""
    with unit_of_work(actor) as work:
        return {"items": reservations.availability(work, place, item)}


@screens.get("/attachments/{plural}/{record_id}/{file_id}")
@requires("{plural}", "view")
def download(plural: str, record_id: int, file_id: int, actor: Caller) -> Response:
    """Send a file of a record, always as a download."""
    with unit_of_work(actor) as work:
        _is(work, plural, record_id)
        found = attachments.content(work, record_id, file_id)
    return as_download(found["content"], found["name"], found["media_type"])


@screens.post("/attachments/{plural}/{record_id}", status_code=201)
@requires("{plural}", "edit")
def upload(plural: str, record_id: int, file: UploadFile, actor: Caller) -> dict[str, Any]:
    """Put a file on a record."""
    content = file.file.read(attachments.MAX_BYTES + 1)
    with unit_of_work(actor) as work:
        _is(work, plural, record_id)
        return attachments.add(work, record_id, file.filename or "file", content)


@screens.get("/print/{plural}/{ref}")
@requires("{plural}", "view")
def print_record(plural: str, ref: str, actor: Caller) -> Response:
    """Send a record as PDF, to be looked at in the browser."""
    with unit_of_work(actor) as work:
        name, content = printing.document_pdf(work, registry.get(plural), ref)
    return as_download(content, name, "application/pdf", inline=True)


@screens.get("/export/{plural}")
@requires("{plural}", "export")
def export(
    plural: str, actor: Caller, request: Request, q: Text = "", sort: Text = "", columns: Text = "", filters: Text = "{}", ids: Text = ""
) -> StreamingResponse:
    """Send what a list shows: its rows (or the chosen ones), its columns, its order."""
    kind = request.query_params.get("format", "xlsx")
    wanted = _object(filters)
    if ids:
        wanted["id"] = {"in": [int(one) for one in ids.split(",") if one.isdigit()]}
    with unit_of_work(actor) as work:
        query = ListQuery(q=q, sort=sort, filters=wanted)
        pieces = list(exporting.export(work, registry.get(plural), query, kind, only=[name for name in columns.split(",") if name]))
    headers = {"Content-Disposition": f'attachment; filename="{plural}.{kind}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(iter(pieces), media_type=exporting.MEDIA[kind], headers=headers)


def _is(work: Work, plural: str, record_id: int) -> None:
    """The right was checked for this type: the record must be one of it."""
    if service.type_of(work, record_id).plural != plural:
        raise NotFound("ERP-1001", f"There is no record {record_id}.")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Invalid("ERP-1103", "filters must be an object of fields.")
    return value


def as_download(content: bytes, name: str, media_type: str, *, inline: bool = False) -> Response:
    """Return bytes as a download the browser never takes for a page of ours."""
    how = "inline" if inline else "attachment"
    headers = {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _exact(work: Work, plural: str, keys: list[str]) -> list[dict[str, Any]]:
    found = reference.resolve(work, ((plural, one[:100]) for one in keys))
    return [one.as_dict() for one in {target.id: target for target in found.values()}.values()]


def _condition(plural: str, request: Request) -> dict[str, Any]:
    """Read `filter[kind]=warehouse` for columns the type really has."""
    columns = registry.get(plural).table.c
    wanted: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        column = name.removeprefix("filter[").removesuffix("]")
        if name.startswith("filter[") and column in columns and columns[column].info.get("kind"):
            wanted.setdefault(column, []).append(value)
    return wanted
