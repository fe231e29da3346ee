"""What people say about a record; `@name` calls somebody's attention to it."""

from __future__ import annotations

import re
from typing import Any

from erp_app.document import anchor
from erp_app.document.shape import Shape
from erp_app.document.values import Bad, moment_text, parse
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

MAX_COMMENT = 4000
_MENTION = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9._-]{0,59})", re.IGNORECASE)
_BODY = Shape("body", "body", "long_text", "Comment", max_length=MAX_COMMENT)


def add(work: Work, record_id: int, body: Any) -> dict[str, Any]:
    """Store a comment and tell who is mentioned (`comment.added`).

    Raises:
        NotFound: ERP-1001. Invalid: ERP-1102 for empty, too long or malformed text.
    """
    dt, doc = anchor.hold(work, record_id)
    try:
        text = parse(_BODY, body, work.actor.tz)
    except Bad as bad:
        raise Invalid("ERP-1102", f"The comment {bad}.", errors={"body": str(bad)}) from None
    if text is None:
        raise Invalid("ERP-1102", "The comment is empty.", errors={"body": "is required"})
    row = work.row(
        "INSERT INTO record_comment (tenant_id, record_id, user_id, username, body, at) VALUES (%s, %s, %s, %s, %s, clock_timestamp()) RETURNING id, at",
        (work.actor.tenant_id, record_id, work.actor.user_id, work.actor.username, text),
    )
    assert row is not None  # noqa: S101 - an INSERT returns its row
    mentioned = _people(work, text)
    work.emit(
        "comment.added",
        {
            "type": dt.plural,
            "id": record_id,
            "record_id": record_id,
            "number": anchor.number_of(dt, doc),
            "comment_id": row["id"],
            "user_id": work.actor.user_id,
            "username": work.actor.username,
            "mentions": mentioned,
            "body": text,
        },
        topics=[f"rec:{record_id}"],
    )
    return {"id": row["id"], "at": moment_text(row["at"], work.actor.tz), "username": work.actor.username, "body": text, "mentions": mentioned}


def listed(work: Work, record_id: int) -> list[dict[str, Any]]:
    """Return a record's comments, oldest first (the newest thousand).

    Raises:
        NotFound: ERP-1001.
    """
    anchor.hold(work, record_id)
    rows = work.rows("SELECT id, at, user_id, username, body FROM record_comment WHERE record_id = %s ORDER BY id DESC LIMIT 1000", (record_id,))
    return [{**row, "at": moment_text(row["at"], work.actor.tz)} for row in reversed(rows)]


def _people(work: Work, text: str) -> list[int]:
    """Return the ids of the users whose names are mentioned."""
    names = sorted({name.lower().rstrip(".-") for name in _MENTION.findall(text)})[:50]
    if not names:
        return []
    rows = work.rows("SELECT id FROM record_ref WHERE type = 'users' AND number = ANY(%s) AND state = 'active' ORDER BY id", (names,))
    return [row["id"] for row in rows]
