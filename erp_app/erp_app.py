"""The web application: pages, guard, live hub, and the API behind one shield."""

import reflex as rx

import erp_app.domains  # noqa: F401 - all document types, before any page is made of them
from erp_app.api.serving import transformers
from erp_app.pages.account import account
from erp_app.pages.audit_board import audit_board
from erp_app.pages.cost_queues import cost_queues
from erp_app.pages.detail import detail
from erp_app.pages.fields import fields
from erp_app.pages.form import form
from erp_app.pages.home import home
from erp_app.pages.importing import importing
from erp_app.pages.integrity import integrity
from erp_app.pages.listing import listing
from erp_app.pages.mapping import mapping
from erp_app.pages.operations import operations
from erp_app.pages.permissions import permissions
from erp_app.pages.report import report
from erp_app.pages.shell import framed
from erp_app.pages.trace import trace
from erp_app.state.account import Account
from erp_app.state.audit_board import AuditBoard
from erp_app.state.cost_queues import CostQueues
from erp_app.state.detail import Detail
from erp_app.state.fields import Fields
from erp_app.state.form import Form
from erp_app.state.guard import Guard
from erp_app.state.home import Home
from erp_app.state.hub import hub
from erp_app.state.importing import Importing
from erp_app.state.integrity import Integrity
from erp_app.state.listing import Listing
from erp_app.state.mapping import Mapping
from erp_app.state.notices import Notices
from erp_app.state.operations import Operations
from erp_app.state.permissions import Permissions
from erp_app.state.reporting import Reporting
from erp_app.state.session import Session
from erp_app.state.tracing import Tracing

PAGES = [
    ("/", home, Home.open),
    ("/integrity", integrity, Integrity.open),
    ("/operations", operations, Operations.open),
    ("/account", account, Account.open),
    ("/account-mapping", mapping, Mapping.open),
    ("/audit-board", audit_board, AuditBoard.open),
    ("/cost-queues", cost_queues, CostQueues.open),
    ("/cost-trace", trace, Tracing.open),
    ("/permissions", permissions, Permissions.open),
    ("/reports/[report]", report, Reporting.open),
    ("/[doctype]", listing, Listing.open),
    ("/[doctype]/new", form, Form.open_new),
    ("/[doctype]/import", importing, Importing.open),
    ("/[doctype]/fields", fields, Fields.open),
    ("/[doctype]/[record]", detail, Detail.open),
    ("/[doctype]/[record]/edit", form, Form.open),
]

app = rx.App(api_transformer=transformers(), stylesheets=["/erp.css"])
app.add_middleware(Guard())
hub.attach(app)
for route, page, first in PAGES:
    app.add_page(framed(page), route=route, title="Satu ERP", on_load=[Session.start, Notices.follow, first])
