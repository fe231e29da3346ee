"""What a report is: name, who may see it, what it can be asked, its columns, and the query that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from erp_app.document import reference, registry
from erp_app.document.declare import Access
from erp_app.kernel import clock
from erp_app.kernel.errors import Invalid
from erp_app.kernel.money import quantity_text
from erp_app.kernel.uow import Work

FOREVER = date(9999, 12, 31)
DAY_LENGTH = len("2026-01-31")
LONGEST_INTEGER = 10
Answer = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of a report's rows.

    Attributes:
        kind: `text`, `money` (minor units), `quantity` (ledger units), `date`, `moment`, `integer`, `percent`; for screens and files.
        cost: whether only those see it who may see costs.
        link: name of the column that holds the resource and id to open, if any.
    """

    name: str
    label: str
    kind: str = "text"
    cost: bool = False


@dataclass(frozen=True)
class Parameter:
    """What a report can be asked beside `as_of` and `known_on`.

    Attributes:
        kind: `text`, `integer`, `date`, `choice`, `ref` (then `ref` is the plural), `document` (`goods-receipts/17`).
    """

    name: str
    kind: str = "text"
    label: str = ""
    required: bool = False
    ref: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question, understood.

    Attributes:
        day: last date that counts; `until` the first moment that no longer does (None: all).
        known: only rows recorded before this moment count (None: all).
        values: parameters by name; references as ids, documents as (type, id).
    """

    day: date = FOREVER
    until: datetime | None = None
    known: datetime | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_now(self) -> bool:
        """Whether everything up to now counts, so that the caches of the present answer."""
        return self.until is None and self.known is None


@dataclass(frozen=True)
class Report:
    """A report. `run` returns plain values; `rows_of` names the list that goes into files.

    Attributes:
        dated: whether it can be asked as of a day and as known on a day; what is only ever true now cannot.
    """

    name: str
    label: str
    run: Callable[[Work, Asked], Answer]
    columns: tuple[Column, ...]
    view: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    rows_of: Callable[[Answer], list[dict[str, Any]]] = lambda answer: list(answer["rows"])
    section: str = "Reports"
    see_cost: tuple[str, ...] = ("manager", "finance", "finance_manager")
    icon: str = "chart-bar"
    dated: bool = True

    @property
    def resource(self) -> str:
        """The permission resource."""
        return f"report-{self.name}"

    @property
    def access(self) -> Access:
        """Who may do what with it by default: whoever may view may also take it along as a file."""
        return Access(view=self.view, export=self.view, see_cost=self.see_cost)


def understand(work: Work, report: Report, given: dict[str, str]) -> Asked:
    """Read the question.

    Raises:
        Invalid: ERP-3401 with a message for each wrong or missing parameter.
    """
    errors: dict[str, str] = {}
    tz = work.actor.tz
    day, until = FOREVER, None
    if given.get("as_of"):
        until = _end(given["as_of"], tz, "as_of", errors)
        day = (until - timedelta(microseconds=1)).astimezone(ZoneInfo(tz)).date() if until else FOREVER
    known = _end(given["known_on"], tz, "known_on", errors) if given.get("known_on") else None
    values: dict[str, Any] = {}
    for one in report.parameters:
        text = given.get(one.name)
        if text:
            values[one.name] = _read(work, one, text, errors)
        elif one.required:
            errors[one.name] = "is required"
    unknown = set(given) - {one.name for one in report.parameters} - {"as_of", "known_on", "format"}
    errors.update({name[:60]: "is not asked by this report" for name in unknown})
    if errors:
        first = next(iter(errors))
        raise Invalid("ERP-3401", f"{report.label}: {first} {errors[first]}.", errors=errors)
    return Asked(day, until, known, values)


def units_text(units: Any) -> str:
    """Write ledger units as a quantity."""
    return quantity_text(int(units or 0))


def totals_of(answer: Answer, names: set[str]) -> dict[str, str]:
    """Return the totals the answer gives, under the columns they are the sums of."""
    pairs = {"total_debit": "debit", "total_credit": "credit", "total": "value"}
    found = {column: str(answer[name]) for name, column in pairs.items() if column in names and answer.get(name) is not None}
    return found | {
        name.removeprefix("total_"): str(value) for name, value in answer.items() if name.startswith("total_") and name.removeprefix("total_") in names
    }


def moment_text(work: Work, moment: datetime | None) -> str:
    """Write a moment with the offset of the company's zone, as documents do; empty when there is none."""
    return moment.astimezone(ZoneInfo(work.actor.tz)).isoformat() if moment else ""


def _end(text: str, tz: str, name: str, errors: dict[str, str]) -> datetime | None:
    """Return the first moment after what is meant: a date means its whole day, a moment itself."""
    try:
        if len(text) == DAY_LENGTH:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), ZoneInfo(tz))
        return clock.parse_moment(text, tz) + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        errors[name] = "must be a date like 2026-01-31 or a moment like 2026-01-31T14:05:00+07:00"
        return None


def _read(work: Work, one: Parameter, text: str, errors: dict[str, str]) -> Any:
    if one.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            errors[one.name] = "must be a date like 2026-01-31"
    elif one.kind == "integer":
        if text.isascii() and text.isdigit() and len(text) < LONGEST_INTEGER:
            return int(text)
        errors[one.name] = "must be a whole number"
    elif one.kind == "choice":
        if text in one.choices:
            return text
        errors[one.name] = f"must be one of {', '.join(one.choices)}"
    elif one.kind in ("ref", "document"):
        plural, _, key = text.partition("/") if one.kind == "document" else (one.ref, "", text)
        known = {dt.plural for dt in registry.all_types()}
        found = reference.resolve(work, [(plural, key)]) if plural in known and key else {}
        if found:
            target = found[plural, key]
            return (plural, target.id) if one.kind == "document" else target.id
        errors[one.name] = f"there is no {text[:60]!r}"
    else:
        return text
    return None
