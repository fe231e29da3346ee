"""Reading tables people upload (csv, xlsx) without trusting them: sizes are counted while unpacking, XML has no entities."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook

from erp_app.kernel.errors import Invalid

MAX_BYTES = 10 * 2**20
MAX_UNPACKED, MAX_STRINGS, MAX_RATIO, MAX_PARTS = 30 * 2**20, 8 * 2**20, 100, 200
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 5000, 200, 5000
_CHUNK = 256 * 1024
_GUARDED = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """An uploaded table: the names in its first row, and the rows below as text, number, date or None, with their row number."""

    header: list[str]
    rows: list[tuple[int, list[Any]]]


def read(name: str, content: bytes) -> Table:
    """Read an upload by its kind.

    Raises:
        Invalid: ERP-1111 with what is wrong with the file.
    """
    if not content or len(content) > MAX_BYTES:
        raise _bad("The file is empty." if not content else "The file is larger than 10 MiB.")
    extension = name.lower().rpartition(".")[2]
    if extension == "csv":
        rows = _csv(content)
    elif extension == "xlsx":
        rows = _xlsx(content)
    else:
        raise _bad("Only .csv and .xlsx files are read.")
    return _table(rows)


def _table(rows: Iterator[list[Any]]) -> Table:
    header: list[str] | None = None
    kept: list[tuple[int, list[Any]]] = []
    for number, row in enumerate(rows, 1):
        if len(row) > MAX_COLUMNS:
            raise _bad(f"The table has more than {MAX_COLUMNS} columns.")
        if header is None:
            header = [str(cell or "").strip()[:100] for cell in row]
            while header and not header[-1]:
                header.pop()
            continue
        if number > MAX_ROWS + 1:
            raise _bad(f"The table has more than {MAX_ROWS} rows. Split it.")
        if any(cell not in (None, "") for cell in row):
            kept.append((number, [*row[: len(header)], *[None] * (len(header) - len(row))]))
    if not header:
        raise _bad("The first row must name the columns.")
    return Table(header, kept)


def _csv(content: bytes) -> Iterator[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad("The file is no UTF-8 text. Save it as CSV UTF-8, or as .xlsx.") from None
    if "\x00" in text:
        raise _bad("The file is no text.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_unguarded(cell) for cell in row]
    except csv.Error as error:
        raise _bad(f"The file is no CSV: {error}.") from None


def _unguarded(cell: str) -> str | None:
    """Take away the mark that keeps spreadsheets from calculating (see `exporting`)."""
    text = cell[1:] if cell.startswith("'") and cell[1:2] in _GUARDED else cell
    return text or None


def _xlsx(content: bytes) -> Iterator[list[Any]]:
    _inspect(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1):
            yield [_cell(value) for value in _shorn(row)]
        book.close()
    except Invalid:
        raise
    except DefusedXmlException:
        raise _bad("The workbook holds XML that is not read.") from None
    except Exception as error:  # noqa: BLE001 - whatever a broken file makes the reader raise, it is the file's fault
        raise _bad(f"The file is no readable workbook ({type(error).__name__}).") from None


def _shorn(row: tuple[Any, ...]) -> list[Any]:
    """Return the row without empty cells at its end."""
    cells = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _inspect(content: bytes) -> None:
    """Unpack every part counting what comes out: sizes in a zip's headers lie."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise _bad("The file is no workbook.") from None
    with archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise _bad("The workbook has too many parts.")
        total = 0
        for part in parts:
            if part.filename.startswith(("/", "\\")) or ".." in part.filename.replace("\\", "/").split("/") or part.flag_bits & 1:
                raise _bad("The workbook holds parts that are not read.")
            total += _unpacked(archive, part, MAX_UNPACKED - total, len(content))


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int, packed: int) -> int:
    room = min(room, MAX_STRINGS if "sharedstrings" in part.filename.lower() else room)
    size = 0
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                if size == 0 and (b"<!DOCTYPE" in chunk[:4096] or b"<!ENTITY" in chunk or chunk[:2] in (b"\xff\xfe", b"\xfe\xff")):
                    raise _bad("The workbook holds XML that is not read.")
                size += len(chunk)
                if size > room or size > MAX_RATIO * max(packed, 10_000):
                    raise _bad("The workbook unpacks to more than is taken.")
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        raise _bad(f"The file is no readable workbook ({type(error).__name__}).") from None
    return size


def _cell(value: Any) -> Any:
    """Return a cell as text, number, flag or ISO date; never longer than a field can be."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or isinstance(value, int | float | bool):
        return value
    return str(value)[: MAX_CELL + 1] or None


def _bad(text: str) -> Invalid:
    return Invalid("ERP-1111", text, errors={"file": text})
