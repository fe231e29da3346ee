"""The one permission rule: may this actor do this action on this resource, and to which records.

`may()` answers for one record, `scope_filter()` is the same rule as an SQL condition; lists, search, reports, exports, live
updates and the API all use these two and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, false, or_, true

from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Forbidden

ACTIONS = ("view", "create", "edit", "approve", "post", "cancel", "export", "see_cost")
SCOPES = ("own", "department", "warehouse", "all")  # widening order for display; only `all` includes the others
_OWNERS = ("created_by", "assignee_id")


def scopes(actor: Actor, resource: str, action: str) -> frozenset[str]:
    """Return every scope in which the actor holds the right; empty means not at all."""
    keys = ((resource, action), (resource, "*"), ("*", action), ("*", "*"))
    return frozenset().union(*(actor.grants.get(key, frozenset()) for key in keys))


def may(actor: Actor, resource: str, action: str, record: Mapping[str, Any] | None = None) -> bool:
    """Tell whether the actor may do it.

    Without a record: whether there is any record at all the right could hold for. With a record (a mapping with
    `created_by`, `assignee_id`, `department_id`, `warehouse_id` as far as it has them): whether it holds for this one.
    """
    held = scopes(actor, resource, action)
    allowed = bool(held) if record is None else any(_covers(actor, scope, record) for scope in held)
    return allowed  # noqa: RET504 - the one exit that can be True


def require(actor: Actor, resource: str, action: str, record: Mapping[str, Any] | None = None) -> None:
    """Refuse when `may()` says no.

    Raises:
        Forbidden: ERP-1301, naming the resource and the action.
    """
    if not may(actor, resource, action, record):
        raise Forbidden(
            "ERP-1301", f"You may not {action.replace('_', ' ')} {resource}. Ask an administrator for the right.",
            data={"resource": resource, "action": action},
        )


def scope_filter(actor: Actor, resource: str, table: Table, action: str = "view") -> ColumnElement[bool]:
    """Return the SQL condition that keeps the records `may()` would allow."""
    held = scopes(actor, resource, action)
    if "all" in held:
        return true()
    conditions: list[ColumnElement[bool]] = []
    if "own" in held:
        conditions += [table.c[name] == actor.user_id for name in _OWNERS if name in table.c]
    if "department" in held and "department_id" in table.c:
        conditions.append(table.c.department_id.in_(sorted(actor.departments)))
    if "warehouse" in held and "warehouse_id" in table.c:
        conditions.append(table.c.warehouse_id.in_(sorted(actor.warehouses)))
    return or_(*conditions) if conditions else false()


def _covers(actor: Actor, scope: str, record: Mapping[str, Any]) -> bool:
    """Tell whether one scope reaches one record; an unknown scope reaches nothing."""
    if scope == "all":
        return True
    if scope == "own":
        return any(record.get(name) == actor.user_id for name in _OWNERS if record.get(name) is not None)
    if scope == "department":
        return record.get("department_id") in actor.departments
    if scope == "warehouse":
        return record.get("warehouse_id") in actor.warehouses
    return False
