"""Tax rules of the company: a dated rule here goes before the statutory one from its date on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Choice, Day, Integer, Percent
from erp_app.document.models import Master


class TaxRate(Master, table=True):
    """From which day a tax is computed how: net x numerator / denominator x percent."""

    __table_args__ = (CheckConstraint("base_numerator > 0 AND base_denominator > 0 AND percent >= 0", name="tax_rate_positive"),)

    tax: str = Choice("ppn", "pph23", default="ppn", required=True, label="Tax")
    valid_from: date = Day(required=True, label="Valid from")
    base_numerator: int = Integer(required=True, default=11, label="Base: numerator")
    base_denominator: int = Integer(required=True, default=12, label="Base: denominator")
    percent: Decimal = Percent(required=True, default=Decimal(12), label="Percent")


TAX_RATES = DocumentType(
    TaxRate, label="Tax rule", plural="tax-rates", columns=["code", "name", "tax", "valid_from", "percent", "active"],
    search=["code", "name"], filters=["tax", "active"], sort="-valid_from",
    access=Access(
        view=["manager", "finance", "finance_manager", "sales_manager", "purchasing_manager"], create=["finance_manager"], edit=["finance_manager"],
    ),
    menu=Menu("Accounting", icon="percent", order=65),
)
