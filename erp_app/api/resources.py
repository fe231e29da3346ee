"""The REST resources: every document type's list, records, steps, and what hangs on a record; generated from the registry.

Endpoints are plain functions (FastAPI runs them in threads) and only translate: rights, checks and effects are the services'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.responses import JSONResponse

from erp_app.api import openapi, problem
from erp_app.api.auth import Caller, requires
from erp_app.api.keyed import Key, keyed
from erp_app.api.query import page_query
from erp_app.document import describe, service
from erp_app.document.declare import Action, DocumentType
from erp_app.i18n import refusals
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import unit_of_work

Content = Annotated[dict[str, Any], Body()]
Optional = Annotated[dict[str, Any] | None, Body()]
Ref = Annotated[str, Path(alias="id", description="Id, number or code", max_length=200)]


def add(router: APIRouter, dt: DocumentType) -> None:
    """Add all endpoints of one document type."""
    _collection(router, dt)
    _record(router, dt)
    for action in dt.actions:
        _step(router, dt, action)


def _collection(router: APIRouter, dt: DocumentType) -> None:
    name = openapi.name_of(dt)

    @router.get(
        f"/{dt.plural}",
        responses=openapi.answers(openapi.ref(f"{name}Page")),
        tags=[dt.plural],
        summary=f"List {dt.label_plural.lower()}",
        operation_id=f"list_{dt.table.name}",
        openapi_extra={"parameters": openapi.list_parameters(dt)},
    )
    @requires(dt.plural, "view")
    def listed(request: Request, actor: Caller) -> JSONResponse:
        query = page_query(request.query_params.multi_items())
        with unit_of_work(actor) as work:
            found = service.page(work, dt, query)
        items = [answered(dt, one) for one in found.items]
        return JSONResponse({"items": items, "total": found.total, "total_exact": found.exact, "page": query.page, "page_size": query.page_size})

    @router.get(
        f"/{dt.plural}/describe",
        tags=[dt.plural],
        summary=f"Fields and steps of {dt.label_plural.lower()} for you",
        operation_id=f"describe_{dt.table.name}",
        responses=openapi.answers({"type": "object"}),
    )
    @requires(dt.plural, "view")
    def described(actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse(describe.describe(dt, actor, work))

    @router.post(
        f"/{dt.plural}",
        status_code=201,
        responses=openapi.answers(openapi.ref(name), 201, "Created"),
        tags=[dt.plural],
        summary=f"Create {dt.label.lower()}",
        operation_id=f"create_{dt.table.name}",
        openapi_extra=openapi.json_body(openapi.ref(f"{name}Input")),
    )
    @requires(dt.plural, "create")
    def create(request: Request, actor: Caller, content: Content, key: Key = None) -> JSONResponse:
        return JSONResponse(answered(dt, keyed(actor, request, key, content, lambda work: service.create(work, dt, content))), status_code=201)


def _record(router: APIRouter, dt: DocumentType) -> None:
    name, place = openapi.name_of(dt), f"/{dt.plural}/{{id}}"

    @router.get(
        place,
        responses=openapi.answers(openapi.ref(name)),
        tags=[dt.plural],
        summary=f"Read {dt.label.lower()}",
        operation_id=f"get_{dt.table.name}",
    )
    @requires(dt.plural, "view")
    def get(ref: Ref, actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse(answered(dt, service.get(work, dt, ref)))

    changes: openapi.Schema = {"allOf": [openapi.ref(f"{name}Input")], "properties": {"version": {"type": "integer"}}, "required": ["version"]}

    @router.patch(
        place,
        responses=openapi.answers(openapi.ref(name)),
        tags=[dt.plural],
        summary=f"Change {dt.label.lower()}",
        operation_id=f"update_{dt.table.name}",
        openapi_extra=openapi.json_body(changes),
    )
    @requires(dt.plural, "edit")
    def update(ref: Ref, actor: Caller, content: Content) -> JSONResponse:
        version, given = take_version(content)
        if version is None:
            raise Invalid("ERP-1106", "A change needs the version it is based on.", errors={"version": "is required"})
        with unit_of_work(actor) as work:
            return JSONResponse(answered(dt, service.update(work, dt, ref, given, version)))

    @router.delete(
        place,
        status_code=204,
        responses=openapi.answers(None, 204, "Removed"),
        tags=[dt.plural],
        summary=f"Remove {dt.label.lower()}",
        operation_id=f"remove_{dt.table.name}",
    )
    @requires(dt.plural, "edit")
    def remove(ref: Ref, actor: Caller, version: int | None = None) -> Response:
        with unit_of_work(actor) as work:
            service.remove(work, dt, ref, version)
        return Response(status_code=204)


def _step(router: APIRouter, dt: DocumentType, action: Action) -> None:
    place, body = f"/{dt.plural}/{{id}}", openapi.json_body(openapi.action_input(action), required=False)
    label = action.label or action.name

    @router.post(
        f"{place}/actions/{action.name}",
        responses=openapi.answers(openapi.ref(openapi.name_of(dt))),
        tags=[dt.plural],
        summary=f"{label}: {dt.label.lower()}",
        operation_id=f"{action.name}_{dt.table.name}",
        openapi_extra=body,
    )
    @requires(dt.plural, action.permission)
    def take(ref: Ref, request: Request, actor: Caller, content: Optional = None, key: Key = None) -> JSONResponse:
        version, given = take_version(content or {})
        return JSONResponse(answered(dt, keyed(actor, request, key, content, lambda work: service.act(work, dt, ref, action.name, given, version))))

    @router.post(
        f"{place}/preview/{action.name}",
        responses=openapi.answers({"type": "object"}),
        tags=[dt.plural],
        summary=f"What would change: {label}",
        operation_id=f"preview_{action.name}_{dt.table.name}",
        openapi_extra=body,
    )
    @requires(dt.plural, action.permission)
    def preview(ref: Ref, request: Request, actor: Caller, content: Optional = None, key: Key = None) -> JSONResponse:
        _, given = take_version(content or {})
        shown = service.preview(actor, dt, ref, action.name, given)
        return JSONResponse(keyed(actor, request, key, content, lambda _work: shown) if key else shown)

    @router.post(
        f"/{dt.plural}/actions/{action.name}",
        responses=openapi.answers({"type": "object"}),
        tags=[dt.plural],
        summary=f"{label}: many {dt.label_plural.lower()}",
        operation_id=f"{action.name}_many_{dt.table.name}",
        openapi_extra=openapi.json_body(
            {
                "type": "object",
                "required": ["ids"],
                "properties": {"ids": {"type": "array", "maxItems": service.MAX_BULK, "items": {}}, "data": openapi.action_input(action)},
            }
        ),
    )
    @requires(dt.plural, action.permission)
    def many(request: Request, actor: Caller, content: Content, key: Key = None) -> JSONResponse:
        refs, data = content.get("ids"), content.get("data") or {}
        good = isinstance(refs, list) and all(isinstance(one, int | str) and not isinstance(one, bool) for one in refs) and isinstance(data, Mapping)
        if not good or set(content) - {"ids", "data"}:
            raise Invalid("ERP-1102", "Give `ids`, a list of records, and `data`.", errors={"ids": "must be a list of ids, numbers or codes"})
        results, lang = service.act_many(actor, dt, refs or [], action.name, data, key), problem.language(request)
        return JSONResponse({"results": [one if one["ok"] else one | {"detail": refusals.detail(one["code"], one["detail"], lang)} for one in results]})


def answered(dt: DocumentType, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as programs read any of them: master data has a `number` (its code) and a `state` (active or inactive) as well."""
    if dt.is_document:
        return record
    return {"number": record.get(dt.key), "state": "active" if record.get("active", True) else "inactive", **record}


def take_version(content: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """Split off the version a request is based on.

    Raises:
        Invalid: ERP-1106 when it is no whole number.
    """
    given = {key: value for key, value in content.items() if key != "version"}
    version = content.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise Invalid("ERP-1106", "The version is a whole number.", errors={"version": "must be a whole number"})
    return version, given
