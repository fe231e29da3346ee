"""Filters and order of a list: names and operators come from an allow list, values are checked like those of a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Numeric, and_, cast, false, func, or_
from sqlalchemy.dialects.postgresql import JSONB

from erp_app.document import reference, shape
from erp_app.document.custom import Defined
from erp_app.document.declare import DocumentType
from erp_app.document.shape import Shape
from erp_app.document.values import Bad, parse, show
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

ORDERED = ("integer", "quantity", "price", "percent", "money", "date", "moment")
OPERATORS = ("eq", "ne", "in", "lt", "lte", "gt", "gte", "contains", "empty")
MAX_FILTERS, MAX_CHOICES = 20, 500
_DATE = 10  # characters of a date alone


def operators(one: Shape) -> tuple[str, ...]:
    """Return the operators a field can be filtered with."""
    if one.kind in ORDERED:
        return ("eq", "ne", "in", "lt", "lte", "gt", "gte", "empty")
    if one.kind in ("text", "long_text"):
        return ("eq", "ne", "in", "contains", "empty")
    if one.kind == "flag":
        return ("eq", "ne")
    return ("eq", "empty") if one.kind in ("refs", "record") else ("eq", "ne", "in", "empty")


def filterable(work: Work, dt: DocumentType, defined: Mapping[str, Defined]) -> dict[str, Shape]:
    """Return every field the actor may filter by: what he may see of header and engine fields, and custom fields as `custom.name`."""
    found = {**shape.seen(work.actor, dt, shape.header(dt)), **shape.engine_fields()}
    found = {name: one for name, one in found.items() if one.kind != "json"}
    return found | {f"custom.{name}": one.shape for name, one in defined.items()}


def conditions(work: Work, dt: DocumentType, filters: Mapping[str, Any], known: Mapping[str, Shape]) -> list[ColumnElement[bool]]:
    """Turn `{field: value}` or `{field: {operator: value}}` into SQL conditions.

    Raises:
        Invalid: ERP-1103 with a message by `filter[field]`.
    """
    errors: dict[str, str] = {}
    if len(filters) > MAX_FILTERS:
        raise Invalid("ERP-1103", f"At most {MAX_FILTERS} filters at once.")
    wanted: list[tuple[Shape, str, list[Any], bool]] = []
    for name, given in filters.items():
        one = known.get(str(name)) or known.get(str(name).removesuffix("_id"))
        where = f"filter[{str(name)[:60]}]"
        if one is None:
            errors[where] = "is no field one can filter by"
            continue
        for operator, value in given.items() if isinstance(given, Mapping) else [("eq", given)]:
            if operator not in operators(one):
                errors[where] = f"takes {', '.join(operators(one))}"
                continue
            try:
                values, day = _values(one, operator, value, work.actor.tz)
            except Bad as bad:
                errors[where] = str(bad)
                continue
            wanted.append((one, operator, values, day))
    if errors:
        first, message = next(iter(errors.items()))
        raise Invalid("ERP-1103", f"{first} {message}.", errors=errors)
    ids = _resolved(work, wanted)
    return [_condition(dt, one, operator, ids.get(number, values), day, work.actor.tz) for number, (one, operator, values, day) in enumerate(wanted)]


def expression(dt: DocumentType, one: Shape) -> ColumnElement[Any]:
    """Return the SQL expression of a field; custom ones are read from JSON and cast to their kind."""
    if not one.custom:
        return dt.table.c[one.column]
    text: ColumnElement[Any] = dt.table.c.custom[one.column].astext
    return cast(text, Numeric) if one.kind in ("integer", "quantity", "money") else text


def order(dt: DocumentType, sort: str, known: Mapping[str, Shape]) -> list[tuple[Shape, bool]]:
    """Read `-effective_at,number` into fields and whether they descend; without a wish the type's own order.

    Raises:
        Invalid: ERP-1103 for a field that is no column of the list.
    """
    allowed = sortable(dt, known)
    wish = sort or dt.sort or ("-effective_at" if dt.is_document else dt.key)
    result: list[tuple[Shape, bool]] = []
    for part in wish.split(",")[:3]:
        name = part.strip().lstrip("-")
        one = allowed.get(name)
        if one is None:
            if not sort:
                continue  # the type's own order, hidden from this actor
            raise Invalid(
                "ERP-1103", f"The list cannot be sorted by {name[:60]!r}; use one of {', '.join(allowed)}.", errors={"sort": "is no column of the list"}
            )
        result.append((one, part.strip().startswith("-")))
    return result


def sortable(dt: DocumentType, known: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the fields a list can be sorted by: its columns and filters (they have indexes), and custom fields."""
    names = {*dt.columns, *dt.filters, dt.key, "state", "effective_at"} & set(known) | {"id", "created_at", "updated_at"}
    names |= {name.removesuffix("_id") for name in (*dt.columns, *dt.filters)} & set(known)
    return {name: one for name, one in known.items() if (name in names or one.custom) and one.kind not in ("refs", "json", "long_text")}


