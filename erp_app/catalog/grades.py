"""Customer grades: how much credit customers of one class get (plafon), unless a customer has a limit of its own."""

from __future__ import annotations

from erp_app.document.declare import Access, DocumentType, Menu
from erp_app.document.fields import Money
from erp_app.document.models import Master


class CustomerGrade(Master, table=True):
    """A class of customers."""

    credit_limit: int | None = Money(label="Credit limit")


CUSTOMER_GRADES = DocumentType(
    CustomerGrade, label="Customer grade", plural="customer-grades",
    columns=["code", "name", "credit_limit", "active"], search=["code", "name"], sort="code",
    access=Access(
        view=["manager", "staff", "sales", "sales_manager", "finance", "finance_manager"],
        create=["manager", "sales_manager", "finance_manager"], edit=["manager", "sales_manager", "finance_manager"],
    ),
    menu=Menu("Master data", icon="badge-percent", order=50),
)
