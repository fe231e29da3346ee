"""From what the database refuses to the error a person reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import errors as pg

from erp_app.kernel.errors import Conflict, ErpError, Forbidden, Invalid, Refused, Unavailable

LEDGER_REFUSAL = "ERP01"  # SQLSTATE our database functions raise with


def translate(error: psycopg.Error) -> ErpError:
    """Turn a database refusal into the error a person reads.

    Our own functions raise SQLSTATE ERP01 with `CODE|text` and JSON detail; other constraint violations are the
    database's second line of defence and become a Refused with the constraint's name.
    """
    diag = error.diag
    if error.sqlstate == LEDGER_REFUSAL:
        code, _, text = (diag.message_primary or "").partition("|")
        return Refused(code, text, data=_details(diag.message_detail))
    for kinds, answer in _ANSWERS:
        if isinstance(error, kinds):
            return answer(diag)
    return Unavailable("ERP-1010", "The database did not answer. Nothing was changed; try again.")


_ANSWERS: tuple[tuple[tuple[type[psycopg.Error], ...], Callable[[psycopg.errors.Diagnostic], ErpError]], ...] = (
    ((pg.UniqueViolation,), lambda diag: Conflict(
        "ERP-1004", f"This already exists ({diag.constraint_name}). Choose another value.", data={"constraint": diag.constraint_name})),
    ((pg.ForeignKeyViolation,), lambda diag: Refused(
        "ERP-1005", f"Something it refers to does not exist, or it is still in use ({diag.constraint_name}).")),
    ((pg.CheckViolation, pg.NotNullViolation), lambda diag: Invalid(
        "ERP-1006", f"The database refused a value: {diag.constraint_name or diag.column_name}.")),
    ((pg.InsufficientPrivilege,), lambda _diag: Forbidden(
        "ERP-1007", "The database does not allow this change: posted history cannot be changed or removed.")),
    ((pg.DataError,), lambda _diag: Invalid("ERP-1008", "A value is out of range or malformed.")),
    ((pg.DeadlockDetected, pg.LockNotAvailable, pg.SerializationFailure), lambda _diag: Unavailable(
        "ERP-1009", "The document is being changed by someone else. Try again.")),
)


def _details(text: str | None) -> dict[str, Any]:
    """Read the JSON detail of a ledger refusal; anything else is no detail."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
