"""Units of measure in which items are counted."""

from __future__ import annotations

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.models import Master

EVERYONE = ["manager", "staff", "warehouse", "sales", "sales_manager", "purchasing", "purchasing_manager", "production", "finance", "finance_manager", "gate"]


class Unit(Master, table=True):
    """A unit: piece, box, kilogram."""


UNITS = DocumentType(
    Unit, label="Unit", plural="units", columns=["code", "name", "active"], search=["code", "name"], sort="code",
    access=Access(view=EVERYONE, create=["manager", "warehouse"], edit=["manager", "warehouse"]),
    menu=Menu("Master data", icon="ruler", order=40),
)
