"""What people give for a record, checked field by field: kinds, limits, choices, references, custom fields, lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from erp_app.document import custom, reference, registry, repo_view, shape
from erp_app.document.declare import DocumentType, Lines
from erp_app.document.shape import Shape
from erp_app.document.values import Bad, parse
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

MAX_LINES = 2000
MAX_ERRORS = 200


@dataclass
class Given:
    """Checked input: column values of the header, rows by lines' name, the new `custom`."""

    header: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Pending:
    """One reference waiting for its id."""

    target: dict[str, Any]
    shape: Shape
    keys: list[int | str]
    where: str


@dataclass
class _Reader:
    work: Work
    dt: DocumentType
    internal: bool
    errors: dict[str, str] = field(default_factory=dict)
    pending: list[_Pending] = field(default_factory=list)

    def fields(self, data: Mapping[str, Any], known: dict[str, Shape], prefix: str, allowed: set[str]) -> dict[str, Any]:
        """Read the given fields into columns; unknown and read-only ones are errors."""
        result: dict[str, Any] = {}
        for name, value in data.items():
            one = known.get(name)
            if one is None:
                if name not in allowed:
                    self.errors[prefix + str(name)[:60]] = "is no field of this type"
                continue
            if not self.internal and not self._writable(one):
                self.errors[prefix + name] = "cannot be given"
                continue
            try:
                stored = parse(one, value, self.work.actor.tz)
            except Bad as bad:
                self.errors[prefix + name] = str(bad)
                continue
            if stored is not None and one.kind in shape.REFERENCES:
                self.pending.append(_Pending(result, one, stored if isinstance(stored, list) else [stored], prefix + name))
            result[one.column] = stored
        return result

    def required(self, row: Mapping[str, Any], known: dict[str, Shape], prefix: str, *, complete: bool) -> None:
        """Note what is missing: on a complete row everything required, otherwise what was emptied."""
        for name, one in known.items():
            given = row.get(one.column)
            if one.required and one.editable and given is None and (complete or one.column in row):
                self.errors.setdefault(prefix + name, "is required")

    def _writable(self, one: Shape) -> bool:
        return one.editable and (not one.see or shape.sees(self.work.actor, self.dt.plural, one.see))

    def resolve(self) -> None:
        """Replace keys by ids, all of them by one query; then check the declared filters."""
        found = reference.resolve(self.work, ((one.shape.ref, key) for one in self.pending for key in one.keys))
        filtered: dict[tuple[str, int], Mapping[str, Any]] = {}
        where: dict[tuple[str, int], str] = {}
        for one in self.pending:
            targets = [found.get((one.shape.ref, key)) for key in one.keys]
            unknown = [str(key)[:60] for key, target in zip(one.keys, targets, strict=True) if target is None]
            if unknown:
                self.errors[one.where] = f"there is no {_noun(one.shape.ref)} {', '.join(repr(key) for key in unknown[:5])}"
                continue
            ids = [target.id for target in targets if target]
            if one.shape.kind == "record" and not self.internal and not repo_view.visible(self.work, ids[0]):
                self.errors[one.where] = f"there is no record {str(one.keys[0])[:60]!r}"
                continue
            inactive = [target.number for target in targets if target and target.state == "inactive"]
            if inactive and not self.internal:
                self.errors[one.where] = f"{inactive[0]} is no longer active"
                continue
            one.target[one.shape.column] = list(dict.fromkeys(ids)) if one.shape.kind == "refs" else ids[0]
            if one.shape.filter:
                filtered.update({(one.shape.ref, key): one.shape.filter for key in ids})
                where.update({(one.shape.ref, key): one.where for key in ids})
        for key in reference.outside(self.work, where, filtered) if filtered else []:
            wanted = ", ".join(f"{name} {_one_of(value)}" for name, value in filtered[key].items())
            self.errors[where[key]] = f"must be a {_noun(key[0])} with {wanted}"


def read(
    work: Work,
    dt: DocumentType,
    data: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    lines_before: Mapping[str, list[dict[str, Any]]] | None = None,
    internal: bool = False,
) -> Given:
    """Check everything given and return it as columns; without `before` the record is new and must be complete.

    Raises:
        Invalid: ERP-1102 with a message for every wrong field (`lines.3.quantity`, `custom.color`).
    """
    if not isinstance(data, Mapping):
        raise Invalid("ERP-1102", "The content must be an object of fields.")
    reader = _Reader(work, dt, internal)
    known = shape.header(dt)
    new = before is None
    given = Given()
    given.header = reader.fields(data, known, "", {"custom", *(one.name for one in dt.lines)})
    reader.required(given.header, known, "", complete=new)
    for one in dt.lines:
        if new or one.name in data:
            given.lines[one.name] = _read_lines(reader, one, data.get(one.name), (lines_before or {}).get(one.name, []))
    stored = dict((before or {}).get("custom") or {})
    given.custom = custom.read(custom.fields(work, dt.plural), data.get("custom"), stored, reader.errors, complete=new, tz=work.actor.tz)
    reader.resolve()
    if reader.errors:
        shown = dict(list(reader.errors.items())[:MAX_ERRORS])
        first, message = next(iter(shown.items()))
        raise Invalid("ERP-1102", f"{dt.label}: {first} {message}." + (f" {len(reader.errors) - 1} more." if len(reader.errors) > 1 else ""), errors=shown)
    return given


def _read_lines(reader: _Reader, lines: Lines, data: Any, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read a table of lines. A line with the `line_no` of an existing one changes that one; lines not given are removed."""
    name = lines.name
    if data is not None and not isinstance(data, list):
        reader.errors[name] = "must be a list of lines"
        return []
    rows: list[Any] = data or []
    if lines.required and not rows:
        reader.errors[name] = "needs at least one line"
    if len(rows) > MAX_LINES:
        reader.errors[name] = f"has more than {MAX_LINES} lines"
        return []
    known = shape.line(lines)
    old = {row["line_no"]: row for row in before}
    result: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        prefix = f"{name}.{number}."
        if not isinstance(row, Mapping):
            reader.errors[prefix[:-1]] = "must be an object of fields"
            continue
        kept = old.pop(row["line_no"], None) if isinstance(row.get("line_no"), int) else None
        columns = reader.fields(row, known, prefix, {"line_no"})
        reader.required(columns, known, prefix, complete=kept is None)
        result.append(_Merged(kept, columns) if kept else columns)
    return result


class _Merged(dict[str, Any]):
    """An existing line with its changes; the changes may still get ids of references."""

    def __init__(self, kept: dict[str, Any], changes: dict[str, Any]) -> None:
        super().__init__({key: value for key, value in kept.items() if key not in ("tenant_id", "document_id", "line_no")})
        self.changes = changes


def final(row: dict[str, Any]) -> dict[str, Any]:
    """Return a line's columns after references are resolved."""
    return {**row, **row.changes} if isinstance(row, _Merged) else row


def _one_of(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _noun(plural: str) -> str:
    known = {one.plural: one.label.lower() for one in registry.all_types()}
    return known.get(plural, plural.removesuffix("s").replace("-", " "))
