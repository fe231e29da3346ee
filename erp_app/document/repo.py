"""Rows of records and their lines: loading, locking and storing through the unit of work's session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, delete, or_, select

from erp_app.document.declare import DocumentType
from erp_app.document.models import Line, Record
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work

DELETED = "deleted"
L = TypeVar("L", bound=Line)


def table_of(model: type[Any]) -> Table:
    """Return the table of a model."""
    return model.__table__  # type: ignore[no-any-return]


def next_id(work: Work) -> int:
    """Return a new record id, unique over all types."""
    return int(work.value("SELECT nextval('record_id_seq')"))


def load(work: Work, dt: DocumentType, ref: int | str, *, lock: bool = False) -> Any:
    """Return the record as an instance of its model, by id, number or code; `lock` keeps others from changing it meanwhile.

    Raises:
        NotFound: ERP-1001, also for another tenant's record and for deleted drafts.
    """
    work.flush()
    model: Any = dt.model
    query = select(model).where(model.tenant_id == work.actor.tenant_id, _named(dt, ref))
    if dt.is_document:
        query = query.where(model.state != DELETED)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = list(work.session.scalars(query))
    key = dt.table.c[dt.key].name
    best = next((one for one in found if isinstance(ref, str) and getattr(one, key) == ref), found[0] if found else None)
    if best is None:
        raise missing(dt, ref)
    return best


def missing(dt: DocumentType, ref: int | str) -> NotFound:
    """Return the refusal for a record that is not there, or not for this user."""
    return NotFound("ERP-1001", f"There is no {dt.label.lower()} {str(ref)[:60]!r}.", data={"type": dt.plural})


def row_of(doc: Record) -> dict[str, Any]:
    """Return the record's columns as a dict."""
    return {column.name: getattr(doc, column.name) for column in table_of(type(doc)).c}


def lines_of(work: Work, model: type[L], document_id: int) -> list[L]:
    """Return a document's lines in order; within one unit of work the same objects every time, also before they are stored."""
    cache = _cache(work)
    key = (model.__name__, document_id)
    if key not in cache:
        lines: Any = model
        work.flush()
        query = select(lines).where(lines.tenant_id == work.actor.tenant_id, lines.document_id == document_id).order_by(lines.line_no)
        cache[key] = list(work.session.scalars(query))
    return cache[key]


def lines_of_many(work: Work, model: type[L], ids: Sequence[int]) -> list[L]:
    """Return the lines of several documents, by document and line number."""
    lines: Any = model
    work.flush()
    query = select(lines).where(lines.tenant_id == work.actor.tenant_id, lines.document_id.in_(ids)).order_by(lines.document_id, lines.line_no)
    return list(work.session.scalars(query))


def put_lines(work: Work, model: type[Line], document_id: int, rows: Sequence[dict[str, Any]], *, stored: bool) -> None:
    """Replace a document's lines; numbers follow the order. `stored` tells whether there are old ones in the database."""
    cache = _cache(work)
    if stored:
        for one in lines_of(work, model, document_id):
            work.session.expunge(one)
        table = table_of(model)
        work.session.exec(delete(table).where(table.c.tenant_id == work.actor.tenant_id, table.c.document_id == document_id))
    made = []
    for number, row in enumerate(rows, 1):
        one = model(**row)
        one.tenant_id, one.document_id, one.line_no = work.actor.tenant_id, document_id, number
        made.append(one)
    work.session.add_all(made)
    cache[model.__name__, document_id] = made


def link(work: Work, from_id: int, to_id: int, kind: str = "leads_to") -> None:
    """Record that one record led to another; a link that is there already stays."""
    links(work, [(from_id, to_id)], kind)


def links(work: Work, pairs: Iterable[tuple[int, int]], kind: str = "leads_to") -> None:
    """Record several links at once."""
    for from_id, to_id in sorted(set(pairs)):
        if from_id != to_id:
            work.run(
                "INSERT INTO record_link (tenant_id, from_id, to_id, kind) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (work.actor.tenant_id, from_id, to_id, kind),
            )


def _named(dt: DocumentType, ref: int | str) -> ColumnElement[bool]:
    table = dt.table
    if isinstance(ref, int):
        return table.c.id == ref
    by_key = table.c[dt.key] == ref
    if ref.isascii() and ref.isdigit() and len(ref) < 17:  # noqa: PLR2004 - beyond what an id can be
        return or_(by_key, table.c.id == int(ref))
    return by_key


def _cache(work: Work) -> dict[tuple[str, int], list[Any]]:
    found: dict[tuple[str, int], list[Any]] = work.session.info.setdefault("lines", {})
    return found
