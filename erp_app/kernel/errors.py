"""Errors people can act on: a code, what was refused, which document, what to do next."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg import errors as pg

LEDGER_REFUSAL = "ERP01"  # SQLSTATE our database functions raise with


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


def translate(error: psycopg.Error) -> ErpError:
    """Turn a database refusal into the error a person reads.

    Our own functions raise SQLSTATE ERP01 with `CODE|text` and JSON detail; other constraint violations are the
    database's second line of defence and become a Refused with the constraint's name.
    """
    diag = error.diag
    if error.sqlstate == LEDGER_REFUSAL:
        code, _, text = (diag.message_primary or "").partition("|")
        return Refused(code, text, data=_details(diag.message_detail))
    if isinstance(error, pg.UniqueViolation):
        return Conflict("ERP-1004", f"This already exists ({diag.constraint_name}). Choose another value.", data={"constraint": diag.constraint_name})
    if isinstance(error, pg.ForeignKeyViolation):
        return Refused("ERP-1005", f"Something it refers to does not exist, or it is still in use ({diag.constraint_name}).")
    if isinstance(error, pg.CheckViolation | pg.NotNullViolation):
        return Invalid("ERP-1006", f"The database refused a value: {diag.constraint_name or diag.column_name}.")
    if isinstance(error, pg.InsufficientPrivilege):
        return Forbidden("ERP-1007", "The database does not allow this change: posted history cannot be changed or removed.")
    if isinstance(error, pg.DataError):
        return Invalid("ERP-1008", "A value is out of range or malformed.")
    if isinstance(error, pg.DeadlockDetected | pg.LockNotAvailable | pg.SerializationFailure):
        return Unavailable("ERP-1009", "The document is being changed by someone else. Try again.")
    return Unavailable("ERP-1010", "The database did not answer. Nothing was changed; try again.")


def _details(text: str | None) -> dict[str, Any]:
    """Read the JSON detail of a ledger refusal; anything else is no detail."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
