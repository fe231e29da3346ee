"""The permission matrix: what each role may do with what, and which pages it may open; shown and changed by administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.iam import grants, page_access, repo_rights, resources
from erp_app.iam.roles import ADMIN
from erp_app.kernel.access import ACTIONS, SCOPES, require
from erp_app.kernel.errors import Invalid, Refused

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work

CHOICES = ("none", *SCOPES)


def roles(work: Work) -> list[dict[str, Any]]:
    """Return the roles of the tenant: code, name, note, active, people, locked (the administrator's rights cannot be changed)."""
    require(work.actor, "permissions", "view")
    return [
        {"code": row["code"], "name": row["name"], "note": row["note"] or "", "active": row["active"],
         "people": row["people"], "locked": row["code"] == ADMIN}
        for row in repo_rights.roles(work)
    ]


def rights(work: Work, role: str) -> list[dict[str, Any]]:
    """Return one row for each resource: resource, label, section, cells.

    A cell has action, scope (`none` `own` `department` `warehouse` `all`, or a declared combination like `own+department`),
    default (what the declaration gives), changed, and `offered` (False where the action means nothing for the resource).
    """
    require(work.actor, "permissions", "view")
    stored = repo_rights.stored_rights(work, repo_rights.role_id(work, role))
    return [
        {
            "resource": one.name, "label": one.label, "section": one.section, "actions": list(one.actions),
            "cells": [_cell(one, role, action, stored) for action in ACTIONS],
        }
        for one in resources.every()
    ]


def put_right(work: Work, role: str, resource: str, action: str, scope: str) -> None:
    """Give a role a scope for an action; the declared default is stored as no row at all.

    Raises:
        Invalid: ERP-1335 for an unknown resource, action or scope. Refused: ERP-1336 for the role admin. NotFound: ERP-1334.
        Forbidden: ERP-1301.
    """
    require(work.actor, "permissions", "edit")
    found = next((one for one in resources.every() if one.name == resource), None)
    default = resources.default_scope(found.access, role, action) if found is not None and action in found.actions else None
    if found is None or default is None or scope not in (*CHOICES, default):
        raise Invalid("ERP-1335", f"There is no right {action!r} on {resource!r} with scope {scope!r}.")
    role_id = _changeable(work, role)
    before = repo_rights.stored_rights(work, role_id).get((resource, action), default)
    repo_rights.put_right(work, role_id, resource, action, None if scope == default else scope)
    work.audit(
        "permission.changed", resource="permissions", record_id=role_id, before={"role": role, "resource": resource, "action": action, "scope": before},
        after={"role": role, "resource": resource, "action": action, "scope": scope},
    )
    work.emit("permission.changed", {"role": role}, ["doc:permissions"])


def pages(work: Work, role: str) -> list[dict[str, Any]]:
    """Return one row for each page: path, label, section, open (now), default, changed."""
    require(work.actor, "permissions", "view")
    role_id = repo_rights.role_id(work, role)
    stored = repo_rights.stored_pages(work, role_id)
    held = grants.merge([role], tuple((role, *key, scope) for key, scope in sorted(repo_rights.stored_rights(work, role_id).items())))
    by_default = page_access.open_to([role], (), held)
    return [
        {"path": page.path, "label": page.label, "section": page.section, "default": page_access.may_open(by_default, page.path),
         "open": stored.get(page.path, page_access.may_open(by_default, page.path)), "changed": page.path in stored}
        for page in page_access.every()
    ]


def put_page(work: Work, role: str, path: str, allowed: bool | None) -> None:
    """Let a role open a page or not; None: as its rights say.

    Raises:
        Invalid: ERP-1337 for an unknown page. Refused: ERP-1336 for the role admin. NotFound: ERP-1334. Forbidden: ERP-1301.
    """
    require(work.actor, "permissions", "edit")
    if path not in {page.path for page in page_access.every()}:
        raise Invalid("ERP-1337", f"There is no page {path!r}.")
    role_id = _changeable(work, role)
    before = repo_rights.stored_pages(work, role_id).get(path)
    repo_rights.put_page(work, role_id, path, allowed)
    work.audit(
        "page_access.changed", resource="permissions", record_id=role_id, before={"role": role, "path": path, "allowed": before},
        after={"role": role, "path": path, "allowed": allowed},
    )
    work.emit("permission.changed", {"role": role}, ["doc:permissions"])


def people(work: Work) -> list[dict[str, Any]]:
    """Return username and name of the active users, for the explainer."""
    require(work.actor, "permissions", "view")
    return repo_rights.people(work)


def _changeable(work: Work, role: str) -> int:
    if role == ADMIN:
        raise Refused("ERP-1336", "The administrator holds all rights; this cannot be changed. Make another role for less.")
    return repo_rights.role_id(work, role)


def _cell(one: resources.Resource, role: str, action: str, stored: dict[tuple[str, str], str]) -> dict[str, Any]:
    default = resources.default_scope(one.access, role, action)
    scope = default if role == ADMIN else stored.get((one.name, action), default)
    return {"action": action, "scope": scope, "default": default, "changed": scope != default, "offered": action in one.actions}
