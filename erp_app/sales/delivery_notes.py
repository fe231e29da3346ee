"""Delivery notes (SJ, surat jalan): the paper that travels with the goods; posting it is the gate-out."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Integer, Quantity, Ref, Str
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.sales import delivery_prints
from erp_app.sales import delivery_service as service


class DeliveryNote(Document, table=True):
    """One trip of goods of one sales order. Customer and warehouse follow from the order."""

    sales_order_id: int = Ref("sales-orders", required=True, label="Sales order")
    customer_id: int | None = Ref("customers", label="Customer", edit=False)
    warehouse_id: int | None = Ref("places", label="Warehouse", edit=False)
    vehicle: str | None = Str(max_length=20, label="Vehicle")
    driver: str | None = Str(max_length=80, label="Driver")
    packages: int | None = Integer(label="Packages")


class DeliveryNoteLine(Line, table=True):
    """One item sent."""

    __table_args__ = (CheckConstraint("quantity > 0", name="delivery_note_line_positive"),)

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    order_line: int | None = Integer(label="Order line")


DELIVERY_NOTES = DocumentType(
    DeliveryNote, label="Delivery note", plural="delivery-notes", number="SJ-{warehouse}-{year}{month}-{seq:04}",
    columns=["number", "effective_at", "customer", "sales_order", "vehicle", "driver", "state"],
    search=["number", "reference", "vehicle", "driver", "note"], filters=["customer", "warehouse", "sales_order", "state"], sort="-effective_at",
    lines=[Lines("lines", DeliveryNoteLine, required=False)],
    links=["sales_order_id"],
    states=["draft", "picked", "posted", "verified", "closed", "reversed"],
    editable=["draft", "picked"],
    actions=[
        Action("pick", ("draft",), "picked", "edit"),
        Action("post", ("picked",), "posted", "post", service.post_delivery, label="Gate out", preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_delivery, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "staff:own", "warehouse", "sales", "sales_manager", "finance", "finance_manager", "gate"],
        create=["manager", "warehouse"], edit=["manager", "warehouse"], post=["manager", "warehouse"], cancel=["manager"],
        export=["manager", "sales_manager", "finance_manager"], see_cost=["manager", "sales_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Sales", icon="truck", order=20),
    on_save=service.complete_delivery,
    pdf=delivery_prints.delivery_note_pdf,
)
