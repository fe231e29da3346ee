"""Sales invoices: what a customer owes for accepted deliveries (or for services), with VAT by the rule of the day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Choice, Day, Integer, Money, Price, Quantity, Ref, Refs, Str
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.sales import invoice_prints
from erp_app.sales import invoice_service as service


class SalesInvoice(Document, table=True):
    """An invoice to one customer over one or more delivery orders. `tax_base` is the DPP the VAT was computed from."""

    customer_id: int | None = Ref("customers", label="Customer")
    delivery_orders: list[int] | None = Refs("delivery-orders", label="Delivery orders")
    tax: str | None = Choice("ppn", "none", label="Tax")
    tax_invoice: str | None = Str(max_length=40, label="Tax invoice number")
    due_on: date | None = Day(label="Due on")
    net: int = Money(label="Net", default=0, required=True, edit=False)
    tax_base: int = Money(label="Tax base", default=0, required=True, edit=False)
    tax_rule: str | None = Str(max_length=40, label="Tax rule", edit=False)
    vat: int = Money(label="VAT", default=0, required=True, edit=False)
    total: int = Money(label="Total", default=0, required=True, edit=False)
    paid: int = Money(label="Paid", default=0, required=True, edit=False)


class SalesInvoiceLine(Line, table=True):
    """One charged line; source and source line name the delivery order it bills."""

    item_id: int | None = Ref("items", label="Item")
    description: str | None = Str(max_length=200, label="Description")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal | None = Price(label="Unit price")
    amount: int = Money(label="Amount", default=0, required=True, edit=False)
    source_id: int | None = Ref("delivery-orders", label="Delivery order")
    source_line: int | None = Integer(label="Source line")


SALES_INVOICES = DocumentType(
    SalesInvoice, label="Sales invoice", plural="sales-invoices", number="INV-{year}-{seq:05}",
    columns=["number", "effective_at", "customer", "due_on", "net", "vat", "total", "paid", "state"],
    search=["number", "tax_invoice", "reference", "note"], filters=["customer", "state"], sort="-effective_at",
    lines=[Lines("lines", SalesInvoiceLine, required=False)],
    links=["delivery_orders"],
    states=["draft", "posted", "part_paid", "paid", "reversed"],
    actions=[
        Action("post", ("draft",), "posted", "post", service.post_invoice, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_invoice, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager", "sales_manager"],
        create=["manager", "finance", "finance_manager"], edit=["manager", "finance", "finance_manager"],
        post=["manager", "finance", "finance_manager"], cancel=["manager", "finance_manager"],
        export=["manager", "finance", "finance_manager"], see_cost=["manager", "finance", "finance_manager"],
    ),
    menu=Menu("Sales", icon="file-text", order=50),
    on_save=service.complete_invoice,
    pdf=invoice_prints.invoice_pdf,
)