def _values(one: Shape, operator: str, value: Any, tz: str) -> tuple[list[Any], bool]:
    """Return the checked values, and whether a moment was given as a whole day."""
    if operator == "empty":
        if value not in (True, False, "true", "false"):
            raise Bad("empty takes true or false")
        return [value in (True, "true")], False
    given: Iterable[Any] = [value]
    if operator == "in":
        given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    given = list(given)
    if not 0 < len(given) <= MAX_CHOICES:
        raise Bad(f"takes 1 to {MAX_CHOICES} values")
    lenient = Shape(
        one.name,
        one.column,
        "text" if one.kind in ("long_text", "state") else "ref" if one.kind == "refs" else one.kind,
        one.label,
        ref=one.ref,
        choices=one.choices,
        places=one.places,
        max_length=4000,
    )
    values = [parse(lenient, item, tz) for item in given]
    if any(item is None for item in values):
        raise Bad("needs a value; use empty to look for nothing")
    return values, one.kind == "moment" and isinstance(given[0], str) and len(given[0].strip()) <= _DATE


def _resolved(work: Work, wanted: list[tuple[Shape, str, list[Any], bool]]) -> dict[int, list[Any]]:
    """Return ids for filters by reference; an unknown number finds nothing."""
    references = {number: item for number, item in enumerate(wanted) if item[0].kind in shape.REFERENCES and item[1] != "empty"}
    if not references:
        return {}
    if all(isinstance(key, int) for item in references.values() for key in item[2]):
        return {number: item[2] for number, item in references.items()}
    found = reference.resolve(work, ((item[0].ref, key) for item in references.values() for key in item[2]))
    return {number: [found[item[0].ref, key].id for key in item[2] if (item[0].ref, key) in found] for number, item in references.items()}


def _condition(dt: DocumentType, one: Shape, operator: str, values: list[Any], day: bool, tz: str) -> ColumnElement[bool]:
    column = expression(dt, one)
    if one.custom and one.kind not in ("integer", "quantity", "money"):
        values = [value if operator == "empty" else _custom_text(one, value) for value in values]
    if operator == "empty":
        return column.is_(None) if values[0] else column.is_not(None)
    if not values:  # nothing has the number that was asked for
        return false() if operator != "ne" else column.is_not(None)
    if one.kind == "refs":
        return func.coalesce(column, cast([], JSONB)).op("@>")(cast([values[0]], JSONB))
    if day:
        return _whole_days(column, operator, values, tz)
    return _compared(column, operator, values)


def _compared(column: ColumnElement[Any], operator: str, values: list[Any]) -> ColumnElement[bool]:
    compare: dict[str, Callable[[], ColumnElement[bool]]] = {
        "eq": lambda: column == values[0],
        "ne": lambda: or_(column != values[0], column.is_(None)),
        "in": lambda: column.in_(values),
        "lt": lambda: column < values[0],
        "lte": lambda: column <= values[0],
        "gt": lambda: column > values[0],
        "gte": lambda: column >= values[0],
        "contains": lambda: column.icontains(values[0], autoescape=True),
    }
    return compare[operator]()


def _whole_days(column: ColumnElement[Any], operator: str, values: list[datetime], tz: str) -> ColumnElement[bool]:
    """Compare moments with calendar days of the tenant: `lte` a day includes all of it."""
    spans = [(value, (value.astimezone(ZoneInfo(tz)) + timedelta(days=1))) for value in values]
    start, end = spans[0]
    if operator in ("eq", "in"):
        return or_(*(and_(column >= first, column < after) for first, after in spans))
    if operator == "ne":
        return or_(column < start, column >= end, column.is_(None))
    return {"lt": column < start, "lte": column < end, "gt": column >= end, "gte": column >= start}[operator]


def _custom_text(one: Shape, value: Any) -> str:
    if one.kind == "flag":
        return "true" if value else "false"
    return str(show(one, value, "UTC"))
