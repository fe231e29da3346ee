"""The list of everything the product knows: importing this module registers all tables and document types."""

from __future__ import annotations

from sqlmodel import SQLModel

from erp_app.accounting import accounts as _accounts
from erp_app.accounting import chart
from erp_app.accounting import exposure as _exposure
from erp_app.accounting import mapping as _mapping
from erp_app.accounting import periods as _periods
from erp_app.accounting import settlement as _settlement
from erp_app.accounting import tax_rules as _tax_rules
from erp_app.anomaly import findings as _findings
from erp_app.anomaly import rules as _anomaly_rules
from erp_app.anomaly import service as anomaly
from erp_app.catalog import customers as _customers
from erp_app.catalog import founding as catalog
from erp_app.catalog import grades as _grades
from erp_app.catalog import items as _items
from erp_app.catalog import places as _places
from erp_app.catalog import suppliers as _suppliers
from erp_app.catalog import units as _units
from erp_app.costing import models as _costing
from erp_app.document import models as _document
from erp_app.finance import journals as _journals
from erp_app.finance import payments as _payments
from erp_app.finance import receipts as _customer_receipts
from erp_app.iam import documents as _iam
from erp_app.iam.tenant import on_founding
from erp_app.issues import issue as _issues
from erp_app.kernel import models as _kernel
from erp_app.notify import models as _notify
from erp_app.posting import reversals as _reversals
from erp_app.purchasing import bills as _bills
from erp_app.purchasing import landed_costs as _landed_costs
from erp_app.purchasing import orders as _purchase_orders
from erp_app.purchasing import receipts as _receipts
from erp_app.purchasing import requests as _requests
from erp_app.reports import catalogue as _reports
from erp_app.sales import delivery_notes as _delivery_notes
from erp_app.sales import delivery_orders as _delivery_orders
from erp_app.sales import invoices as _invoices
from erp_app.sales import orders as _sales_orders
from erp_app.sales import verifications as _verifications
from erp_app.stock import models as _stock
from erp_app.warehouse import counts as _counts
from erp_app.warehouse import gate_events as _gate_events
from erp_app.warehouse import transfers as _transfers

metadata = SQLModel.metadata

# What every new company begins with, beside its roles.
on_founding(chart.install)
on_founding(catalog.install)
on_founding(anomaly.install)

__all__ = ["metadata"]
