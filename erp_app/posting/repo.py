"""The one statement that posts: a call of the database function `post_document` (alembic/sql/55_posting.sql)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work
    from erp_app.posting.models import JournalLine, Move


def post_document(work: Work, header: dict[str, Any], moves: list[Move], lines: list[JournalLine]) -> dict[str, Any]:
    """Post; returns {"journal": id or None, "pending": bool, "moves": [[line_no, move_id, value or None], …]}."""
    answer: dict[str, Any] = work.value(
        "SELECT post_document(%s, %s, %s)",
        (Jsonb(header), Jsonb([asdict(one) for one in moves]), Jsonb([asdict(one) for one in lines if one.debit or one.credit])),
    )
    return answer
