"""Notifications in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from erp_app.kernel.uow import Work


def add(work: Work, user_ids: Sequence[int], kind: str, data: Mapping[str, Any], record: tuple[str, int | None]) -> list[int]:
    """Insert one row for each active user about a record (type, id); return the users that got one."""
    found = work.rows(
        "INSERT INTO notification (tenant_id, user_id, kind, data, record_type, record_id)"
        " SELECT tenant_id, id, %(kind)s, %(data)s, %(type)s, %(record)s FROM user_account"
        " WHERE tenant_id = %(tenant)s AND id = ANY(%(users)s) AND active RETURNING user_id",
        {
            "tenant": work.actor.tenant_id,
            "users": list(user_ids),
            "kind": kind,
            "data": Jsonb(dict(data)),
            "type": record[0],
            "record": record[1],
        },
    )
    return [row["user_id"] for row in found]


def has_any(work: Work, user_id: int, kind: str, record_id: int) -> bool:
    """Tell whether a user was ever told this about a record."""
    return (
        work.value(
            "SELECT 1 FROM notification WHERE user_id = %s AND kind = %s AND record_id = %s LIMIT 1",
            (user_id, kind, record_id),
        )
        is not None
    )


def withdraw(work: Work, kind: str, record_id: int) -> list[int]:
    """Remove unread notifications that have become pointless; return the users concerned."""
    found = work.rows(
        "DELETE FROM notification WHERE kind = %s AND record_id = %s AND read_at IS NULL RETURNING user_id", (kind, record_id)
    )
    return [row["user_id"] for row in found]


def unread(work: Work, user_ids: Sequence[int]) -> dict[int, int]:
    """Return how many each of the users has not read."""
    found = work.rows(
        "SELECT user_id, count(*) AS n FROM notification WHERE user_id = ANY(%s) AND read_at IS NULL GROUP BY user_id", (list(user_ids),)
    )
    counted = {row["user_id"]: row["n"] for row in found}
    return {one: counted.get(one, 0) for one in user_ids}


def of_user(work: Work, user_id: int, limit: int, before: int | None, only_unread: bool) -> list[dict[str, Any]]:
    """Return a user's notifications, newest first."""
    return work.rows(
        "SELECT n.id, n.kind, n.data, n.record_type, n.record_id, n.created_at, n.read_at, coalesce(r.number, '') AS number"
        " FROM notification n LEFT JOIN record_ref r ON r.tenant_id = n.tenant_id AND r.id = n.record_id"
        " WHERE n.user_id = %(user)s AND (%(before)s::bigint IS NULL OR n.id < %(before)s) AND (NOT %(unread)s OR n.read_at IS NULL)"
        " ORDER BY n.id DESC LIMIT %(limit)s",
        {"user": user_id, "before": before, "unread": only_unread, "limit": limit},
    )


def mark_read(work: Work, user_id: int, ids: Sequence[int] | None) -> int:
    """Mark some or all of a user's notifications as read; return how many were not yet."""
    return work.run(
        "UPDATE notification SET read_at = now() WHERE user_id = %(user)s AND read_at IS NULL"
        " AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))",
        {"user": user_id, "ids": None if ids is None else list(ids)},
    )


def people(work: Work) -> list[int]:
    """Return the ids of all active users who are people."""
    return [row["id"] for row in work.rows("SELECT id FROM user_account WHERE active AND NOT service ORDER BY id")]


def forget(work: Work, days: int) -> int:
    """Remove what was read long ago; return how many."""
    return work.run("DELETE FROM notification WHERE read_at < now() - make_interval(days => %s)", (days,))
