"""Purchase orders: what we asked a supplier to deliver, at which price, and how much of it has come and was billed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import Access, Action, Ask, DocumentType, Lines, Menu
from erp_app.document.fields import Choice, Day, Integer, Money, Price, Quantity, Ref, Refs
from erp_app.document.models import Document, Line
from erp_app.purchasing import order_service as service


class PurchaseOrder(Document, table=True):
    """An order to one supplier for one warehouse."""

    supplier_id: int = Ref("suppliers", required=True, label="Supplier")
    warehouse_id: int = Ref("places", required=True, label="Warehouse", filter={"kind": "warehouse"})
    requests: list[int] | None = Refs("purchase-requests", label="Requests")
    expected_on: date | None = Day(label="Expected on")
    tax: str = Choice("ppn", "none", default="ppn", required=True, label="Tax")
    total: int = Money(label="Total", default=0, required=True, edit=False, see="see_cost")


class PurchaseOrderLine(Line, table=True):
    """One item of an order; `received` and `billed` are kept by the receipts and bills."""

    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price >= 0", name="purchase_order_line_positive"),
        CheckConstraint("received >= 0 AND received <= quantity", name="purchase_order_line_received"),
        CheckConstraint("billed >= 0 AND billed <= quantity", name="purchase_order_line_billed"),
    )

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal = Price(required=True, label="Unit price", see="see_cost")
    amount: int = Money(label="Amount", default=0, required=True, edit=False, see="see_cost")
    received: Decimal = Quantity(label="Received", default=Decimal(0), required=True, edit=False)
    billed: Decimal = Quantity(label="Billed", default=Decimal(0), required=True, edit=False)
    request_id: int | None = Ref("purchase-requests", label="Request", edit=False)
    request_line: int | None = Integer(label="Request line", edit=False)


PURCHASE_ORDERS = DocumentType(
    PurchaseOrder, label="Purchase order", plural="purchase-orders", number="PO-{year}-{seq:05}",
    columns=["number", "effective_at", "supplier", "warehouse", "expected_on", "total", "state"],
    search=["number", "reference", "note"], filters=["supplier", "warehouse", "state"], sort="-effective_at",
    lines=[Lines("lines", PurchaseOrderLine, required=False)],
    links=["requests"],
    states=["draft", "submitted", "approved", "sent", "partly_received", "received", "billed", "closed", "cancelled"],
    actions=[
        Action("submit", ("draft",), "submitted", "edit", implied=False),
        Action("approve", ("draft", "submitted"), "approved", "approve", service.approve),
        Action("send", ("approved",), "sent", "edit"),
        Action(
            "close", ("sent", "partly_received", "received", "billed"), "closed", "approve", service.close,
            form=(Ask("reason", label="Reason"),), implied=False,
        ),
        Action("cancel", ("draft", "submitted", "approved", "sent"), "cancelled", "cancel", service.cancel, implied=False, confirm=True, reason=True),
    ],
    access=Access(
        view=["manager", "staff:own", "purchasing", "purchasing_manager", "warehouse", "finance", "finance_manager"],
        create=["manager", "purchasing", "purchasing_manager"], edit=["manager", "purchasing", "purchasing_manager"],
        approve=["manager", "purchasing_manager"], cancel=["manager", "purchasing_manager"],
        export=["manager", "purchasing_manager", "finance_manager"],
        see_cost=["manager", "purchasing", "purchasing_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Purchasing", icon="shopping-cart", order=10),
    on_save=service.total_order,
)
