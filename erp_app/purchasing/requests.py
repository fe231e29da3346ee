"""Purchase requests: what somebody needs, approved by amount, and ordered in one or several purchase orders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Day, Money, Price, Quantity, Ref
from erp_app.document.models import Document, Line
from erp_app.purchasing import request_service as service


class PurchaseRequest(Document, table=True):
    """A request of a department for one warehouse; the supplier is a wish."""

    supplier_id: int | None = Ref("suppliers", label="Supplier")
    warehouse_id: int | None = Ref("places", label="Warehouse", filter={"kind": "warehouse"})
    department_id: int | None = Ref("departments", label="Department")
    needed_on: date | None = Day(label="Needed on")
    total: int = Money(label="Estimated total", default=0, required=True, edit=False)


class PurchaseRequestLine(Line, table=True):
    """One item needed, with a price as far as it is known; `ordered` is kept by the purchase orders."""

    __table_args__ = (CheckConstraint("quantity > 0 AND coalesce(unit_price, 0) >= 0 AND ordered >= 0", name="purchase_request_line_positive"),)

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal | None = Price(label="Estimated price")
    ordered: Decimal = Quantity(label="Ordered", default=Decimal(0), required=True, edit=False)


PURCHASE_REQUESTS = DocumentType(
    PurchaseRequest, label="Purchase request", plural="purchase-requests", number="PR-{year}-{seq:05}",
    columns=["number", "effective_at", "department", "needed_on", "supplier", "total", "state"],
    search=["number", "reference", "note"], filters=["department", "supplier", "state"], sort="-effective_at",
    lines=[Lines("lines", PurchaseRequestLine)],
    states=["draft", "submitted", "approved", "rejected", "partly_ordered", "ordered", "closed"],
    actions=[
        Action("submit", ("draft",), "submitted", "edit"),
        Action("approve", ("submitted",), "approved", "approve", service.approve),
        Action("reject", ("submitted",), "rejected", "approve", implied=False, reason=True),
        Action("close", ("approved", "partly_ordered", "ordered"), "closed", "approve", implied=False, confirm=True),
    ],
    access=Access(
        view=["manager", "staff:own", "warehouse:own", "production:own", "purchasing", "purchasing_manager"],
        create=["manager", "staff", "warehouse", "production", "purchasing", "purchasing_manager"],
        edit=["manager", "staff:own", "warehouse:own", "production:own", "purchasing", "purchasing_manager"],
        approve=["manager", "purchasing_manager"], export=["manager", "purchasing_manager"],
    ),
    menu=Menu("Purchasing", icon="hand-helping", order=5),
    on_save=service.total_request,
)
