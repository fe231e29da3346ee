"""What hangs on a record (comments, files, links, history) follows the record's own rights: who may see it may see them."""

from __future__ import annotations

from typing import Any

from erp_app.document import registry, repo
from erp_app.document.declare import DocumentType
from erp_app.kernel.access import may
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work


def hold(work: Work, record_id: int) -> tuple[DocumentType, Any]:
    """Return declaration and instance of a record the actor may view.

    Raises:
        NotFound: ERP-1001, for another tenant's and for out-of-scope records alike.
    """
    plural = work.value("SELECT type FROM record_ref WHERE id = %s AND state <> 'deleted'", (record_id,))
    known = {one.plural: one for one in registry.all_types()}
    if plural not in known:
        raise NotFound("ERP-1001", f"There is no record {record_id}.")
    doc = repo.load(work, known[plural], record_id)
    if not may(work.actor, plural, "view", repo.row_of(doc)):
        raise NotFound("ERP-1001", f"There is no record {record_id}.")
    return known[plural], doc


def number_of(dt: DocumentType, doc: Any) -> str:
    """Return what people call the record."""
    return str(getattr(doc, dt.key))
