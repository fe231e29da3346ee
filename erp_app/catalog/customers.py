"""Customers: who buys, on which terms, and up to which exposure."""

from __future__ import annotations

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Integer, LongText, Money, Ref, Str
from erp_app.document.models import Master


class Customer(Master, table=True):
    """A customer. Its own credit limit goes before the one of its grade; neither means no limit."""

    grade_id: int | None = Ref("customer-grades", label="Grade")
    credit_limit: int | None = Money(label="Credit limit")
    terms_days: int = Integer(label="Payment terms (days)", required=True, default=30)
    address: str | None = LongText(max_length=500, label="Address")
    city: str | None = Str(max_length=80, label="City")
    phone: str | None = Str(max_length=40, label="Phone")
    email: str | None = Str(max_length=120, label="E-mail")
    tax_number: str | None = Str(max_length=22, label="NPWP")


CUSTOMERS = DocumentType(
    Customer, label="Customer", plural="customers",
    columns=["code", "name", "grade", "city", "phone", "credit_limit", "active"],
    search=["code", "name", "city", "phone", "tax_number"], filters=["grade", "city", "active"], sort="code", title="name",
    access=Access(
        view=["manager", "staff", "sales", "sales_manager", "warehouse", "finance", "finance_manager", "gate"],
        create=["manager", "sales", "sales_manager", "finance_manager"], edit=["manager", "sales", "sales_manager", "finance_manager"],
    ),
    menu=Menu("Master data", icon="users", order=20),
)
