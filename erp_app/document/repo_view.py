"""Which record may be seen by whom, when only its id is known (live updates, notifications, attachments)."""

from __future__ import annotations

from sqlalchemy import select

from erp_app.document import registry
from erp_app.document.models import RecordRef
from erp_app.kernel.access import may, scope_filter
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work


def type_of(work: Work, record_id: int) -> str | None:
    """Return the plural of a record's type, or None when this tenant has no such record."""
    found = work.session.get(RecordRef, (work.actor.tenant_id, record_id))
    return found.type if found else None


def numbered(work: Work, number: str, plurals: list[str]) -> list[tuple[str, int]]:
    """Return (type, id) of the records of these types that have a number, newest first; whether somebody may see them is not asked here."""
    table = RecordRef.__table__  # type: ignore[attr-defined]
    wanted = (table.c.tenant_id == work.actor.tenant_id, table.c.type.in_(plurals), table.c.number == number, table.c.state != "deleted")
    found = work.session.connection().execute(select(table.c.type, table.c.id).where(*wanted).order_by(table.c.id.desc()))
    return [(str(plural), int(record)) for plural, record in found]


def visible(work: Work, record_id: int, actor: Actor | None = None) -> bool:
    """Tell whether the acting user (or another one of the company) may view the record: the same rule as in its list."""
    who = actor or work.actor
    plural = type_of(work, record_id)
    if plural is None or who.tenant_id != work.actor.tenant_id or not may(who, plural, "view"):
        return False
    try:
        table = registry.get(plural).table
    except NotFound:
        return False
    wanted = (table.c.tenant_id == work.actor.tenant_id, table.c.id == record_id, scope_filter(who, plural, table))
    return work.session.connection().execute(select(table.c.id).where(*wanted)).first() is not None
