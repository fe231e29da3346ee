"""One record as people see it: masked by field rights, references by number or code with id and label beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from erp_app.document import custom, repo, shape
from erp_app.document.custom import Defined
from erp_app.document.declare import DocumentType
from erp_app.document.reference import Target
from erp_app.document.shape import Shape
from erp_app.document.values import show
from erp_app.kernel.uow import Work


def present(work: Work, dt: DocumentType, doc: Any) -> dict[str, Any]:
    """Return the full record with its lines, masked for the actor."""
    fields = shape.seen(work.actor, dt, shape.header(dt))
    row = repo.row_of(doc)
    tables = [(one, shape.seen(work.actor, dt, shape.line(one)), repo.lines_of(work, one.model, doc.id)) for one in dt.lines]
    line_rows = [(one, known, [repo_row(line) for line in found]) for one, known, found in tables]
    targets = labels(work, [(fields, [row]), *((known, rows) for _, known, rows in line_rows)], people=[row["created_by"], row["updated_by"]])
    result = flat(row, fields, targets, work.actor.tz, custom.fields(work, dt.plural))
    for one, known, rows in line_rows:
        result[one.name] = [{"line_no": line["line_no"], **values(line, known, targets, work.actor.tz)} for line in rows]
    return dt.answer(work, result) if dt.answer else result


def repo_row(line: Any) -> dict[str, Any]:
    """Return a line's columns as a dict."""
    return {column.name: getattr(line, column.name) for column in repo.table_of(type(line)).c}


def flat(row: Mapping[str, Any], fields: dict[str, Shape], targets: Mapping[tuple[str, int], Target], tz: str, defined: dict[str, Defined]) -> dict[str, Any]:
    """Return the header in API form: id, version, the fields, custom values, who and when."""
    engine = shape.engine_fields()
    result: dict[str, Any] = {"id": row["id"], "version": row["version"]}
    shown = values(row, fields, targets, tz)
    refs = shown.pop("refs", {})
    result |= shown
    result["custom"] = custom.shown(defined, row["custom"])
    for name in ("created_at", "updated_at"):
        result[name] = show(engine[name], row[name], tz)
    for name in ("created_by", "updated_by"):
        who = targets.get(("users", row[name]))
        result[name] = who.number if who else ("system" if row[name] == 0 else row[name])
    return {**result, "refs": refs}


def values(row: Mapping[str, Any], fields: dict[str, Shape], targets: Mapping[tuple[str, int], Target], tz: str) -> dict[str, Any]:
    """Return fields in API form; `refs` holds id, type, number and label of every reference by field name."""
    result: dict[str, Any] = {}
    refs: dict[str, Any] = {}
    for name, one in fields.items():
        value = row[one.column]
        if one.kind in ("ref", "user"):
            target = targets.get((one.ref, value)) if value is not None else None
            result[name] = target.number if target else value
            if target:
                refs[name] = target.as_dict()
        elif one.kind == "record":
            target = targets.get(("*", value)) if value is not None else None
            result[name] = f"{target.type}/{target.number}" if target else value
            if target:
                refs[name] = target.as_dict()
        elif one.kind == "refs":
            found = [targets.get((one.ref, int(key))) for key in value or []]
            result[name] = [target.number for target in found if target]
            refs[name] = [target.as_dict() for target in found if target]
        else:
            result[name] = show(one, value, tz)
    if refs:
        result["refs"] = refs
    return result


def labels(work: Work, groups: Iterable[tuple[dict[str, Shape], list[dict[str, Any]]]], people: Iterable[int] = ()) -> dict[tuple[str, int], Target]:
    """Return number and label of everything these rows refer to, by one query."""
    ids = {one for one in people if one}
    for fields, rows in groups:
        for one in fields.values():
            if one.kind == "refs":
                ids.update(int(key) for row in rows for key in row[one.column] or [])
            elif one.kind in ("ref", "user", "record"):
                ids.update(row[one.column] for row in rows if row[one.column])
    found = work.rows("SELECT id, type, number, label, state FROM record_ref WHERE id = ANY(%s)", (sorted(ids),)) if ids else []
    return index(Target(**row) for row in found)


def index(targets: Iterable[Target]) -> dict[tuple[str, int], Target]:
    """Return targets by type and id, and by `*` and id for references to any record."""
    found = list(targets)
    return {(one.type, one.id): one for one in found} | {("*", one.id): one for one in found}
