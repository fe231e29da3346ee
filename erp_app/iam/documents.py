"""Companies, departments, roles and users as document types: people administer them on the generated screens and by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.document.declare import Access, Action, DocumentType, Menu
from erp_app.iam import repo, users
from erp_app.iam.models import Department, Role, Tenant, UserAccount
from erp_app.iam.saving import check_company, check_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erp_app.kernel.uow import Work

ADMIN_ONLY: dict[str, Any] = {"export": (), "see_cost": ()}


def _invite(work: Work, user: UserAccount, _data: dict[str, Any]) -> dict[str, Any]:
    """Make a link with which the user chooses a password; the administrator never knows it."""
    assert user.id is not None  # noqa: S101 - a stored record
    return {"link": f"/welcome?token={users.invite(work, user.id)}"}


def _log_out(work: Work, user: UserAccount, _data: dict[str, Any]) -> dict[str, Any]:
    """End all browser sessions and API logins of the user."""
    assert user.id is not None  # noqa: S101 - a stored record
    repo.revoke_tokens(work, user.id)
    return {"ended": repo.end_sessions(work, user.id)}


def _is_active(user: Mapping[str, Any]) -> bool:
    return bool(user.get("active"))


COMPANY = DocumentType(
    Tenant, label="Company", plural="companies", label_plural="Company", creatable=False, on_save=check_company,
    columns=["code", "name", "currency", "tz", "active"], search=["code", "name"],
    access=Access(view=("manager",), **ADMIN_ONLY), menu=Menu("Administration", icon="building-2", order=10),
)
DEPARTMENTS = DocumentType(
    Department, label="Department", plural="departments",
    columns=["code", "name", "active"], search=["code", "name"], filters=["active"],
    access=Access(view=("*",), create=("hr",), edit=("hr",), **ADMIN_ONLY), menu=Menu("Administration", icon="network", order=20),
)
ROLES = DocumentType(
    Role, label="Role", plural="roles",
    columns=["code", "name", "note", "active"], search=["code", "name"], filters=["active"],
    access=Access(view=("manager", "hr"), **ADMIN_ONLY), menu=Menu("Administration", icon="key-round", order=40),
)
USERS = DocumentType(
    UserAccount, label="User", plural="users", on_save=check_user,
    columns=["code", "name", "roles", "department_id", "active"], search=["code", "name", "email"], filters=["active", "department_id", "service"],
    actions=[
        Action("invite", sources=("",), permission="edit", label="Invite", handler=_invite, implied=False, visible=_is_active),
        Action("log_out", sources=("",), permission="edit", label="Log out everywhere", handler=_log_out, implied=False, confirm=True, visible=_is_active),
    ],
    access=Access(view=("manager", "hr"), **ADMIN_ONLY), menu=Menu("Administration", icon="users", order=30),
)
