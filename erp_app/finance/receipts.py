"""Customer receipts: money that came in, the invoices it pays, and what is left as an advance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Json, Money, Ref
from erp_app.document.models import Document, Line
from erp_app.finance import receipt_service as service
from erp_app.posting import effects


class CustomerReceipt(Document, table=True):
    """A receipt: `amount` is what the customer paid, `charge` what the bank kept of it."""

    __table_args__ = (CheckConstraint("amount > 0 AND charge >= 0 AND charge < amount", name="customer_receipt_amounts"),)

    customer_id: int = Ref("customers", required=True, label="Customer")
    amount: int = Money(required=True, label="Amount")
    charge: int = Money(required=True, default=0, label="Bank charge")
    account_id: int | None = Ref("accounts", label="Into account")
    allocate: Any = Json(label="Allocate")
    allocated: int = Money(label="Allocated", default=0, required=True, edit=False)


class CustomerReceiptLine(Line, table=True):
    """How much of it pays one invoice."""

    claim_id: int = Ref("sales-invoices", required=True, label="Invoice")
    amount: int = Money(required=True, label="Amount")


CUSTOMER_RECEIPTS = DocumentType(
    CustomerReceipt, label="Customer receipt", plural="customer-receipts", number="RCV-{year}-{seq:05}",
    columns=["number", "effective_at", "customer", "amount", "allocated", "reference", "state"],
    search=["number", "reference", "note"], filters=["customer", "state"], sort="-effective_at",
    lines=[Lines("lines", CustomerReceiptLine, label="Invoices", required=False)],
    states=["draft", "posted", "reversed"],
    actions=[
        Action("post", ("draft",), "posted", "post", service.post_receipt, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_receipt, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager", "sales_manager"], create=["finance", "finance_manager"], edit=["finance", "finance_manager"],
        post=["finance", "finance_manager"], cancel=["finance_manager"], export=["manager", "finance", "finance_manager"],
    ),
    menu=Menu("Accounting", icon="banknote", order=20),
    check=service.check_receipt, on_save=service.complete_receipt,
)
