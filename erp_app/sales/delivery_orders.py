"""Delivery orders (DO): the accepted delivery; posting one closes the shipment, recognises HPP and makes it billable."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Integer, Money, Price, Quantity, Ref
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.sales import verification_service as service


class DeliveryOrder(Document, table=True):
    """What a customer accepted of one delivery note; made by its verification."""

    delivery_note_id: int = Ref("delivery-notes", required=True, label="Delivery note")
    sales_order_id: int = Ref("sales-orders", required=True, label="Sales order")
    customer_id: int = Ref("customers", required=True, label="Customer")
    warehouse_id: int | None = Ref("places", label="Warehouse")
    net: int = Money(label="Net", default=0, required=True, edit=False)


class DeliveryOrderLine(Line, table=True):
    """One item accepted, at the price of the order; `billed` is kept by the invoices."""

    __table_args__ = (CheckConstraint("billed >= 0 AND billed <= quantity", name="delivery_order_line_billed"),)

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal = Price(required=True, label="Unit price")
    order_line: int | None = Integer(label="Order line")
    billed: Decimal = Quantity(label="Billed", default=Decimal(0), required=True, edit=False)


DELIVERY_ORDERS = DocumentType(
    DeliveryOrder, label="Delivery order", plural="delivery-orders", number="DO-{year}-{seq:05}",
    columns=["number", "effective_at", "customer", "delivery_note", "sales_order", "net", "state"],
    search=["number", "reference", "note"], filters=["customer", "sales_order", "delivery_note", "state"], sort="-effective_at",
    lines=[Lines("lines", DeliveryOrderLine)],
    states=["draft", "posted", "invoiced", "closed"], editable=[], creatable=False,
    actions=[Action("post", ("draft",), "posted", "post", service.post_delivery_order, preview=effects.show)],
    access=Access(
        view=["manager", "staff:own", "sales", "sales_manager", "warehouse", "finance", "finance_manager"],
        post=["manager", "sales", "sales_manager"],
        export=["manager", "sales_manager", "finance_manager"], see_cost=["manager", "sales_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Sales", icon="package-check", order=40),
)
