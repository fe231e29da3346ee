"""Lists: server-side pages of records the actor may see, searched, filtered and sorted, fast on a million rows.

A page costs two statements: the page itself (ids first, by an index, then the rows with what they refer to), and the total.
A total beyond `EXACT` rows is an estimate of the planner, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ClauseElement, ColumnElement, Executable, Select, Text, and_, any_, case, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from erp_app.document import criteria, custom, read, repo, shape
from erp_app.document.custom import Defined
from erp_app.document.declare import DocumentType
from erp_app.document.models import RecordRef
from erp_app.document.reference import Target
from erp_app.document.search import Terms, terms
from erp_app.document.shape import Shape
from erp_app.kernel.access import require, scope_filter
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

MAX_PAGE_SIZE = 500
MAX_OFFSET = 10_000_000
EXACT = 100_000  # rows counted one by one; beyond it the planner's estimate is given
WINDOW, MAX_WINDOW = 10_000, 60_000  # rows looked through in order before the search index is asked
MATCHES = 20_000  # ids taken from the search index at most


@dataclass(frozen=True)
class Query:
    """What a list shows.

    Attributes:
        q: words that must all occur in the search columns.
        sort: `-effective_at,number`.
        page: from 1; page_size: at most 500.
        filters: `{field: value}` or `{field: {operator: value}}`, see `criteria.OPERATORS`.
    """

    q: str = ""
    sort: str = ""
    page: int = 1
    page_size: int = 50
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page: records in API form without their lines, and how many there are in all (`exact` tells whether counted)."""

    items: list[dict[str, Any]]
    total: int
    exact: bool = True


@dataclass(frozen=True)
class _List:
    """A checked query."""

    work: Work
    dt: DocumentType
    where: list[ColumnElement[bool]]
    order: list[tuple[Shape, bool]]
    defined: dict[str, Defined]


def page(work: Work, dt: DocumentType, query: Query) -> Page:
    """Return one page of what the actor may view.

    Raises:
        Forbidden: ERP-1301. Invalid: ERP-1103 for an unknown sort or filter, or a page out of range.
    """
    wanted = _checked(work, dt, query)
    if query.page < 1 or not 1 <= query.page_size <= MAX_PAGE_SIZE or query.page * query.page_size > MAX_OFFSET:
        raise Invalid("ERP-1103", f"page starts at 1 and page_size is 1 to {MAX_PAGE_SIZE}.", errors={"page": "is out of range"})
    offset = (query.page - 1) * query.page_size
    words = terms(query.q)
    if words:
        return _search(wanted, words, offset, query.page_size)
    total, exact = _count(wanted, wanted.where)
    if not exact or offset < total or total == 0:
        return Page(_page_rows(wanted, offset, query.page_size) if total else [], total, exact)
    return Page([], total, exact)


def every(work: Work, dt: DocumentType, query: Query, chunk: int = 1000) -> Any:
    """Yield all records of a query chunk by chunk (for export), each chunk a list of records in API form."""
    wanted = _checked(work, dt, query)
    words = terms(query.q)
    where = [*wanted.where, _matching(dt, words)] if words else wanted.where
    ids = [row[0] for row in work.session.connection().execute(_ordered(wanted, where, [dt.table.c.id]))]
    for start in range(0, len(ids), chunk):
        yield _rows(wanted, select(func.unnest(cast(ids[start : start + chunk], ARRAY(BigInteger)))))


def _checked(work: Work, dt: DocumentType, query: Query) -> _List:
    require(work.actor, dt.plural, "view")
    defined = custom.fields(work, dt.plural)
    known = criteria.filterable(work, dt, defined)
    where = [scope_filter(work.actor, dt.plural, dt.table)]
    if dt.is_document:
        where.append(dt.table.c.state != repo.DELETED)
    where += criteria.conditions(work, dt, query.filters, known)
    return _List(work, dt, where, criteria.order(dt, query.sort, known), defined)


def _ordered(wanted: _List, where: list[ColumnElement[bool]], columns: list[Any], *, placed: bool = False) -> Select[Any]:
    """Return a select in the wanted order, with `placed` also the place in it. A reference sorts by its number or code; the id decides last."""
    table = wanted.dt.table
    source: Any = table
    by: list[ColumnElement[Any]] = []
    descending = False
    for number, (one, descending) in enumerate(wanted.order):
        key: ColumnElement[Any] = criteria.expression(wanted.dt, one)
        if one.kind in ("ref", "user"):
            other: Any = RecordRef.__table__.alias(f"by{number}")  # type: ignore[attr-defined]
            source = source.outerjoin(other, and_(other.c.tenant_id == table.c.tenant_id, other.c.id == key))
            key = other.c.number
        by.append(key.desc() if descending else key.asc())
    by.append(table.c.id.desc() if descending else table.c.id.asc())
    place = [func.row_number().over(order_by=by).label("place")] if placed else []
    return select(*columns, *place).where(*where).select_from(source).order_by(*by)


