"""All document types by their plural noun; filled by importing `erp_app.domains`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from erp_app.kernel.errors import NotFound

if TYPE_CHECKING:
    from erp_app.document.declare import DocumentType

_types: dict[str, DocumentType] = {}
_waiting: dict[str, list[Callable[[str], None]]] = {}


def add(one: DocumentType) -> None:
    """Enter a type; its plural is unique."""
    if one.plural in _types:
        raise ValueError(f"document type {one.plural} is declared twice")
    _types[one.plural] = one
    for call in _waiting.pop(one.plural, []):
        call(one.table.name)


def when_known(plural: str, call: Callable[[str], None]) -> None:
    """Call with the table's name as soon as the type is declared (references may point forward)."""
    if plural in _types:
        call(_types[plural].table.name)
    else:
        _waiting.setdefault(plural, []).append(call)


def get(plural: str) -> DocumentType:
    """Return a type by its plural.

    Raises:
        NotFound: ERP-1002 when there is none.
    """
    if plural not in _types:
        raise NotFound("ERP-1002", f"There is no resource {plural!r}.")
    return _types[plural]


def is_document(plural: str) -> bool:
    """Tell whether this is a type of documents, which people know by their number (master data by its name)."""
    return plural in _types and _types[plural].is_document


def all_types() -> list[DocumentType]:
    """Return all types in order of declaration."""
    return list(_types.values())


def dangling() -> list[str]:
    """Return references to types nobody declared (a test expects none)."""
    return sorted(_waiting)
