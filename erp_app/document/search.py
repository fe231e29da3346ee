"""Search over all records by what people remember of them: words of number, name and search columns; nearly right words too."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from erp_app.document import registry
from erp_app.document.models import RecordRef
from erp_app.kernel.access import may, scope_filter, scopes
from erp_app.kernel.uow import Work

MAX_WORDS, MAX_LENGTH = 6, 100
_INDEXED = 3  # letters a word needs for the trigram index; shorter ones are looked for at the beginning of words


@dataclass(frozen=True)
class Terms:
    """LIKE patterns that must all match, the most telling first."""

    patterns: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.patterns)


def terms(q: str) -> Terms:
    """Split what was typed into patterns; control characters are blanks, `%` and `_` are themselves."""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in q[:MAX_LENGTH]).lower()
    words = sorted(dict.fromkeys(text.split()), key=len, reverse=True)[:MAX_WORDS]
    return Terms(tuple(("%" if len(word) >= _INDEXED else "% ") + _escaped(word) + "%" for word in words))


def everywhere(work: Work, q: str, limit: int = 20) -> list[dict[str, Any]]:
    """Return records of all types the actor may view whose number, name or search columns contain the words; then those nearly so.

    Returns:
        Dicts of id, type, type_label, number, label, state, effective_at, newest first.
    """
    words = terms(q)
    if not words:
        return []
    # Words of one or two letters match too much for the whole company: they only narrow down.
    ids = _column(work, "SELECT record_search(NULL, %s::text[], %s)", (list(words.patterns), limit * 20))
    found = _allowed(work, ids)[:limit]
    if len(found) < limit and len(q.strip()) > _INDEXED:
        near = _column(work, "SELECT record_search_similar(%s, %s)", (q[:MAX_LENGTH].lower(), limit * 3))
        seen = {row["id"] for row in found}
        rank = {key: place for place, key in enumerate(near)}
        found += sorted((row for row in _allowed(work, near) if row["id"] not in seen), key=lambda row: rank[row["id"]])[: limit - len(found)]
    return found


def options(work: Work, plural: str, q: str = "", condition: dict[str, Any] | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Return what a reference field offers while one types: active records of one type, by code, name or search columns.

    Args:
        work: the open unit of work.
        plural: the type.
        q: what is typed so far.
        condition: the field's declared filter (column = value, or one of a list).
        limit: at most so many.
    """
    dt = registry.get(plural)
    table = dt.table
    ref: Any = RecordRef.__table__  # type: ignore[attr-defined]
    query = select(ref.c.id, ref.c.type, ref.c.number, ref.c.label).join(table, (table.c.tenant_id == ref.c.tenant_id) & (table.c.id == ref.c.id))
    query = query.where(ref.c.type == plural, ref.c.state.not_in(["deleted", "inactive"]))
    for name, value in (condition or {}).items():
        query = query.where(table.c[name].in_(list(value) if isinstance(value, list | tuple | set) else [value]))
    for pattern in terms(q).patterns:
        query = query.where(ref.c.search.like(pattern))
    order = ref.c.id.desc() if dt.is_document else ref.c.number.asc()
    work.flush()
    rows = work.session.connection().execute(query.order_by(order).limit(min(limit, 100))).mappings()
    return [{**row, "label": row["label"] or row["number"]} for row in rows]


def _allowed(work: Work, ids: list[int]) -> list[dict[str, Any]]:
    """Return the records among these ids that the actor may view, by the same rule as every list."""
    if not ids:
        return []
    rows = work.rows(
        "SELECT id, type, number, label, state, effective_at FROM record_ref WHERE id = ANY(%s) ORDER BY effective_at DESC NULLS LAST, id DESC",
        (ids,),
    )
    known = {one.plural: one for one in registry.all_types()}
    by_type: dict[str, list[int]] = {}
    for row in rows:
        by_type.setdefault(row["type"], []).append(row["id"])
    visible: set[int] = set()
    for plural, members in by_type.items():
        dt = known.get(plural)
        if dt is None or not may(work.actor, plural, "view"):
            continue
        if "all" in scopes(work.actor, plural, "view"):
            visible.update(members)
            continue
        query = select(dt.table.c.id).where(dt.table.c.id.in_(members), scope_filter(work.actor, plural, dt.table))
        visible.update(row[0] for row in work.session.connection().execute(query))
    return [{**row, "type_label": known[row["type"]].label} for row in rows if row["id"] in visible]


def _column(work: Work, query: Any, params: tuple[Any, ...]) -> list[int]:
    return [next(iter(row.values())) for row in work.rows(query, params)]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
