"""Reports as files: xlsx and csv whose cells never run as formulas, and PDF with the company's letterhead."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook

from erp_app.document.printing import Column as PrintColumn
from erp_app.document.printing import Sheet, figure, letterhead
from erp_app.i18n import say
from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Column, Report, totals_of

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_FIGURES = ("money", "quantity", "integer", "percent")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = {"text": 2.2, "moment": 1.8, "date": 1.3}


def make(work: Work, report: Report, answer: Answer, kind: str, hidden: set[str]) -> bytes:
    """Return a report as `csv`, `xlsx` or `pdf`; `as_of` and `known_on` of the answer say what it shows, on paper and on a sheet of its own."""
    columns = [column for column in report.columns if column.name not in hidden]
    rows = report.rows_of(answer)
    if kind == "csv":
        return _csv(columns, rows)
    return _xlsx(report, columns, rows, answer) if kind == "xlsx" else _pdf(work, report, columns, rows, answer)


def named(report: Report, answer: Answer, kind: str) -> str:
    """Return the name of a report's file, with the day it is about and the moment as of which it was known."""
    day, known = (re.sub(r"[^0-9T-]", "", str(answer.get(name) or "")[:16]) for name in ("as_of", "known_on"))
    return f"{report.name}{f'_{day}' if day else ''}{f'_known-{known}' if known else ''}.{kind}"


def _when(text: Any) -> str:
    return str(text or "").replace("T", " ")


def safe(text: Any) -> str:
    """Return a text that no spreadsheet runs: what begins like a formula gets an apostrophe."""
    plain = "" if text is None else str(text)
    return f"'{plain}" if plain.startswith(_DANGEROUS) else plain


def _csv(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.label for column in columns])
    writer.writerows([[_plain(column, row.get(column.name)) for column in columns] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(report: Report, columns: Sequence[Column], rows: Sequence[dict[str, Any]], answer: Answer) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(report.label[:31])
    sheet.append([column.label for column in columns])
    for row in rows:
        sheet.append([_cell(column, row.get(column.name)) for column in columns])
    out = io.BytesIO()
    about = book.create_sheet("About")
    for line in (("Report", report.label), ("As of", answer.get("as_of")), ("As known on", answer.get("known_on"))):
        about.append([line[0], safe(line[1])])
    book.save(out)
    return out.getvalue()


def _pdf(work: Work, report: Report, columns: Sequence[Column], rows: Sequence[dict[str, Any]], answer: Answer) -> bytes:
    lang = work.actor.lang
    sheet = Sheet(letterhead(work), report.label, "", lang=lang)
    sheet.facts([("As of", _when(answer.get("as_of")))], [("As known on", _when(answer.get("known_on")))])
    heads = [PrintColumn(column.name, column.label, _WIDTHS.get(column.kind, 1.4), right=column.kind in _FIGURES) for column in columns]
    printed = [{column.name: _printed(column, row.get(column.name), lang) for column in columns} for row in rows]
    totals = totals_of(answer, {column.name for column in columns})
    if totals:
        figures = {column.name: _printed(column, totals[column.name], lang) for column in columns if column.name in totals}
        printed.append({columns[0].name: say("Total", lang), **figures})
    sheet.table(heads, printed)
    return sheet.content()


def _plain(column: Column, value: Any) -> str:
    return ("" if value is None else str(value)) if column.kind in _FIGURES else safe(value)


def _cell(column: Column, value: Any) -> Any:
    if value in (None, ""):
        return None
    return Decimal(str(value)) if column.kind in _FIGURES else safe(value)


def _printed(column: Column, value: Any, lang: str) -> str:
    if column.kind in _FIGURES:
        return figure(value, lang)
    text = "" if value is None else str(value)
    if column.kind == "choice":
        return say(text[:1].upper() + text[1:].replace("_", " "), lang)
    return text[:16].replace("T", " ") if column.kind == "moment" else text
