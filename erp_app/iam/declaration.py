"""What an event handler or an endpoint declares about who may call it. Without a declaration nobody may.

The decorators only mark the function; `state/guard.py` (screens) and `api/auth.py` (REST) read the mark and refuse by default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MARK = "__satu_rule__"
OWN_RESOURCE = "{resource}"  # the resource is the State class's `permission_resource`, or the route's path parameter


@dataclass(frozen=True)
class Rule:
    """Who may call.

    Attributes:
        kind: `right` (a permission is needed), `any_user` (whoever is logged in), `public` (everybody).
        resource: permission resource; `{name}` is filled from the State class or from the route's path parameters.
        action: permission action.
        reason: why no permission is needed, for docs/access.md.
    """

    kind: str
    resource: str = ""
    action: str = ""
    reason: str = ""


def requires(resource: str, action: str) -> Callable[[F], F]:
    """Let only those call who hold the right `action` on `resource`."""
    return _mark(Rule("right", resource, action))


def for_any_user(reason: str) -> Callable[[F], F]:
    """Let every logged-in user call; the reason is shown in docs/access.md (own preferences, or the service checks the right)."""
    return _mark(Rule("any_user", reason=reason))


def public(reason: str) -> Callable[[F], F]:
    """Let everybody call, logged in or not; the reason is shown in docs/access.md."""
    return _mark(Rule("public", reason=reason))


def rule_of(function: Any) -> Rule | None:
    """Return what a function declares, or None: then nobody may call it."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Rule) else None


def _mark(rule: Rule) -> Callable[[F], F]:
    def mark(function: F) -> F:
        # An already wrapped event handler keeps its function in `fn`; the mark belongs where the guard looks for it.
        setattr(getattr(function, "fn", function), MARK, rule)
        return function

    return mark
