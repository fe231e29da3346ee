"""Who may do what, as one document: default rights of every role, every screen event, every endpoint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import erp_app.domains  # noqa: F401 - all resources
from erp_app.document import registry
from erp_app.iam import resources
from erp_app.iam.declaration import Rule, rule_of
from erp_app.iam.roles import ADMIN, DEFAULTS
from erp_app.kernel.access import ACTIONS
from erp_app.state.guard import resource_of

TARGET = Path(__file__).resolve().parents[2] / "docs" / "access.md"
_HEAD = """# Who may do what

Written by `tests/security/test_access_document.py` from the declarations in the code: a new right, event or endpoint is a changed line here.
An administrator holds all rights. What an administrator changes on the page *Rights and page access* replaces the defaults below, for that
company. A scope after a colon limits a right: `own` (made by or assigned to the person), `department`, `warehouse`.
Whatever is not declared is refused to everybody; `setvar` and the other events of the framework that are not listed in
`erp_app/state/guard.py` are never let in.
"""


def _roles(one: resources.Resource, action: str) -> str:
    if action not in one.actions:
        return "·"
    scopes = {code: resources.default_scope(one.access, code, action) for code, _, _ in DEFAULTS if code != ADMIN}
    held = {code: scope for code, scope in scopes.items() if scope != "none"}
    if len(held) == len(scopes) and len(set(held.values())) == 1:
        only = next(iter(held.values()))
        return "everybody" if only == "all" else f"everybody:{only}"
    return " ".join(code if scope == "all" else f"{code}:{scope}" for code, scope in held.items()) or "none"


def _words(rule: Rule | None, resource: str) -> str:
    if rule is None:
        return "**nobody (undeclared)**"
    if rule.kind == "right":
        return f"`{rule.action}` on `{resource}`"
    return f"{'anybody' if rule.kind == 'public' else 'every user'}: {rule.reason}"


def rights() -> Iterable[str]:
    """One line for each resource."""
    yield "\n## Default rights\n"
    yield f"| resource | {' | '.join(one.replace('_', ' ') for one in ACTIONS)} |"
    yield f"|---|{'---|' * len(ACTIONS)}"
    for one in sorted(resources.every(), key=lambda each: each.name):
        yield f"| {one.name} | {' | '.join(_roles(one, action) for action in ACTIONS)} |"


def events(handlers: dict) -> Iterable[str]:
    """One line for each screen event."""
    yield "\n## Events of the screens\n"
    yield "`{page}` is the document type or report whose page the event comes from.\n"
    yield "| event | who |\n|---|---|"
    lines = []
    for name, one in handlers.items():
        state, rule = one.states[0], rule_of(one.handler.fn)
        resource = "" if rule is None else resource_of(rule, state, "/{page}")
        lines.append(f"| {state.__name__}.{name.rpartition('.')[2]} | {_words(rule, resource)} |")
    yield from sorted(lines)


def endpoints(found: Iterable) -> Iterable[str]:
    """One line for each endpoint; those that every document type has are one line with `{r}`."""
    yield "\n## Endpoints\n"
    yield "`{r}` is the plural of a document type.\n"
    yield "| endpoint | who | types |\n|---|---|---|"
    types = {one.plural for one in registry.all_types()}
    grouped: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        parts = one.path.split("/")
        plural = parts[3] if one.path.startswith("/api/v1/") and len(parts) > 3 and parts[3] in types else ""
        path = one.path.replace(f"/api/v1/{plural}", "/api/v1/{r}", 1) if plural else one.path
        resource = one.rule.resource if one.rule is not None else ""
        grouped[f"{one.method} {path}", _words(one.rule, "{r}" if plural and resource == plural else resource)].add(plural)
    for (endpoint, words), plurals in sorted(grouped.items()):
        named = "" if plurals == {""} else "all" if plurals == types else ", ".join(sorted(plurals))
        yield f"| {endpoint} | {words} | {named} |"


def document(handlers: dict, found: Iterable) -> str:
    """The whole document."""
    return "\n".join([_HEAD.rstrip(), *rights(), *events(handlers), *endpoints(found)]) + "\n"
