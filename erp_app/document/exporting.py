"""Tables for people to take along: the current list as xlsx or csv, safe to open in a spreadsheet.

A text that a spreadsheet would calculate stays text: typed as a string in xlsx, marked with `'` in csv. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from erp_app.document import custom, listing, repo, shape
from erp_app.document.declare import DocumentType
from erp_app.document.listing import Query
from erp_app.document.read import labels as labels_of
from erp_app.document.read import repo_row, values
from erp_app.document.shape import Shape
from erp_app.i18n import say
from erp_app.kernel.access import require
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

MAX_RECORDS = 100_000
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_GUARDED = ("=", "+", "-", "@", "\t", "\r")
_NUMBERS = ("quantity", "price", "percent", "money", "integer")
_EXACT_DIGITS = 15  # what a spreadsheet's numbers hold
Row = list[tuple[str, Any]]  # kind and value


def export(work: Work, dt: DocumentType, query: Query, file_format: str, *, lines: bool = False, only: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield the file of everything the query finds, as far as the actor may see it; with `lines` one row for each line.

    `only` names the columns, in order; without it all are there.

    Raises:
        Forbidden: ERP-1301 without the right to export. Invalid: ERP-1120 unknown format, ERP-1121 too many records.
    """
    require(work.actor, dt.plural, "export")
    if file_format not in MEDIA:
        raise Invalid("ERP-1120", "The format is csv or xlsx.", errors={"format": "must be csv or xlsx"})
    total = listing.page(work, dt, replace(query, page=1, page_size=1)).total
    if total > MAX_RECORDS:
        raise Invalid("ERP-1121", f"These are about {total} records; at most {MAX_RECORDS} are exported at once. Filter the list.")
    fields = _columns(work, dt)
    fields = {name: fields[name] for name in only if name in fields} or fields
    tables = {one.name: shape.seen(work.actor, dt, shape.line(one)) for one in dt.lines} if lines else {}
    header = [(say(one.label, work.actor.lang), name) for name, one in fields.items()]
    header += [(f"{table}.{name}", f"{table}.{name}") for table, known in tables.items() for name in known]
    names = _headings(header)
    work.audit(f"{dt.table.name}.export", resource=dt.plural, after={"format": file_format, "records": total, "q": query.q, "filters": query.filters})
    rows = _rows(work, dt, query, fields, tables)
    return csv_file(names, rows) if file_format == "csv" else xlsx_file(dt.label_plural, names, rows)


def csv_file(header: list[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a CSV file (UTF-8 with mark, commas) piece by piece."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["\ufeff" + header[0], *header[1:]] if header else [])
    for row in rows:
        writer.writerow([_csv_text(kind, value) for kind, value in row])
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_file(title: str, header: list[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a workbook of one sheet; it is written to disk first, row by row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(c for c in title if c not in "[]:*?/\\")[:31] or "Data")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, "text", name) for name in header])
    for row in rows:
        sheet.append([_cell(sheet, kind, value) for kind, value in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(256 * 1024):
            yield chunk


def _cell(sheet: Any, kind: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if kind in _NUMBERS and len(str(value).replace("-", "").replace(".", "")) <= _EXACT_DIGITS:
        return Decimal(str(value))
    if kind == "flag":
        return bool(value)
    cell = WriteOnlyCell(sheet, value="")
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    cell.data_type = "s"
    return cell


def _csv_text(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "flag":
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(_GUARDED) and kind not in _NUMBERS else text


def _columns(work: Work, dt: DocumentType) -> dict[str, Shape]:
    fields = {name: one for name, one in shape.seen(work.actor, dt, shape.header(dt)).items() if one.kind != "json"}
    return fields | {f"custom.{name}": one.shape for name, one in custom.fields(work, dt.plural).items()}


def _headings(header: list[tuple[str, str]]) -> list[str]:
    """Return labels; where two columns have the same one, their names."""
    labels = [label for label, _ in header]
    return [label if labels.count(label) == 1 else name for label, name in header]


def _rows(work: Work, dt: DocumentType, query: Query, fields: dict[str, Shape], tables: dict[str, dict[str, Shape]]) -> Iterator[Row]:
    empty: Row = [("text", None) for known in tables.values() for _ in known]
    for chunk in listing.every(work, dt, query):
        lines = _lines(work, dt, tables, [record["id"] for record in chunk])
        for record in chunk:
            head: Row = [(one.kind, _value(record, name)) for name, one in fields.items()]
            rows = lines.get(record["id"], [])
            if not rows:
                yield head + empty
            for row in rows:
                yield head + row


def _lines(work: Work, dt: DocumentType, tables: dict[str, dict[str, Shape]], ids: list[int]) -> dict[int, list[Row]]:
    """Return the line cells by record; a record with several tables has the rows of one below the other."""
    result: dict[int, list[Row]] = {}
    width = {name: len(known) for name, known in tables.items()}
    for one in dt.lines:
        known = tables.get(one.name)
        if known is None:
            continue
        found = repo.lines_of_many(work, one.model, ids)
        targets = labels_of(work, [(known, [repo_row(line) for line in found])])
        before = sum(width[name] for name in list(tables)[: list(tables).index(one.name)])
        after = sum(width.values()) - before - width[one.name]
        for line in found:
            shown = values(repo_row(line), known, targets, work.actor.tz)
            cells: Row = [(item.kind, _value(shown, name)) for name, item in known.items()]
            result.setdefault(line.document_id, []).append([("text", None)] * before + cells + [("text", None)] * after)
    return result


def _value(record: dict[str, Any], name: str) -> Any:
    value = record["custom"].get(name.removeprefix("custom.")) if name.startswith("custom.") else record.get(name)
    return ", ".join(str(one) for one in value) if isinstance(value, list) else value
