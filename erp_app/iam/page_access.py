"""Which pages there are and who may open them: by default whoever may view what a page shows; a stored row decides otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from erp_app.document import registry
from erp_app.iam.grants import Grants
from erp_app.iam.roles import ADMIN

Stored = tuple[tuple[str, str, bool], ...]  # (role, path, allowed)


@dataclass(frozen=True)
class Page:
    """A page of the menu.

    Attributes:
        path: first part of its address (`/sales-orders`); what lies below it belongs to it.
        resource: whose view right opens it by default; empty: every user.
    """

    path: str
    label: str
    section: str = ""
    resource: str = ""


_declared: dict[str, Page] = {}


def declare(path: str, label: str, section: str = "", resource: str = "") -> Page:
    """Declare a page that is no list of a document type. Declaring the same page again is harmless."""
    return _declared.setdefault(path, Page(path, label, section, resource))


def every() -> list[Page]:
    """Return all pages: one for each document type, then the declared ones."""
    types = [Page(f"/{one.plural}", one.label_plural, one.menu.section, one.plural) for one in registry.all_types()]
    return types + [page for path, page in _declared.items() if path not in {one.path for one in types}]


def open_to(roles: Iterable[str], stored: Stored, grants: Grants) -> frozenset[str]:
    """Return the paths somebody with these roles and grants may open; `*` for the administrator."""
    names = frozenset(roles)
    if ADMIN in names:
        return frozenset({"*"})
    said = {(role, path): allowed for role, path, allowed in stored if role in names}
    found: set[str] = set()
    for page in every():
        words = [said[role, page.path] for role in names if (role, page.path) in said]
        silent = any((role, page.path) not in said for role in names)
        by_right = not page.resource or bool(grants.get((page.resource, "view")))
        if any(words) or (by_right and silent):
            found.add(page.path)
    return frozenset(found)


def may_open(pages: frozenset[str], path: str) -> bool:
    """Tell whether a path lies within the open pages; the home page is open to everybody, an undeclared page to nobody else."""
    clean = "/" + path.strip("/")
    if clean == "/" or "*" in pages:
        return True
    return any(clean == one or clean.startswith(f"{one}/") for one in pages)
