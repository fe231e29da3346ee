"""Sales orders: what a customer ordered, what is reserved for it, what was delivered and billed, and what is still owed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field

from erp_app.document.declare import Access, Action, Ask, DocumentType, Lines, Menu
from erp_app.document.fields import Choice, Day, LongText, Money, Price, Quantity, Ref, Str
from erp_app.document.models import Document, Line
from erp_app.sales import order_service as service


class SalesOrder(Document, table=True):
    """An order of one customer, delivered from one warehouse."""

    customer_id: int = Ref("customers", required=True, label="Customer")
    warehouse_id: int = Ref("places", required=True, label="Warehouse", filter={"kind": "warehouse"})
    promised_on: date | None = Day(label="Promised on")
    delivery_address: str | None = LongText(max_length=500, label="Delivery address")
    tax: str = Choice("ppn", "none", default="ppn", required=True, label="Tax")
    net: int = Money(label="Net", default=0, required=True, edit=False)
    vat: int = Money(label="VAT", default=0, required=True, edit=False)
    total: int = Money(label="Total", default=0, required=True, edit=False)
    credit_released: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    hold_reason: str | None = Str(max_length=300, label="Held because", edit=False)
    goods: str = Choice("shared", "kept", default="shared", required=True, label="Reservation", edit=False)


class SalesOrderLine(Line, table=True):
    """One item ordered. `delivered` counts goods out of the gate (less what came back), `billed` what invoices charged."""

    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price >= 0", name="sales_order_line_positive"),
        CheckConstraint("delivered >= 0 AND delivered <= quantity", name="sales_order_line_delivered"),
        CheckConstraint("billed >= 0 AND billed <= quantity", name="sales_order_line_billed"),
    )

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal = Price(required=True, label="Unit price")
    amount: int = Money(label="Amount", default=0, required=True, edit=False)
    delivered: Decimal = Quantity(label="Delivered", default=Decimal(0), required=True, edit=False)
    billed: Decimal = Quantity(label="Billed", default=Decimal(0), required=True, edit=False)


SALES_ORDERS = DocumentType(
    SalesOrder, label="Sales order", plural="sales-orders", number="SO-{year}-{seq:05}",
    columns=["number", "effective_at", "customer", "reference", "promised_on", "total", "state"],
    search=["number", "reference", "note"], filters=["customer", "warehouse", "goods", "state"], sort="-effective_at",
    lines=[Lines("lines", SalesOrderLine)],
    states=["draft", "credit_hold", "confirmed", "partly_delivered", "delivered", "billed", "closed", "cancelled"],
    actions=[
        Action("confirm", ("draft",), "confirmed", "post", service.confirm),
        Action("release", ("credit_hold",), "confirmed", "approve", service.release, form=(Ask("reason", label="Reason"),), implied=False),
        Action(
            "amend", ("confirmed", "partly_delivered", "credit_hold"), "", "edit", service.amend,
            form=(Ask("promised_on", "date", "Promised on"), Ask("delivery_address", "long_text", "Delivery address"), Ask("reason", label="Reason")),
            lines=SalesOrderLine, implied=False,
        ),
        Action(
            "keep", ("confirmed", "partly_delivered"), "", "approve", service.keep, label="Keep goods", implied=False,
            visible=lambda order: order["goods"] == "shared",
        ),
        Action(
            "share", ("confirmed", "partly_delivered"), "", "approve", service.share, label="Share goods", implied=False,
            visible=lambda order: order["goods"] == "kept",
        ),
        Action(
            "close", ("confirmed", "partly_delivered", "delivered", "billed"), "closed", "approve", service.close,
            form=(Ask("reason", label="Reason"),), implied=False,
        ),
        Action("cancel", ("draft", "credit_hold", "confirmed"), "cancelled", "cancel", service.cancel, implied=False, confirm=True, reason=True),
    ],
    access=Access(
        view=["manager", "staff:own", "sales", "sales_manager", "warehouse", "finance", "finance_manager"],
        create=["manager", "sales", "sales_manager"], edit=["manager", "sales", "sales_manager"],
        approve=["manager", "sales_manager"], post=["manager", "sales", "sales_manager"], cancel=["manager", "sales_manager"],
        export=["manager", "sales_manager", "finance_manager"], see_cost=["manager", "sales_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Sales", icon="clipboard-list", order=10),
    on_save=service.total_order,
)
