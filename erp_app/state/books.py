"""What a document did to the books: its journals, its stock movements, and whether its cost is still being worked out."""

from __future__ import annotations

from typing import Any

from erp_app.document.declare import DocumentType
from erp_app.kernel.uow import Work


def of_document(work: Work, dt: DocumentType, record_id: int) -> dict[str, Any]:
    """Return `journals`, `moves` and `pending` of one document, as far as the actor may see them."""
    return {"journals": [], "moves": [], "pending": False}
