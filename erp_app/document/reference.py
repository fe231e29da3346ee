"""References between records: ids, numbers or codes are turned into ids in one query, however many lines a document has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from erp_app.document import registry
from erp_app.kernel.uow import Work

ANY = "*"  # the type of a reference to any record, whose key is an id or `type/number`
Wanted = tuple[str, int | str]  # the plural of the type, and an id, number or code


@dataclass(frozen=True)
class Target:
    """What a reference points to."""

    id: int
    type: str
    number: str
    label: str
    state: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as screens and API show it."""
        return {"id": self.id, "type": self.type, "number": self.number, "label": self.label or self.number}


def resolve(work: Work, wanted: Iterable[Wanted]) -> dict[Wanted, Target]:
    """Return the target of every wanted reference that exists in this tenant (deleted drafts do not)."""
    keys = set(wanted)
    found: dict[Wanted, Target] = {}
    if keys:
        _match(keys, _search(work, keys), found)
    return found


def outside(work: Work, ids: Mapping[tuple[str, int], str], filters: Mapping[tuple[str, int], Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return the references whose target does not satisfy the field's declared filter (`kind = warehouse`).

    Args:
        work: the open unit of work.
        ids: field label by (plural, id); only used for its keys.
        filters: the condition by (plural, id): column = value, or column in a list of values.
    """
    wrong: list[tuple[str, int]] = []
    groups: dict[tuple[str, str], list[int]] = {}
    conditions: dict[tuple[str, str], Mapping[str, Any]] = {}
    for key in ids:
        group = (key[0], repr(sorted(filters[key].items())))
        groups.setdefault(group, []).append(key[1])
        conditions[group] = filters[key]
    for group, wanted in groups.items():
        table = registry.get(group[0]).table
        parts: list[sql.Composable] = []
        params: list[Any] = [wanted]
        for column, value in conditions[group].items():
            parts.append(sql.SQL("AND {} = ANY(%s) ").format(sql.Identifier(table.c[column].name)))
            params.append(list(value) if isinstance(value, list | tuple | set) else [value])
        query = sql.SQL("SELECT id FROM {} WHERE id = ANY(%s) ").format(sql.Identifier(table.name)) + sql.Composed(parts)
        good = {row["id"] for row in work.rows(query, params)}
        wrong += [(group[0], one) for one in wanted if one not in good]
    return wrong


def _search(work: Work, wanted: set[Wanted]) -> list[Target]:
    texts = [_parted(plural, key) for plural, key in wanted if isinstance(key, str)]
    rows = work.rows(
        "SELECT r.id, r.type, r.number, r.label, r.state FROM record_ref r"
        " JOIN unnest(%s::text[], %s::text[]) AS w(type, number) USING (type, number) WHERE r.state <> 'deleted'"
        " UNION SELECT r.id, r.type, r.number, r.label, r.state FROM record_ref r WHERE r.id = ANY(%s) AND r.state <> 'deleted'",
        ([one[0] for one in texts], [one[1] for one in texts], _ids(wanted)),
    )
    return [Target(**row) for row in rows]


def _ids(wanted: Iterable[Wanted]) -> list[int]:
    """Return what could be an id: numbers, and texts of digits."""
    return sorted({int(key) for _, key in wanted if isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) < 17)})  # noqa: PLR2004


def _match(wanted: set[Wanted], targets: list[Target], found: dict[Wanted, Target]) -> None:
    by_number = {(one.type, one.number): one for one in targets}
    by_id = {(one.type, one.id): one for one in targets}
    by_id |= {(ANY, one.id): one for one in targets}
    for plural, key in wanted:
        target = by_number.get(_parted(plural, key)) if isinstance(key, str) else by_id.get((plural, key))
        if target is None and isinstance(key, str) and key.isascii() and key.isdigit():
            target = by_id.get((plural, int(key)))
        if target is not None:
            found[plural, key] = target


def _parted(plural: str, key: str) -> tuple[str, str]:
    """Return type and number of a text key."""
    if plural != ANY:
        return plural, key
    kind, _, number = key.partition("/")
    return kind, number
