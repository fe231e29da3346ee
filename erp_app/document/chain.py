"""What one document does to others: take its source under lock, bring it to a new state, make the next one, link the two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from erp_app.document import registry, repo, service
from erp_app.document.changes import Snapshot, record_change
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work


def record(work: Work, plural: str, record_id: int, *, lock: bool = False) -> Any:
    """Return another record; with `lock` nobody else changes it until the transaction ends.

    Lock sources from the later document to the earlier (bill, receipt, order), several of one type by `records`. What this unit
    of work holds already is not asked of the database again.
    """
    dt = registry.get(plural)
    locked: set[int] = work.session.info.setdefault("locked", set())
    if not lock or record_id in locked:
        found = work.session.get(dt.model, (work.actor.tenant_id, record_id))
        if found is None:
            raise repo.missing(dt, record_id)
        return found
    found = repo.load(work, dt, record_id, lock=True)
    locked.add(record_id)
    return found


def records(work: Work, plural: str, ids: Iterable[int]) -> list[Any]:
    """Return several records of one type, locked in the order of their ids so that two transactions cannot deadlock."""
    return [record(work, plural, one, lock=True) for one in sorted(set(ids))]


def lines(work: Work, plural: str, record_id: int) -> list[Any]:
    """Return a document's lines in order; what is changed on them is stored with the unit of work."""
    return repo.lines_of(work, registry.get(plural).lines[0].model, record_id)


def check_lines(work: Work, plural: str, record_id: int, *, above: Iterable[str] = ("quantity",), from_zero: Iterable[str] = ("unit_price",)) -> None:
    """Refuse lines with quantities that are not above zero or prices below zero, before the database does with fewer words.

    Raises:
        Invalid: ERP-1102 with a message by field.
    """
    errors: dict[str, str] = {}
    for line in lines(work, plural, record_id):
        errors |= {f"lines.{line.line_no}.{name}": "must be above zero" for name in above if (value := getattr(line, name)) is not None and value <= 0}
        errors |= {f"lines.{line.line_no}.{name}": "cannot be negative" for name in from_zero if (getattr(line, name, None) or 0) < 0}
    if errors:
        first, message = next(iter(errors.items()))
        raise Invalid("ERP-1102", f"{registry.get(plural).label}: {first} {message}.", errors=errors)


def replace_lines(work: Work, plural: str, record_id: int, rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Put other lines in place of a document's lines and return them."""
    repo.put_lines(work, registry.get(plural).lines[0].model, record_id, rows, stored=True)
    return lines(work, plural, record_id)


def advance(work: Work, plural: str, record_id: int, state: str, **changes: Any) -> None:
    """Bring another document to what the document just posted means for it; a new version, audit row and event in any case.

    The rule of the posted document decides, not the actor's rights on the other one; audit and event name the actor.
    """
    other = record(work, plural, record_id, lock=True)
    before = Snapshot.take(work, registry.get(plural), other)
    for column, value in {**changes, "state": state}.items():
        setattr(other, column, value)
    work.flush()
    record_change(work, registry.get(plural), other, "advance", before, always=True)


def link(work: Work, from_ids: Iterable[int], to_id: int) -> None:
    """Draw the edge from each source to the document made of it; an edge that is there stays."""
    repo.links(work, [(one, to_id) for one in from_ids])


def make(work: Work, plural: str, data: dict[str, Any]) -> dict[str, Any]:
    """Create a document that a rule calls for (a verification makes its delivery order), whatever the actor may create by hand."""
    return service.create(work, registry.get(plural), data, internal=True)
