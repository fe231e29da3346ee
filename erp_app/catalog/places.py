"""Places: everywhere goods can be. Warehouse, vendor, in transit and quarantine are ours: valued, and never below zero."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import CheckConstraint

from erp_app.catalog.units import EVERYONE
from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Choice, Ref
from erp_app.document.models import Master

KINDS = ("warehouse", "vendor", "in_transit", "quarantine", "customer", "supplier", "production", "adjustment")


class Place(Master, table=True):
    """A place. Its kind cannot change once goods have moved; `account` overrides the mapping for goods that lie there."""

    __table_args__: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint(
            "kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer', 'supplier', 'production', 'adjustment')", name="place_kind",
        ),
    )

    kind: str = Choice(*KINDS, default="warehouse", required=True, label="Kind")
    parent_id: int | None = Ref("places", label="Parent")
    account_id: int | None = Ref("accounts", label="Account")


PLACES = DocumentType(
    Place, label="Place", plural="places", columns=["code", "name", "kind", "parent", "active"], search=["code", "name"],
    filters=["kind", "active"], sort="code", title="name",
    access=Access(view=EVERYONE, create=["manager", "warehouse"], edit=["manager", "warehouse"]),
    menu=Menu("Master data", icon="warehouse", order=30),
)
