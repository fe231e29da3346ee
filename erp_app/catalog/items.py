"""Items: what is bought, made, stored and sold. The kind decides in which inventory account it lies."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint

from erp_app.catalog.units import EVERYONE
from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Choice, LongText, Price, Quantity, Ref, Str
from erp_app.document.models import Master

KINDS = ("raw", "packaging", "semi_finished", "finished", "consumable", "service")


class Item(Master, table=True):
    """An item (SKU). A service is never stored; the kind of an item that has moved stays as it is."""

    __table_args__: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint("kind IN ('raw', 'packaging', 'semi_finished', 'finished', 'consumable', 'service')", name="item_kind"),
    )

    kind: str = Choice(*KINDS, default="finished", required=True, label="Kind")
    unit_id: int | None = Ref("units", label="Unit")
    barcode: str | None = Str(max_length=60, label="Barcode")
    weight: Decimal | None = Quantity(label="Weight (kg)")
    minimum: Decimal | None = Quantity(label="Minimum stock")
    sales_price: Decimal | None = Price(label="Sales price")
    description: str | None = LongText(max_length=1000, label="Description")


ITEMS = DocumentType(
    Item, label="Item", plural="items", columns=["code", "name", "kind", "unit", "sales_price", "minimum", "active"],
    search=["code", "name", "barcode"], filters=["kind", "unit", "active"], sort="code", title="name",
    access=Access(
        view=EVERYONE,
        create=["manager", "warehouse", "purchasing", "purchasing_manager", "production"],
        edit=["manager", "warehouse", "purchasing", "purchasing_manager", "production"],
    ),
    menu=Menu("Master data", icon="package", order=10),
)
