"""Suppliers: who sells to us, carries for us or works on our material."""

from __future__ import annotations

from decimal import Decimal

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Integer, LongText, Percent, Str
from erp_app.document.models import Master


class Supplier(Master, table=True):
    """A supplier, carrier or outside workshop. A bill further from the receipt than the tolerance needs approval."""

    terms_days: int = Integer(label="Payment terms (days)", required=True, default=30)
    address: str | None = LongText(max_length=500, label="Address")
    city: str | None = Str(max_length=80, label="City")
    phone: str | None = Str(max_length=40, label="Phone")
    email: str | None = Str(max_length=120, label="E-mail")
    tax_number: str | None = Str(max_length=22, label="NPWP")
    price_tolerance: Decimal = Percent(required=True, default=Decimal(0), label="Price tolerance (%)")


SUPPLIERS = DocumentType(
    Supplier, label="Supplier", plural="suppliers",
    columns=["code", "name", "city", "phone", "terms_days", "active"],
    search=["code", "name", "city", "phone", "tax_number"], filters=["city", "active"], sort="code", title="name",
    access=Access(
        view=["manager", "staff", "purchasing", "purchasing_manager", "warehouse", "production", "finance", "finance_manager", "gate"],
        create=["manager", "purchasing", "purchasing_manager", "finance_manager"],
        edit=["manager", "purchasing", "purchasing_manager", "finance_manager"],
    ),
    menu=Menu("Master data", icon="truck", order=30),
)
