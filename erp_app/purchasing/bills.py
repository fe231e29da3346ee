"""Supplier bills: what a supplier charges for what was received, matched line by line against receipt and order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, text

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Choice, Day, Integer, Money, Price, Quantity, Ref, Refs, Str
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.purchasing import bill_service as service


class SupplierBill(Document, table=True):
    """A supplier's bill of one or more receipts. Its number is unique for the supplier and the year once posted."""

    __table_args__ = (
        Index(
            "supplier_bill_supplier_number", "tenant_id", "supplier_id", "fiscal_year", "supplier_number", unique=True,
            postgresql_where=text("state NOT IN ('draft', 'matched', 'reversed') AND supplier_number IS NOT NULL"),
        ),
    )

    supplier_id: int = Ref("suppliers", required=True, label="Supplier")
    supplier_number: str | None = Str(max_length=60, label="Supplier's number")
    receipts: list[int] | None = Refs("goods-receipts", label="Receipts")
    landed_costs: list[int] | None = Refs("landed-costs", label="Landed costs")
    tax: str = Choice("ppn", "none", default="ppn", required=True, label="Tax")
    withholding: str = Choice("none", "pph23", default="none", required=True, label="Withholding")
    tax_invoice: str | None = Str(max_length=40, label="Tax invoice number")
    due_on: date | None = Day(label="Due on")
    fiscal_year: int | None = Integer(label="Fiscal year", edit=False)
    matching: str | None = Choice("matched", "mismatch", label="Match", edit=False)
    net: int = Money(label="Net", default=0, required=True, edit=False)
    vat: int = Money(label="VAT", default=0, required=True, edit=False)
    withheld: int = Money(label="Withheld", default=0, required=True, edit=False)
    total: int = Money(label="Total", default=0, required=True, edit=False)
    paid: int = Money(label="Paid", default=0, required=True, edit=False)


class SupplierBillLine(Line, table=True):
    """One billed receipt line: people give at most `source_line` and the price billed; the rest follows from the receipt."""

    source_id: int | None = Ref("goods-receipts", label="Receipt")
    source_line: int | None = Integer(label="Source line")
    item_id: int | None = Ref("items", label="Item")
    quantity: Decimal | None = Quantity(label="Quantity")
    unit_price: Decimal | None = Price(label="Unit price")
    amount: int = Money(label="Amount", default=0, required=True, edit=False)
    received_value: int = Money(label="Received value", default=0, required=True, edit=False)


SUPPLIER_BILLS = DocumentType(
    SupplierBill, label="Supplier bill", plural="supplier-bills", number="BILL-{year}-{seq:05}",
    columns=["number", "effective_at", "supplier", "supplier_number", "due_on", "total", "paid", "matching", "state"],
    search=["number", "supplier_number", "tax_invoice", "reference", "note"], filters=["supplier", "matching", "state"], sort="-effective_at",
    lines=[Lines("lines", SupplierBillLine, required=False)],
    links=["receipts", "landed_costs"],
    states=["draft", "matched", "posted", "part_paid", "paid", "reversed"],
    actions=[
        Action("approve", ("draft",), "matched", "approve", service.approve_bill, label="Approve match", implied=False),
        Action("post", ("draft", "matched"), "posted", "post", service.post_bill, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_bill, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager", "purchasing_manager"],
        create=["manager", "finance", "finance_manager"], edit=["manager", "finance", "finance_manager"],
        approve=["manager", "purchasing_manager"], post=["manager", "finance", "finance_manager"], cancel=["manager", "finance_manager"],
        export=["manager", "finance", "finance_manager"],
        see_cost=["manager", "purchasing_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Purchasing", icon="receipt", order=30),
    on_save=service.complete_bill,
)