def _page_rows(wanted: _List, offset: int, size: int) -> list[dict[str, Any]]:
    """Return the rows of a page; in order of a reference first those that have one (or last, descending), each part by its own index."""
    if not _by_reference(wanted):
        return _rows(wanted, _ordered(wanted, wanted.where, [wanted.dt.table.c.id]).offset(offset).limit(size))
    one, descending = wanted.order[0]
    column = wanted.dt.table.c[one.column]
    parts = [_along_reference(wanted)]
    if column.nullable:
        empty = select(wanted.dt.table.c.id).where(*wanted.where, column.is_(None))
        parts.insert(0 if descending else 1, empty.order_by(wanted.dt.table.c.id.desc() if descending else wanted.dt.table.c.id))
    rows: list[dict[str, Any]] = []
    for number, part in enumerate(parts):
        found = _rows(wanted, part.offset(offset).limit(size - len(rows)))
        rows += found
        if len(rows) == size or number == len(parts) - 1:
            break
        connection = wanted.work.session.connection()
        passed = (
            len(found) + offset
            if found or not offset
            else int(connection.execute(select(func.count()).select_from(part.order_by(None).subquery())).scalar_one())
        )
        offset = max(0, offset - passed)
    return rows


def _by_reference(wanted: _List) -> bool:
    return bool(wanted.order) and wanted.order[0][0].kind in ("ref", "user")


def _along_reference(wanted: _List) -> Select[Any]:
    """Return ids in order of what they refer to, walking the register in its order and each record's documents by their index."""
    one, descending = wanted.order[0]
    table = wanted.dt.table
    other: Any = RecordRef.__table__.alias("along")  # type: ignore[attr-defined]
    by_id = table.c.id.desc() if descending else table.c.id.asc()
    by_number = other.c.number.desc() if descending else other.c.number.asc()
    # The order within keeps the planner from joining everything first: it walks, and stops when the page is full.
    each = select(table.c.id).where(table.c[one.column] == other.c.id, *wanted.where).order_by(by_id).lateral("each")
    query = select(each.c.id).select_from(other.join(each, true())).where(other.c.type == one.ref)
    return query.order_by(by_number, each.c.id.desc() if descending else each.c.id.asc())


def _rows(wanted: _List, ids: Select[Any]) -> list[dict[str, Any]]:
    """Fetch the rows of a page of ids in their order, with number and label of what they refer to, in one statement."""
    table = wanted.dt.table
    fields = shape.seen(wanted.work.actor, wanted.dt, shape.header(wanted.dt))
    place = func.unnest(func.array(ids.scalar_subquery())).table_valued("id", with_ordinality="place", name="place").render_derived()
    found: Any = RecordRef.__table__  # type: ignore[attr-defined]
    named = (
        select(func.jsonb_object_agg(found.c.id, func.jsonb_build_array(found.c.type, found.c.number, found.c.label, found.c.state)).label("named"))
        .where(found.c.tenant_id == table.c.tenant_id, found.c.id == any_(_referred(table, fields)))
        .lateral("named")
    )
    query = select(table, named.c.named).select_from(place.join(table, table.c.id == place.c.id).join(named, true())).order_by(place.c.place)
    wanted.work.flush()
    result = []
    for row in wanted.work.session.connection().execute(query).mappings():
        targets = read.index(Target(int(key), *item) for key, item in (row["named"] or {}).items())
        result.append(read.flat(dict(row), fields, targets, wanted.work.actor.tz, wanted.defined))
    return result


def _referred(table: Any, fields: Mapping[str, Shape]) -> ColumnElement[Any]:
    """Return the SQL array of ids of everything a row refers to."""
    single = [table.c[one.column] for one in fields.values() if one.kind in ("ref", "user", "record")]
    total: Any = cast(array([*single, table.c.created_by, table.c.updated_by]), ARRAY(BigInteger))
    for one in fields.values():
        if one.kind == "refs":
            several = table.c[one.column]
            items = func.jsonb_array_elements_text(case((func.jsonb_typeof(several) == "array", several), else_=cast([], several.type)))
            total = func.array_cat(total, func.array(select(cast(items.column_valued(f"each_{one.column}"), BigInteger)).scalar_subquery()))
    return total  # type: ignore[no-any-return]


