"""SQL of stored rights: what an administrator changed against the declared defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.kernel.errors import NotFound

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work


def role_id(work: Work, code: str) -> int:
    """Return the id of a role of this tenant.

    Raises:
        NotFound: ERP-1334.
    """
    found = work.value("SELECT id FROM role WHERE tenant_id = %s AND code = %s", (work.actor.tenant_id, code))
    if found is None:
        raise NotFound("ERP-1334", f"There is no role {code!r}.")
    return int(found)


def stored_rights(work: Work, role: int) -> dict[tuple[str, str], str]:
    """Return the stored scopes of a role by (resource, action)."""
    rows = work.rows("SELECT resource, action, scope FROM role_permission WHERE tenant_id = %s AND role_id = %s", (work.actor.tenant_id, role))
    return {(row["resource"], row["action"]): row["scope"] for row in rows}


def put_right(work: Work, role: int, resource: str, action: str, scope: str | None) -> None:
    """Store a scope for a role, or with None go back to the default."""
    key = (work.actor.tenant_id, role, resource, action)
    if scope is None:
        work.run("DELETE FROM role_permission WHERE tenant_id = %s AND role_id = %s AND resource = %s AND action = %s", key)
        return
    work.run(
        "INSERT INTO role_permission (tenant_id, role_id, resource, action, scope) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, role_id, resource, action) DO UPDATE SET scope = excluded.scope",
        (*key, scope),
    )


def stored_pages(work: Work, role: int) -> dict[str, bool]:
    """Return what is stored about pages for a role, by path."""
    rows = work.rows("SELECT path, allowed FROM role_page WHERE tenant_id = %s AND role_id = %s", (work.actor.tenant_id, role))
    return {row["path"]: row["allowed"] for row in rows}


def put_page(work: Work, role: int, path: str, allowed: bool | None) -> None:
    """Store whether a role may open a page, or with None go back to the default."""
    key = (work.actor.tenant_id, role, path)
    if allowed is None:
        work.run("DELETE FROM role_page WHERE tenant_id = %s AND role_id = %s AND path = %s", key)
        return
    work.run(
        "INSERT INTO role_page (tenant_id, role_id, path, allowed) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, role_id, path) DO UPDATE SET allowed = excluded.allowed",
        (*key, allowed),
    )


def roles(work: Work) -> list[dict[str, Any]]:
    """Return the roles of this tenant with the number of active people who have each."""
    return work.rows(
        "SELECT r.code, r.name, r.note, r.active, (SELECT count(*) FROM user_role ur JOIN user_account u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id"
        " WHERE ur.tenant_id = r.tenant_id AND ur.role_id = r.id AND u.active) AS people FROM role r WHERE r.tenant_id = %s ORDER BY r.id",
        (work.actor.tenant_id,),
    )


def people(work: Work) -> list[dict[str, Any]]:
    """Return username and name of the active users of this tenant."""
    return work.rows("SELECT code AS username, name FROM user_account WHERE tenant_id = %s AND active ORDER BY code LIMIT 2000", (work.actor.tenant_id,))
