"""Import, export and custom fields of a resource by REST."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO, Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse

from erp_app.api import openapi
from erp_app.api.auth import Caller, requires
from erp_app.api.keyed import Key, keyed
from erp_app.api.query import page_query
from erp_app.api.resources import Content
from erp_app.document import custom, exporting, importing, tables
from erp_app.document.declare import DocumentType
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import unit_of_work


def add(router: APIRouter, dt: DocumentType) -> None:
    """Add the endpoints of one document type."""
    _out(router, dt)
    _in(router, dt)
    _fields(router, dt)


def _out(router: APIRouter, dt: DocumentType) -> None:
    parameters = [
        {"name": "format", "in": "query", "schema": {"type": "string", "enum": ["csv", "xlsx"], "default": "xlsx"}},
        {"name": "lines", "in": "query", "schema": {"type": "boolean", "default": False}, "description": "One row for each line"},
        *(one for one in openapi.list_parameters(dt) if one["name"] not in ("page", "page_size")),
    ]

    @router.get(
        f"/{dt.plural}/export",
        tags=[dt.plural],
        summary=f"Export {dt.label_plural.lower()}",
        operation_id=f"export_{dt.table.name}",
        responses=openapi.answers(None, 200, "The file"),
        response_class=StreamingResponse,
        openapi_extra={"parameters": parameters},
    )
    @requires(dt.plural, "export")
    def export(request: Request, actor: Caller) -> StreamingResponse:
        query = page_query(request.query_params.multi_items(), ("format", "lines"))
        file_format = request.query_params.get("format", "xlsx")
        lines = request.query_params.get("lines", "false") == "true"
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
        with unit_of_work(actor) as work:
            # All is read within the unit of work, row by row to disk; then it is sent.
            for piece in exporting.export(work, dt, query, file_format, lines=lines):
                file.write(piece)
        file.seek(0)
        headers = {"Content-Disposition": f'attachment; filename="{dt.plural}.{file_format}"', "Cache-Control": "private, no-store"}
        return StreamingResponse(_sent(file), media_type=exporting.MEDIA[file_format], headers=headers)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(256 * 1024):
            yield chunk


def _in(router: APIRouter, dt: DocumentType) -> None:
    @router.post(
        f"/{dt.plural}/import",
        tags=[dt.plural],
        summary=f"Import {dt.label_plural.lower()}: preview, all or valid",
        operation_id=f"import_{dt.table.name}",
        responses=openapi.answers({"type": "object"}),
    )
    @requires(dt.plural, "create")
    def load(
        actor: Caller,
        file: Annotated[UploadFile, File()],
        mode: Annotated[str, Form(max_length=10)] = "preview",
        mapping: Annotated[str, Form(max_length=20_000)] = "",
        key: Key = None,
    ) -> JSONResponse:
        content = file.file.read(tables.MAX_BYTES + 1)
        return JSONResponse(importing.run(actor, dt, tables.read(file.filename or "", content), _mapping(mapping), mode, key))


def _fields(router: APIRouter, dt: DocumentType) -> None:
    place = f"/{dt.plural}/custom-fields"
    body: openapi.Schema = {
        "type": "object",
        "required": ["name", "label", "kind"],
        "properties": {
            "name": {"type": "string"},
            "label": {"type": "string"},
            "kind": {"type": "string", "enum": list(custom.KINDS)},
            "choices": {"type": "array", "items": {"type": "string"}},
            "required": {"type": "boolean"},
            "in_list": {"type": "boolean"},
            "in_print": {"type": "boolean"},
            "position": {"type": "integer"},
            "active": {"type": "boolean"},
        },
    }

    @router.get(place, tags=[dt.plural], summary="Custom fields", operation_id=f"list_custom_{dt.table.name}", responses=openapi.answers({"type": "object"}))
    @requires("custom-fields", "view")
    def listed(actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            rows = custom.listed(work, dt.plural)
        return JSONResponse({"items": [{key: value for key, value in row.items() if key != "tenant_id"} for row in rows]})

    @router.post(
        place,
        status_code=201,
        tags=[dt.plural],
        summary="Add or change a custom field",
        operation_id=f"define_custom_{dt.table.name}",
        responses=openapi.answers({"type": "object"}, 201, "Defined"),
        openapi_extra=openapi.json_body(body),
    )
    @requires("custom-fields", "edit")
    def define(request: Request, actor: Caller, content: Content, key: Key = None) -> JSONResponse:
        return JSONResponse(keyed(actor, request, key, content, lambda work: custom.define(work, dt.plural, content)), status_code=201)


def _mapping(text: str) -> dict[str, str] | None:
    if not text:
        return None
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Invalid("ERP-1112", "The mapping is a JSON object: field by column name.", errors={"mapping": "must be an object"})
    return value
