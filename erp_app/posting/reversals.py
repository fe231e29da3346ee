"""Reversals: the papers that undo posted documents. Each is made by the reverse action of its document, never by hand."""

from __future__ import annotations

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Str
from erp_app.document.models import Document

PLURAL = "reversals"


class Reversal(Document, table=True):
    """A reversal; the document graph links it to what it reversed."""

    original: str | None = Str(max_length=120, label="Reverses")


REVERSALS = DocumentType(
    Reversal, label="Reversal", plural=PLURAL, number="RV-{year}-{seq:05}", columns=["number", "effective_at", "original", "note"],
    search=["number", "original"], sort="-effective_at", title="original", initial="posted", editable=(), states=["posted"], creatable=False,
    access=Access(view=["manager", "warehouse", "purchasing", "purchasing_manager", "sales", "sales_manager", "finance", "finance_manager"]),
    menu=Menu("Accounting", icon="undo-2", order=75),
)
