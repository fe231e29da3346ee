"""Supplier payments: money that goes out, approved before it is posted, and the bills it pays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Json, Money, Ref
from erp_app.document.models import Document, Line
from erp_app.finance import payment_service as service
from erp_app.posting import effects


class SupplierPayment(Document, table=True):
    """A payment; what it does not allocate stays with the supplier as a debit."""

    __table_args__ = (CheckConstraint("amount > 0", name="supplier_payment_amount"),)

    supplier_id: int = Ref("suppliers", required=True, label="Supplier")
    amount: int = Money(required=True, label="Amount")
    account_id: int | None = Ref("accounts", label="From account")
    allocate: Any = Json(label="Allocate")
    allocated: int = Money(label="Allocated", default=0, required=True, edit=False)


class SupplierPaymentLine(Line, table=True):
    """How much of it pays one bill."""

    claim_id: int = Ref("supplier-bills", required=True, label="Bill")
    amount: int = Money(required=True, label="Amount")


SUPPLIER_PAYMENTS = DocumentType(
    SupplierPayment, label="Supplier payment", plural="supplier-payments", number="PAY-{year}-{seq:05}",
    columns=["number", "effective_at", "supplier", "amount", "allocated", "reference", "state"],
    search=["number", "reference", "note"], filters=["supplier", "state"], sort="-effective_at",
    lines=[Lines("lines", SupplierPaymentLine, label="Bills", required=False)],
    states=["draft", "approved", "posted", "reversed"],
    actions=[
        Action("approve", ("draft",), "approved", "approve"),
        Action("post", ("approved",), "posted", "post", service.post_payment, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_payment, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager", "purchasing_manager"], create=["finance", "finance_manager"], edit=["finance", "finance_manager"],
        approve=["finance_manager"], post=["finance", "finance_manager"], cancel=["finance_manager"], export=["manager", "finance", "finance_manager"],
    ),
    menu=Menu("Accounting", icon="credit-card", order=30),
    check=service.check_payment, on_save=service.complete_payment,
)
