"""Saved views: a list as somebody likes it, personal or shared with the company."""

from __future__ import annotations

import json
from typing import Any

from erp_app.document import registry
from erp_app.kernel.access import may, require
from erp_app.kernel.errors import Invalid, NotFound
from erp_app.kernel.uow import Work

MAX_VIEWS = 50
_KEYS = ("columns", "filters", "sort", "q", "size")


def listed(work: Work, plural: str) -> list[dict[str, Any]]:
    """Return the user's own views of a list and the shared ones: id, name, shared, mine, spec."""
    require(work.actor, plural, "view")
    return work.rows(
        "SELECT id, name, shared, user_id = %(me)s AS mine, spec FROM saved_view WHERE type = %(type)s AND (shared OR user_id = %(me)s)"
        " ORDER BY shared, name, id",
        {"type": plural, "me": work.actor.user_id},
    )


def save(work: Work, plural: str, name: str, spec: dict[str, Any], *, shared: bool) -> int:
    """Keep a view under a name (the user's view of that name is replaced) and return its id.

    Raises:
        Forbidden: ERP-1301 to share without the right to edit the type. Invalid: ERP-1105.
    """
    require(work.actor, registry.get(plural).plural, "edit" if shared else "view")
    clean = name.strip()
    if not 0 < len(clean) <= 80 or not clean.isprintable():  # noqa: PLR2004 - the column's length
        raise Invalid("ERP-1105", "A view needs a name of at most 80 characters.")
    kept = json.dumps({key: spec[key] for key in _KEYS if key in spec})
    work.lock("saved_view", [work.actor.user_id])
    mine = {"type": plural, "me": work.actor.user_id, "name": clean}
    work.run("DELETE FROM saved_view WHERE type = %(type)s AND user_id = %(me)s AND name = %(name)s", mine)
    if work.value("SELECT count(*) FROM saved_view WHERE type = %(type)s AND user_id = %(me)s", mine) >= MAX_VIEWS:
        raise Invalid("ERP-1105", f"You already have {MAX_VIEWS} views of this list. Remove one first.")
    made = work.value(
        "INSERT INTO saved_view (tenant_id, type, name, user_id, shared, spec)"
        " VALUES (%(tenant)s, %(type)s, %(name)s, %(me)s, %(shared)s, %(spec)s::text::jsonb) RETURNING id",
        {**mine, "tenant": work.actor.tenant_id, "shared": shared, "spec": kept},
    )
    return int(made)


def remove(work: Work, plural: str, view_id: int) -> None:
    """Remove one's own view, or a shared one with the right to edit the type.

    Raises:
        NotFound: ERP-1001.
    """
    others = may(work.actor, plural, "edit")
    gone = work.run(
        "DELETE FROM saved_view WHERE id = %s AND type = %s AND (user_id = %s OR (shared AND %s))",
        (view_id, plural, work.actor.user_id, others),
    )
    if not gone:
        raise NotFound("ERP-1001", "There is no such view of yours.")
