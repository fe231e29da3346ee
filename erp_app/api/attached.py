"""What hangs on a record, by REST: comments, files, history, document graph, paper. Whoever may see the record may see them."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from erp_app.api import openapi
from erp_app.api.auth import Caller, requires
from erp_app.api.keyed import Key, keyed
from erp_app.api.resources import Content, Ref
from erp_app.document import attachments, comments, graph, printing, service, timeline
from erp_app.document.declare import DocumentType
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work, unit_of_work


def add(router: APIRouter, dt: DocumentType) -> None:
    """Add the endpoints of one document type."""
    _talk(router, dt)
    _files(router, dt)
    _story(router, dt)


def download(name: str, media_type: str, content: bytes) -> Response:
    """Answer with a file that no browser shows as a page: an attachment of the stated type."""
    safe = "".join(c if c.isascii() and c not in '"\\' and c.isprintable() else "_" for c in name)
    disposition = f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(name)}"
    headers = {
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "sandbox",
    }
    return Response(content, media_type=media_type, headers=headers)


def _id(work: Work, dt: DocumentType, ref: str) -> int:
    """Return the id of a record the actor may view."""
    return int(service.get_id(work, dt, ref))


def _talk(router: APIRouter, dt: DocumentType) -> None:
    place, name = f"/{dt.plural}/{{id}}/comments", dt.table.name
    body: openapi.Schema = {"type": "object", "required": ["body"], "properties": {"body": {"type": "string", "maxLength": comments.MAX_COMMENT}}}

    @router.get(place, tags=[dt.plural], summary="Comments", operation_id=f"list_comments_{name}", responses=openapi.answers({"type": "object"}))
    @requires(dt.plural, "view")
    def listed(ref: Ref, actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse({"items": comments.listed(work, _id(work, dt, ref))})

    @router.post(
        place,
        status_code=201,
        tags=[dt.plural],
        summary="Comment; @name mentions somebody",
        operation_id=f"comment_{name}",
        responses=openapi.answers({"type": "object"}, 201, "Created"),
        openapi_extra=openapi.json_body(body),
    )
    @requires(dt.plural, "view")
    def add_comment(ref: Ref, request: Request, actor: Caller, content: Content, key: Key = None) -> JSONResponse:
        if set(content) != {"body"}:
            raise Invalid("ERP-1102", "A comment has a body and nothing else.", errors={"body": "is required"})
        return JSONResponse(keyed(actor, request, key, content, lambda work: comments.add(work, _id(work, dt, ref), content["body"])), status_code=201)


def _files(router: APIRouter, dt: DocumentType) -> None:
    place, name = f"/{dt.plural}/{{id}}/attachments", dt.table.name

    @router.get(place, tags=[dt.plural], summary="Files", operation_id=f"list_attachments_{name}", responses=openapi.answers({"type": "object"}))
    @requires(dt.plural, "view")
    def listed(ref: Ref, actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse({"items": attachments.listed(work, _id(work, dt, ref))})

    @router.post(
        place,
        status_code=201,
        tags=[dt.plural],
        summary="Attach a file of at most 10 MiB",
        operation_id=f"attach_{name}",
        responses=openapi.answers({"type": "object"}, 201, "Created"),
    )
    @requires(dt.plural, "edit")
    def attach(ref: Ref, request: Request, actor: Caller, file: Annotated[UploadFile, File()], key: Key = None) -> JSONResponse:
        content = file.file.read(attachments.MAX_BYTES + 1)
        given = {"name": file.filename, "sha256": attachments.digest(content)}
        effect = keyed(actor, request, key, given, lambda work: attachments.add(work, _id(work, dt, ref), file.filename or "file", content))
        return JSONResponse(effect, status_code=201)

    @router.get(
        f"{place}/{{attachment_id}}",
        tags=[dt.plural],
        summary="Download a file",
        operation_id=f"get_attachment_{name}",
        responses=openapi.answers(None, 200, "The file"),
        response_class=Response,
    )
    @requires(dt.plural, "view")
    def one(ref: Ref, attachment_id: int, actor: Caller) -> Response:
        with unit_of_work(actor) as work:
            found = attachments.content(work, _id(work, dt, ref), attachment_id)
        return download(found["name"], found["media_type"], bytes(found["content"]))


def _story(router: APIRouter, dt: DocumentType) -> None:
    place, name = f"/{dt.plural}/{{id}}", dt.table.name

    @router.get(f"{place}/timeline", tags=[dt.plural], summary="What happened", operation_id=f"timeline_{name}", responses=openapi.answers({"type": "object"}))
    @requires(dt.plural, "view")
    def happened(ref: Ref, actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse({"items": timeline.timeline(work, _id(work, dt, ref))})

    @router.get(f"{place}/graph", tags=[dt.plural], summary="What led to what", operation_id=f"graph_{name}", responses=openapi.answers({"type": "object"}))
    @requires(dt.plural, "view")
    def drawn(ref: Ref, actor: Caller) -> JSONResponse:
        with unit_of_work(actor) as work:
            return JSONResponse(graph.graph(work, _id(work, dt, ref)))

    @router.get(
        f"{place}/pdf",
        tags=[dt.plural],
        summary="Print",
        operation_id=f"pdf_{name}",
        responses=openapi.answers(None, 200, "PDF"),
        response_class=Response,
    )
    @requires(dt.plural, "view")
    def printed(ref: Ref, actor: Caller) -> Response:
        with unit_of_work(actor) as work:
            file, content = printing.document_pdf(work, dt, ref)
        return download(file, "application/pdf", content)
