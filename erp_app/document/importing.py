"""Import of records from a table: columns are mapped to fields, everything is checked cell by cell before anything is written.

One row is one record; with columns of lines, rows that follow with the same key (or with empty header cells) are further lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from erp_app.document import custom, service, shape
from erp_app.document.declare import DocumentType
from erp_app.document.exporting import csv_file
from erp_app.document.shape import Shape
from erp_app.document.tables import Table
from erp_app.i18n import say
from erp_app.kernel.access import require
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError, Invalid, Unavailable
from erp_app.kernel.idempotency import once
from erp_app.kernel.translation import translate
from erp_app.kernel.uow import Work, unit_of_work

MAX_ERRORS = 500
PREVIEWED = 20
MODES = ("preview", "all", "valid")
_YES, _NO = ("true", "yes", "ya", "y", "1", "x"), ("false", "no", "tidak", "n", "0")
GROUP = "#"  # a column mapped to this only says which rows belong together


@dataclass
class Record:
    """One record of the table: input for `service.create`, and where its cells are."""

    data: dict[str, Any] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    cells: dict[str, tuple[int, int]] = field(default_factory=dict)


def propose(work: Work, dt: DocumentType, header: list[str]) -> dict[str, str]:
    """Return field by column name, as far as names or labels (in either language) agree."""
    known = targets(work, dt)
    by_word: dict[str, str] = {}
    for name, one in known.items():
        own = [name, name.replace("_", " "), name.rpartition(".")[2]] if "." in name else [name, name.replace("_", " ")]
        for word in [*own, one.label, say(one.label, "id")]:
            by_word.setdefault(_word(word), name)
    proposed: dict[str, str] = {}
    for column in header:
        found = by_word.get(_word(column))
        if found and found not in proposed.values():
            proposed[column] = found
        elif _word(column) in (_word("number"), _word(say("Number", "id"))) and dt.is_document:
            proposed[column] = GROUP
    return proposed


def targets(work: Work, dt: DocumentType) -> dict[str, Shape]:
    """Return every field a column can be mapped to: `party`, `custom.colour`, `lines.item`."""
    found = {name: one for name, one in shape.seen(work.actor, dt, shape.header(dt)).items() if one.editable and one.kind != "json"}
    for lines in dt.lines:
        known = shape.seen(work.actor, dt, shape.line(lines))
        found |= {f"{lines.name}.{name}": one for name, one in known.items() if one.editable and one.kind != "json"}
    return found | {f"custom.{name}": one.shape for name, one in custom.fields(work, dt.plural).items()}


def run(actor: Actor, dt: DocumentType, table: Table, mapping: Mapping[str, str] | None, mode: str, key: str | None = None) -> dict[str, Any]:
    """Check a table, and write it unless it is a preview.

    Args:
        actor: who imports; needs the right to create.
        dt: the type.
        table: see `tables.read`.
        mapping: field by column name; None: as proposed.
        mode: `preview` writes nothing; `all` writes everything or, with any error, nothing; `valid` writes the records without errors.
        key: an idempotency key; the same table under the same key is imported once.

    Returns:
        columns, fields (what can be mapped), mapping, rows, records, valid, created (numbers), errors [{row, column, field, message}],
        preview (first records) and error_file (csv text of the refused rows with a column `reason`, empty when there are none).
    """
    require(actor, dt.plural, "create")
    if mode not in MODES:
        raise Invalid("ERP-1112", "The mode is preview, all or valid.", errors={"mode": "must be preview, all or valid"})
    if not dt.creatable:
        raise Invalid("ERP-1112", f"{dt.label_plural} are made by other documents and cannot be imported.")
    content = {"import": dt.plural, "mode": mode, "mapping": mapping, "header": table.header, "rows": table.rows}
    with unit_of_work(actor, dry_run=mode == "preview") as work:
        return once(work, key if mode != "preview" else None, content, lambda: _import(work, dt, table, mapping, mode))


def _import(work: Work, dt: DocumentType, table: Table, mapping: Mapping[str, str] | None, mode: str) -> dict[str, Any]:
    """Try every record first, so that no number is taken and nobody waits while the table is checked; then write."""
    known = targets(work, dt)
    chosen = _mapping(work, dt, table, mapping)
    records = list(group(table, chosen, known))
    problems = [_try(work, dt, one, keep=False)[0] for one in records]
    created: list[str] = []
    if mode == "valid" or (mode == "all" and not any(problems)):
        created, problems = _write(work, dt, records, problems, mode)
    errors = [item for one in problems for item in one]
    return {
        "columns": table.header,
        "fields": {name: say(one.label, work.actor.lang) for name, one in known.items()},
        "mapping": chosen,
        "rows": len(table.rows),
        "records": len(records),
        "valid": sum(1 for one in problems if not one),
        "created": created,
        "errors": [{**one, "column": table.header[one["column"]] if one["column"] is not None else None} for one in errors[:MAX_ERRORS]],
        "preview": [one.data for one in records[:PREVIEWED]],
        "error_file": _error_file(table, records, problems),
    }


def group(table: Table, mapping: Mapping[str, str], known: Mapping[str, Shape]) -> list[Record]:
    """Return the records of a table."""
    found: list[Record] = []
    places = {index: mapping[name] for index, name in enumerate(table.header) if name in mapping}
    tables = sorted({target.partition(".")[0] for target in places.values() if "." in target and not target.startswith("custom.")})
    last: Any = object()
    for number, cells in table.rows:
        head = {index: cells[index] for index, target in places.items() if target.partition(".")[0] not in tables}
        keys = [cells[index] for index, target in places.items() if target == GROUP]
        key = keys[0] if keys else tuple(head.values())
        blank = all(value in (None, "") for value in head.values())
        if not (tables and found and (blank or key == last)):
            found.append(Record())
            for index, target in places.items():
                if index in head and target != GROUP:
                    _put(found[-1], target, cells[index], known[target], (number, index))
        last = last if blank else key
        found[-1].rows.append(number)
        for name in tables:
            _put_line(found[-1], name, number, {index: cells[index] for index, target in places.items() if target.startswith(f"{name}.")}, places, known)
    return found


def _put(record: Record, target: str, value: Any, one: Shape, cell: tuple[int, int]) -> None:
    if value in (None, ""):
        return
    place = record.data
    if target.startswith("custom."):
        place = record.data.setdefault("custom", {})
    place[target.removeprefix("custom.")] = converted(one, value)
    record.cells[target] = cell


def _put_line(record: Record, name: str, number: int, cells: dict[int, Any], places: Mapping[int, str], known: Mapping[str, Shape]) -> None:
    if all(value in (None, "") for value in cells.values()):
        return
    rows: list[dict[str, Any]] = record.data.setdefault(name, [])
    rows.append({})
    for index, value in cells.items():
        target = places[index]
        if value not in (None, ""):
            rows[-1][target.partition(".")[2]] = converted(known[target], value)
        record.cells[f"{name}.{len(rows)}.{target.partition('.')[2]}"] = (number, index)


def converted(one: Shape, value: Any) -> Any:
    """Bring a cell nearer to what the field takes: words for yes and no, lists by comma, numbers in text fields, choices in any case."""
    word = str(value).strip()
    if one.kind == "flag" and word.lower() in (*_YES, *_NO):
        return word.lower() in _YES
    if one.kind == "refs":
        return [part.strip() for part in word.split(",") if part.strip()]
    if one.kind in ("ref", "user", "text", "long_text") and isinstance(value, int | float) and not isinstance(value, bool):
        return word
    if one.kind == "choice":
        return next((choice for choice in one.choices if _word(choice) == _word(word)), value)
    return value


def _try(work: Work, dt: DocumentType, record: Record, *, keep: bool) -> tuple[list[dict[str, Any]], str]:
    """Create one record within a savepoint, kept or only tried; return what is wrong with it by cell, or its number."""
    savepoint = work.session.begin_nested()
    try:
        made = service.create(work, dt, record.data, numbered=keep)
    except (ErpError, DBAPIError, psycopg.Error) as error:
        savepoint.rollback()
        return _problems(record, _refusal(error)), ""
    if keep:
        savepoint.commit()
    else:
        savepoint.rollback()
    return [], str(made[dt.key])


def _refusal(error: ErpError | DBAPIError | psycopg.Error) -> ErpError:
    """Return what a person can read; a failure that is no refusal of the row stops the import."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        error = error.orig
    found = translate(error) if isinstance(error, psycopg.Error) else error
    if not isinstance(found, ErpError) or isinstance(found, Unavailable):
        raise error
    return found


