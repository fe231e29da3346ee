"""What a document did to the books: its journals, its stock movements, and whether its cost is still being worked out."""

from __future__ import annotations

from typing import Any

from erp_app.document.declare import DocumentType
from erp_app.kernel.access import may
from erp_app.kernel.uow import Work
from erp_app.reports import document_journals, document_moves
from erp_app.reports.report import Asked


def of_document(work: Work, dt: DocumentType, record_id: int) -> dict[str, Any]:
    """Return `journals`, `moves` and `pending` of one document, as far as the actor may see them."""
    found: dict[str, Any] = {"journals": [], "moves": [], "pending": False}
    if not dt.is_document:
        return found
    if may(work.actor, document_journals.REPORT.resource, "view"):
        asked = Asked(values={"document": (dt.plural, record_id)})
        found["journals"] = document_journals.run(work, asked)["journals"]
    moves = document_moves.moves(work, record_id)
    found["pending"] = any(one["pending"] for one in moves)
    if may(work.actor, "report-stock-card", "view"):
        cost = may(work.actor, "report-stock-card", "see_cost")
        found["moves"] = [{**one, "value": one["value"] if cost else None} for one in moves]
    return found
