"""Companies, departments, roles and users as document types: people administer them on the generated screens and by the API."""

from __future__ import annotations

from typing import Any

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.iam.models import Department, Role, Tenant, UserAccount
from erp_app.iam.saving import check_company, check_user

ADMIN_ONLY: dict[str, Any] = {"export": (), "see_cost": ()}

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
    access=Access(view=("manager", "hr"), **ADMIN_ONLY), menu=Menu("Administration", icon="users", order=30),
)
