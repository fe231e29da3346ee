"""The chart of accounts as people see it: codes and names are the tenant's own data."""

from __future__ import annotations

from erp_app.accounting.models import Account
from erp_app.document.declare import Access, DocumentType, Menu

ACCOUNTS = DocumentType(
    Account, label="Account", plural="accounts", columns=["code", "name", "type", "active"], search=["code", "name"],
    filters=["type", "active"], sort="code", title="name",
    access=Access(
        view=["manager", "finance", "finance_manager", "purchasing", "purchasing_manager", "sales_manager"],
        create=["finance_manager"], edit=["finance_manager"],
    ),
    menu=Menu("Accounting", icon="book-open", order=60),
)