def _problems(record: Record, error: ErpError) -> list[dict[str, Any]]:
    if not error.errors:
        return [{"row": record.rows[0], "column": None, "field": None, "message": error.detail}]
    found = []
    for name, message in error.errors.items():
        row, column = record.cells.get(name, (record.rows[0], None))
        found.append({"row": row, "column": column, "field": name, "message": message})
    return found


def _write(
    work: Work, dt: DocumentType, records: list[Record], problems: list[list[dict[str, Any]]], mode: str
) -> tuple[list[str], list[list[dict[str, Any]]]]:
    """Write the good records; in mode `all` a late refusal undoes everything."""
    created: list[str] = []
    after = list(problems)
    for place, record in enumerate(records):
        if problems[place]:
            continue
        after[place], number = _try(work, dt, record, keep=True)
        if after[place] and mode == "all":
            raise Invalid("ERP-1113", f"Row {record.rows[0]}: {after[place][0]['message']}. Nothing was imported.")
        if not after[place]:
            created.append(number)
    told = {"type": dt.plural, "label": dt.label_plural, "text": f"{len(created)} of {len(records)}", "user_id": work.actor.user_id}
    work.emit("import.finished", told)
    work.audit(f"{dt.table.name}.import", resource=dt.plural, after={"created": len(created), "refused": sum(1 for one in after if one)})
    return created, after


def _mapping(work: Work, dt: DocumentType, table: Table, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Return the checked mapping.

    Raises:
        Invalid: ERP-1112 for a column or field that is not there, or a field mapped twice.
    """
    if mapping is None:
        return propose(work, dt, table.header)
    known = targets(work, dt)
    errors = {str(name)[:60]: "is no column of the table" for name in mapping if name not in table.header}
    errors |= {str(name)[:60]: "is no field of this type" for name, target in mapping.items() if target not in known and target != GROUP}
    if len(set(mapping.values())) != len(mapping):
        errors["mapping"] = "a field is mapped twice"
    if errors:
        first, message = next(iter(errors.items()))
        raise Invalid("ERP-1112", f"{first} {message}.", errors=errors)
    return dict(mapping)


def _error_file(table: Table, records: list[Record], problems: list[list[dict[str, Any]]]) -> str:
    """Return the refused rows as csv with the reason beside them, so that they can be corrected and imported again."""
    reasons: dict[int, list[str]] = {}
    for record, found in zip(records, problems, strict=True):
        for row in record.rows if found else []:
            reasons.setdefault(row, [])
        for item in found:
            reasons[item["row"]].append(f"{item['field']}: {item['message']}" if item["field"] else item["message"])
    if not reasons:
        return ""
    rows = [[*(("text", cell) for cell in cells), ("text", "; ".join(reasons[number]))] for number, cells in table.rows if number in reasons]
    return b"".join(csv_file([*table.header, "reason"], rows)).decode()


def _word(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
