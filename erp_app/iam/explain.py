"""Why can, or can't, somebody do something: each role's answer, where it comes from, and what it takes to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.iam import repo, repo_rights, resources
from erp_app.iam.identity import build
from erp_app.iam.roles import ADMIN
from erp_app.kernel.access import may, require, scopes
from erp_app.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erp_app.kernel.actor import Actor
    from erp_app.kernel.uow import Work

_REACH = {
    "own": "records they made or are assigned to", "department": "records of their department",
    "warehouse": "records of their warehouses", "all": "all records",
}


def explain(work: Work, username: str, resource: str, action: str, record: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return why a user may or may not do an action.

    Args:
        record: a record's `created_by`, `assignee_id`, `department_id`, `warehouse_id`, when it is about a certain one.

    Returns:
        `allowed`, `summary` (a sentence), `scopes`, and `steps`: for each role `role`, `scope`, `source` (`stored`, `declared`,
        `administrator`), `text`.

    Raises:
        Forbidden: ERP-1301 for others without the right to view permissions. Invalid: ERP-1335. NotFound: ERP-1330.
    """
    if username != work.actor.username:
        require(work.actor, "permissions", "view")
    found = next((one for one in resources.every() if one.name == resource), None)
    if found is None or action not in found.actions:
        raise Invalid("ERP-1335", f"There is no right {action!r} on {resource!r}.")
    user_id = repo.user_id_of(work, username)
    if user_id is None:
        raise NotFound("ERP-1330", f"There is no user {username!r}.")
    person = repo.person(work, user_id)
    if person is None:
        return _answer(False, f"{username} is switched off and may do nothing.", [], [])
    actor = build(person, via=work.actor.via).actor
    steps = [_step(work, role, found, action) for role in sorted(actor.roles)]
    held = sorted(scopes(actor, resource, action))
    allowed = may(actor, resource, action, record)
    return _answer(allowed, _summary(actor, found, action, held, record, allowed=allowed), held, steps)


def _step(work: Work, role: str, one: resources.Resource, action: str) -> dict[str, Any]:
    if role == ADMIN:
        return {"role": role, "scope": "all", "source": "administrator", "text": "The administrator holds all rights."}
    stored = repo_rights.stored_rights(work, repo_rights.role_id(work, role)).get((one.name, action))
    scope = stored or resources.default_scope(one.access, role, action)
    how = "an administrator has set this" if stored else "by default"
    gives = "gives nothing" if scope == "none" else "reaches " + " and ".join(_REACH[one] for one in scope.split("+"))
    return {"role": role, "scope": scope, "source": "stored" if stored else "declared", "text": f"Role {role} {gives} ({how})."}


def _summary(
    actor: Actor, one: resources.Resource, action: str, held: list[str], record: Mapping[str, Any] | None, *, allowed: bool,
) -> str:
    act = f"{action.replace('_', ' ')} {one.label}"
    if not actor.roles:
        return f"{actor.username} has no role, so may not {act}."
    if not held:
        return f"{actor.username} may not {act}: none of the roles {', '.join(sorted(actor.roles))} gives it."
    reach = " and ".join(_REACH[scope] for scope in held)
    if allowed:
        return f"{actor.username} may {act}: {reach}."
    about = "this record is not among them" if record is not None else "there are none"
    return f"{actor.username} may {act} only for {reach}; {about}."


def _answer(allowed: bool, summary: str, held: list[str], steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"allowed": allowed, "summary": summary, "scopes": held, "steps": steps}
