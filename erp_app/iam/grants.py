"""Merges the rights of a user's roles: what the declarations give, replaced by what an administrator stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from erp_app.iam import resources
from erp_app.iam.roles import ADMIN

Stored = tuple[tuple[str, str, str, str], ...]  # (role, resource, action, scope)
Grants = dict[tuple[str, str], frozenset[str]]
ALL: Grants = {("*", "*"): frozenset({"all"})}


def merge(roles: Iterable[str], stored: Stored) -> Grants:
    """Return the scopes by (resource, action) of somebody with these roles. Roles add up; the administrator has everything."""
    return _merge(frozenset(roles), stored, resources.names())


@lru_cache(maxsize=1024)
def _merge(roles: frozenset[str], stored: Stored, _names: frozenset[str]) -> Grants:
    if ADMIN in roles:
        return ALL
    override = {(role, resource, action): scope for role, resource, action, scope in stored}
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for resource in resources.every():
        for action in resource.actions:
            for role in roles:
                scope = override.get((role, resource.name, action)) or resources.default_scope(resource.access, role, action)
                if scope != "none":
                    held[resource.name, action].update(scope.split("+"))  # a declaration may give several: staff:own+department
    return {key: frozenset(scopes) for key, scopes in held.items()}
