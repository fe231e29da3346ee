"""Errors people can act on: a code, what was refused, which document, what to do next."""

from __future__ import annotations

from typing import Any


class ErpError(Exception):
    """A refusal with a stable code.

    Args:
        code: stable identifier such as `ERP-1201`, documented in docs/errors.md.
        detail: one sentence for people: what, which document, what to do next.
        errors: message by field name, for forms.
        data: facts for programs (quantities, dates, document numbers).
    """

    status = 400

    def __init__(self, code: str, detail: str, *, errors: dict[str, str] | None = None, data: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors or {}
        self.data = data or {}


class Invalid(ErpError):  # noqa: N818 - reads as English where it is raised
    """The input is malformed or breaks a field rule (422)."""

    status = 422


class Refused(ErpError):  # noqa: N818
    """The input is well formed, but a business rule forbids it now (409)."""

    status = 409


class Conflict(ErpError):  # noqa: N818
    """Someone else changed it first, or the key was used with other content (409)."""

    status = 409


class NotFound(ErpError):  # noqa: N818
    """No such thing for this tenant and user (404)."""

    status = 404


class Forbidden(ErpError):  # noqa: N818
    """Known user, missing right (403)."""

    status = 403


class Unauthorized(ErpError):  # noqa: N818
    """Nobody is logged in (401)."""

    status = 401


class Throttled(ErpError):  # noqa: N818
    """Too many requests; `data["retry_after"]` seconds (429)."""

    status = 429


class Unavailable(ErpError):  # noqa: N818
    """A part the request needs is away; nothing was changed (503)."""

    status = 503