def _count(wanted: _List, where: list[ColumnElement[bool]]) -> tuple[int, bool]:
    """Count up to EXACT rows; beyond it ask the planner, which knows the table's size and the spread of its values."""
    inner = select(literal(1)).select_from(wanted.dt.table).where(*where).limit(EXACT + 1).subquery()
    connection = wanted.work.session.connection()
    wanted.work.flush()
    counted = int(connection.execute(select(func.count()).select_from(inner)).scalar_one())
    if counted <= EXACT:
        return counted, True
    return max(_estimate(wanted, where), counted), False


def _estimate(wanted: _List, where: list[ColumnElement[bool]]) -> int:
    """Return how many rows the planner expects."""
    plan = wanted.work.session.connection().execute(_Explained(select(wanted.dt.table.c.id).where(*where))).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


class _Explained(Executable, ClauseElement):
    """The plan of a query instead of its rows."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(_Explained)
def _explain(element: _Explained, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.query, **options)}"


def _search(wanted: _List, words: Terms, offset: int, size: int) -> Page:
    """Look through the newest rows in order first: common words are found there at once. Otherwise ask the search index."""
    if not _by_reference(wanted):
        looked, hits, ids = _look_through(wanted, words, offset, size, WINDOW)
        if looked == WINDOW and len(ids) < size and hits:
            # A word as common as this one fills the page a little further down; the index would name too many to sort.
            further = (offset + size) * looked * 3 // (2 * hits)
            if further <= MAX_WINDOW:
                looked, hits, ids = _look_through(wanted, words, offset, size, further)
        complete = looked < WINDOW
        if complete or len(ids) == size:
            rows = _rows(wanted, _listed(ids)) if ids else []
            return Page(rows, hits if complete else _projected(wanted, looked, hits), complete)
    return _look_up(wanted, words, offset, size)


def _look_through(wanted: _List, words: Terms, offset: int, size: int, window: int) -> tuple[int, int, list[int]]:
    """Return how many rows were looked at in order, how many of them match, and the ids of the page among the matches."""
    table = wanted.dt.table
    found: Any = RecordRef.__table__  # type: ignore[attr-defined]
    first = _ordered(wanted, wanted.where, [table.c.id], placed=True).limit(window).cte("first_").prefix_with("MATERIALIZED")
    # One look into the register for each row; the limit keeps the planner from reading the whole register instead.
    hit = select(literal(1)).where(found.c.id == first.c.id, *(found.c.search.like(pattern) for pattern in words.patterns)).limit(1).lateral("hit")
    matches = select(first.c.id, first.c.place).select_from(first.join(hit, true())).cte("matches")
    return _page_of(wanted, select(func.count()).select_from(first).scalar_subquery(), matches, offset, size)


def _look_up(wanted: _List, words: Terms, offset: int, size: int) -> Page:
    """Return the page from the ids the search index names, at most MATCHES of them."""
    matches = _ordered(wanted, [*wanted.where, _matching(wanted.dt, words)], [wanted.dt.table.c.id], placed=True).cte("matches")
    total, _, ids = _page_of(wanted, select(func.count()).select_from(matches).scalar_subquery(), matches, offset, size)
    return Page(_rows(wanted, _listed(ids)) if ids else [], total, total < MATCHES)


def _page_of(wanted: _List, looked: Any, matches: Any, offset: int, size: int) -> tuple[int, int, list[int]]:
    ids = func.array(select(matches.c.id).order_by(matches.c.place).offset(offset).limit(size).scalar_subquery())
    wanted.work.flush()
    row = wanted.work.session.connection().execute(select(looked, select(func.count()).select_from(matches).scalar_subquery(), ids)).one()
    return int(row[0]), int(row[1]), list(row[2])


def _projected(wanted: _List, looked: int, hits: int) -> int:
    """Estimate all matches from those among the rows looked through."""
    total, _ = _count(wanted, wanted.where)
    return max(hits, total * hits // max(looked, 1))


def _matching(dt: DocumentType, words: Terms) -> ColumnElement[bool]:
    """Return the condition that a row is among those the search index names."""
    call = func.record_search(dt.plural, cast(list(words.patterns), ARRAY(Text)), MATCHES)
    return dt.table.c.id.in_(select(call.column_valued("hit")))


def _listed(ids: list[int]) -> Select[Any]:
    return select(func.unnest(cast(list(ids), ARRAY(BigInteger))))
