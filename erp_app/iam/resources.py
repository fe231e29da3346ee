"""Everything a right can be given for: all document types, and what is declared here besides (reports, settings, operations).

The right by default follows from the declaration; a row stored for a role replaces it (`iam/grants.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from erp_app.document import registry
from erp_app.document.declare import Access
from erp_app.iam.roles import ADMIN
from erp_app.kernel.access import ACTIONS

EVERY_ROLE = "*"


@dataclass(frozen=True)
class Resource:
    """One line of the permission matrix.

    Attributes:
        name: the permission resource (a document type's plural, or a word of its own).
        section: where the matrix shows it.
        actions: the actions that mean anything for it.
    """

    name: str
    label: str
    section: str
    actions: tuple[str, ...]
    access: Access


_declared: dict[str, Resource] = {}


def declare(name: str, label: str, section: str, access: Access, actions: tuple[str, ...] = ("view",)) -> Resource:
    """Declare something that is no document type; the name is unique.

    Raises:
        ValueError: for an unknown action or a name declared twice with other content.
    """
    unknown = set(actions) - set(ACTIONS)
    if unknown:
        raise ValueError(f"unknown actions {sorted(unknown)}")
    made = Resource(name, label, section, actions, access)
    if _declared.setdefault(name, made) != made:
        raise ValueError(f"resource {name} is declared twice")
    return made


def every() -> list[Resource]:
    """Return all resources, document types first, in order of declaration."""
    types = [
        Resource(one.plural, one.label_plural, one.menu.section or "Other", ACTIONS, one.access) for one in registry.all_types()
    ]
    return types + list(_declared.values())


def names() -> frozenset[str]:
    """Return the names of all there are (their number alone would not show that one came and another went)."""
    return frozenset(_declared).union(one.plural for one in registry.all_types())


def default_scope(access: Access, role: str, action: str) -> str:
    """Return the scope a declaration gives a role for an action (`own+department` for both), `none` when it gives none."""
    if role == ADMIN:
        return "all"
    for entry in getattr(access, action):
        name, _, scope = entry.partition(":")
        if name in (role, EVERY_ROLE):
            return scope or "all"
    return "none"


PERMISSIONS = declare("permissions", "Rights and page access", "Administration", Access(export=(), see_cost=()), ("view", "edit"))
SESSIONS = declare("sessions", "Logins of all users", "Administration", Access(export=(), see_cost=()), ("view", "cancel"))
OPERATIONS = declare("operations", "Queues, workers, metrics", "Administration", Access(export=(), see_cost=()), ("view", "edit"))
CUSTOM_FIELDS = declare("custom-fields", "Own fields of document types", "Administration", Access(view=("*",), export=(), see_cost=()), ("view", "edit"))
AUDIT = declare("audit", "Audit trail", "Administration", Access(view=("manager",), export=("manager",), see_cost=()), ("view", "export"))
INTEGRITY = declare(
    "integrity", "Integrity of the ledgers", "Administration", Access(view=("manager", "finance", "finance_manager"), export=(), see_cost=()), ("view",),
)
