"""Refusals as `application/problem+json` (RFC 9457): a code, a sentence for people, messages by field; never a traceback."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from erp_app.i18n import refusals
from erp_app.kernel import log
from erp_app.kernel.errors import ErpError

MEDIA_TYPE = "application/problem+json"
_CODES = {400: "ERP-1401", 403: "ERP-1416", 404: "ERP-1404", 405: "ERP-1405", 413: "ERP-1413", 415: "ERP-1415"}
_log = log.logger("api")


def problem(
    status: int, code: str, detail: str, *, errors: dict[str, str] | None = None, data: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return one problem as an answer."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": _sendable(detail)}
    if errors:
        body["errors"] = {_sendable(name): _sendable(text) for name, text in errors.items()}
    if data:
        body["data"] = data
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _sendable(text: str) -> str:
    """Replace halves of surrogate pairs, which came with the request and are no characters: UTF-8 cannot carry them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def of(error: ErpError, lang: str = "en") -> JSONResponse:
    """Return a refusal of the services as an answer, in the reader's language."""
    wait = error.data.get("retry_after")
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    data = {key: _plain(value) for key, value in error.data.items()}
    detail, errors = refusals.detail(error.code, error.detail, lang), refusals.messages(error.code, error.errors, lang)
    return problem(error.status, error.code, detail, errors=errors, data=data, headers=headers)


def language(request: Request) -> str:
    """Return the language of an answer: what the request asks for, else English, so that a program reads the same whoever it logs in as."""
    return refusals.asked_language(request.headers.get("accept-language", "")) or "en"


def install(app: FastAPI) -> None:
    """Answer every kind of failure of the application as a problem."""

    @app.exception_handler(ErpError)
    def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ErpError)  # noqa: S101 - registered for nothing else
        return of(error, language(request))

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        is_json = any(one["type"] == "json_invalid" for one in error.errors())  # its place is a position in the text, no field
        errors = {(not is_json and ".".join(str(part) for part in one["loc"][1:])[:100]) or "body": str(one["msg"]) for one in error.errors()[:50]}
        return _worded(request, 400 if is_json else 422, "ERP-1401", "The request is malformed.", errors=errors)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        detail = "There is nothing at this address." if error.status_code == HTTPStatus.NOT_FOUND else str(error.detail)
        return _worded(request, error.status_code, _CODES.get(error.status_code, "ERP-1400"), detail, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
        return _worded(request, 500, "ERP-1500", "Something went wrong on our side. Nothing was changed; the failure has been logged.")


def _worded(
    request: Request, status: int, code: str, detail: str, *, errors: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    lang = language(request)
    return problem(status, code, refusals.detail(code, detail, lang), errors=refusals.messages(code, errors or {}, lang), headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
