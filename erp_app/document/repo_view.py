"""Which record may be seen by whom, when only its id is known (live updates, notifications, attachments)."""

from __future__ import annotations

from sqlalchemy import select

from erp_app.document import registry
from erp_app.document.models import RecordRef
from erp_app.kernel.access import may, scope_filter
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work


def type_of(work: Work, record_id: int) -> str | None:
    """Return the plural of a record's type, or None when this tenant has no such record."""
    found = work.session.get(RecordRef, (work.actor.tenant_id, record_id))
    return found.type if found else None


def visible(work: Work, record_id: int) -> bool:
    """Tell whether the actor may view the record: the same rule as in its list."""
    plural = type_of(work, record_id)
    if plural is None or not may(work.actor, plural, "view"):
        return False
    try:
        table = registry.get(plural).table
    except NotFound:
        return False
    wanted = (table.c.tenant_id == work.actor.tenant_id, table.c.id == record_id, scope_filter(work.actor, plural, table))
    return work.session.connection().execute(select(table.c.id).where(*wanted)).first() is not None
