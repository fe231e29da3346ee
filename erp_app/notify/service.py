"""Telling people, and what they do with it: list, read. The bell on every screen follows topic `notify:<user id>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from erp_app.document import repo_view
from erp_app.iam import service as iam
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work
from erp_app.notify import kinds, repo

PAGE = 30


def tell(
    work: Work, user_ids: Iterable[int], kind: str, data: Mapping[str, Any], *, record_type: str = "", record_id: int | None = None
) -> int:
    """Notify users within the transaction of what it is about; return how many were told. Unknown and disabled users are passed over."""
    told = repo.add(work, sorted(set(user_ids)), kind, data, (record_type, record_id))
    _ring(work, told)
    return len(told)


def tell_once(work: Work, user_id: int, kind: str, data: Mapping[str, Any], *, record_type: str, record_id: int) -> int:
    """Notify a user of something that is said once about a record."""
    if repo.has_any(work, user_id, kind, record_id):
        return 0
    return tell(work, [user_id], kind, data, record_type=record_type, record_id=record_id)


def withdraw(work: Work, kind: str, record_id: int) -> int:
    """Take back what nobody needs to do any more (somebody else approved it); return how many unread ones vanished."""
    users = repo.withdraw(work, kind, record_id)
    _ring(work, users)
    return len(users)


def mine(work: Work, *, limit: int = PAGE, before: int | None = None, only_unread: bool = False) -> list[dict[str, Any]]:
    """Return the acting user's notifications, newest first.

    Each: `id`, `kind`, `title`, `body`, `icon`, `record_type`, `record_id`, `number`, `created_at` (aware), `read` (bool).
    """
    return [_shown(row, work.actor.lang) for row in repo.of_user(work, work.actor.user_id, min(limit, 200), before, only_unread)]


def unread(work: Work) -> int:
    """Return how many notifications the acting user has not read."""
    return repo.unread(work, [work.actor.user_id])[work.actor.user_id]


def mark_read(work: Work, ids: Sequence[int] | None = None) -> int:
    """Mark the acting user's notifications (all without `ids`) as read; return how many were not yet."""
    changed = repo.mark_read(work, work.actor.user_id, ids)
    if changed:
        _ring(work, [work.actor.user_id])
    return changed


def holders(work: Work, resource: str, action: str, record: Mapping[str, Any] | None = None) -> list[int]:
    """Return the people who hold a right for a record, by the one rule for rights."""
    return [one.user_id for one in _actors(work, repo.people(work)) if may(one, resource, action, record)]


def may_see(work: Work, user_ids: Iterable[int], record_id: int) -> list[int]:
    """Return those of the users who may view a record: being mentioned on it opens it to nobody."""
    return [one.user_id for one in _actors(work, sorted(set(user_ids))) if repo_view.visible(work, record_id, one)]


def _actors(work: Work, user_ids: Iterable[int]) -> Iterator[Actor]:
    for user in user_ids:
        try:
            yield iam.actor_of(work.actor.tenant_id, user)
        except NotFound:  # disabled meanwhile
            continue


def _ring(work: Work, users: Sequence[int]) -> None:
    """Let the bells of these users show their new count; one event for each, heard by nobody else."""
    for user, count in repo.unread(work, sorted(set(users))).items():
        work.emit("notification.changed", {"live": count}, topics=[f"notify:{user}"])


def _shown(row: Mapping[str, Any], lang: str) -> dict[str, Any]:
    title, body, icon = kinds.words(row["kind"], row["data"], lang)
    return {
        "id": row["id"],
        "kind": row["kind"],
        "title": title,
        "body": body,
        "icon": icon,
        "record_type": row["record_type"],
        "record_id": row["record_id"],
        "number": row["number"],
        "created_at": row["created_at"],
        "read": row["read_at"] is not None,
    }
