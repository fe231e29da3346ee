"""PDF of any record: letterhead of the tenant, fields, lines, total in words. Types with a paper of their own declare `pdf`.

`Sheet`, `Column`, `Letterhead`, `figure` are what such papers are made of (see `sheet.py`); `letterhead(work)` is the tenant's.
"""

from __future__ import annotations

from typing import Any

from erp_app.document import custom, registry, repo, service, shape
from erp_app.document.declare import DocumentType, Lines
from erp_app.document.shape import Shape
from erp_app.document.sheet import Column, Letterhead, Sheet, day, figure
from erp_app.document.words import LIMIT, amount_in_words
from erp_app.i18n import say
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work

__all__ = ["Column", "Letterhead", "Sheet", "amount_in_words", "day", "document_pdf", "figure", "generic_pdf", "letterhead"]

_WIDE = {"text": 2.5, "long_text": 3.5, "ref": 2.0, "user": 1.6, "refs": 2.0}
_RIGHT = ("quantity", "price", "percent", "money", "integer")
_APART = ("number", "state", "effective_at", "note", "total", "active", "version")


def document_pdf(work: Work, dt: DocumentType, ref: int | str) -> tuple[str, bytes]:
    """Return file name and PDF of a record the actor may view; fields he may not see are not on it.

    Raises:
        Forbidden: ERP-1301. NotFound: ERP-1001.
    """
    record = service.get(work, dt, ref)
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in str(record[dt.key]))
    content = dt.pdf(work, record) if dt.pdf else generic_pdf(work, dt, record)
    return f"{name}.pdf", content


def generic_pdf(work: Work, dt: DocumentType, record: dict[str, Any]) -> bytes:
    """Return the PDF that follows from the declaration alone; `record` is in API form."""
    lang = work.actor.lang
    sheet = Sheet(letterhead(work), dt.label, str(record[dt.key]), lang=lang)
    fields = shape.seen(work.actor, dt, shape.header(dt))
    rows = [(one.label, _value(record, one, lang)) for name, one in fields.items() if name in record and name not in (*_APART, dt.key)]
    known = custom.fields(work, dt.plural)
    rows += [(one.shape.label, _printed(one.shape, record["custom"].get(name), lang)) for name, one in known.items() if one.in_print]
    first = [("Date", day(record.get("effective_at"), lang)), ("State", say(str(record.get("state") or "").replace("_", " ").capitalize(), lang))]
    rows = [row for row in [*first, *rows] if row[1] not in (None, "")]
    half = (len(rows) + 1) // 2
    sheet.facts(rows[:half], rows[half:])
    for lines in dt.lines:
        _table(sheet, work, dt, lines, record)
    total = record.get("total")
    if "total" in fields and total is not None and dt.lines and abs(int(total)) < LIMIT:
        sheet.paragraph(f"{say('In words', lang)}: {amount_in_words(int(total), lang)}")
    if record.get("note"):
        sheet.paragraph(record["note"])
    return sheet.content()


def letterhead(work: Work) -> Letterhead:
    """Return the tenant's letterhead: name, address, contact, colour and logo."""
    try:
        company = repo.load(work, registry.get("companies"), work.actor.tenant_id)
    except NotFound:
        return Letterhead()
    contact = " · ".join(text for text in (company.phone, company.email) if text)
    tax = f"NPWP {company.tax_number}" if company.tax_number else ""
    lines = tuple(text for text in (company.address, contact, tax) if text)
    logo = work.row("SELECT content FROM tenant_logo WHERE tenant_id = %s AND media_type IN ('image/png', 'image/jpeg')", (work.actor.tenant_id,))
    return Letterhead(company.name, lines, bytes(logo["content"]) if logo else None, company.colour or Letterhead.colour)


def _table(sheet: Sheet, work: Work, dt: DocumentType, lines: Lines, record: dict[str, Any]) -> None:
    known = shape.seen(work.actor, dt, shape.line(lines))
    filled = {name: one for name, one in known.items() if any(row.get(name) not in (None, "", [], "0") for row in record[lines.name])}
    columns = [Column("line_no", "No.", 0.6, right=True)]
    columns += [Column(name, one.label, _WIDE.get(one.kind, 1.3), right=one.kind in _RIGHT) for name, one in filled.items()]
    rows = [{"line_no": row["line_no"], **{name: _value(row, one, sheet.lang) for name, one in filled.items()}} for row in record[lines.name]]
    totals = [("Total", figure(record["total"], sheet.lang))] if record.get("total") not in (None, "") else []
    sheet.table(columns, rows, totals)


def _value(row: dict[str, Any], one: Shape, lang: str) -> str:
    """Return a field of a record or line as printed; a reference by number and label."""
    value = row.get(one.name)
    if one.kind in ("ref", "user"):
        target = (row.get("refs") or {}).get(one.name)
        if target:
            return target["number"] if target["label"] == target["number"] else f"{target['number']} {target['label']}"
    return _printed(one, value, lang)


def _printed(one: Shape, value: Any, lang: str) -> str:
    if value in (None, "", []):
        return ""
    if one.kind in _RIGHT:
        return figure(value, lang)
    if one.kind == "flag":
        return say("Yes" if value else "No", lang)
    if one.kind == "moment":
        return str(value)[:16].replace("T", " ")
    if one.kind == "choice":
        return say(str(value).replace("_", " ").capitalize(), lang)
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
