"""The web application: pages, guard, live hub, and the API behind one shield."""

import reflex as rx

import erp_app.domains  # noqa: F401 - all document types, before any page is made of them
from erp_app.pages.form import form
from erp_app.pages.listing import listing
from erp_app.pages.shell import framed
from erp_app.state.form import Form
from erp_app.state.guard import Guard
from erp_app.state.hub import hub
from erp_app.state.listing import Listing
from erp_app.state.notices import Notices
from erp_app.state.session import Session

FIRST = [Session.start, Notices.follow]

app = rx.App(
    theme=rx.theme(accent_color="teal", gray_color="slate", radius="medium", has_background=False),
    stylesheets=["/erp.css"],
)
app.add_middleware(Guard())
hub.attach(app)

app.add_page(framed(listing), route="/[doctype]", title="Satu ERP", on_load=[*FIRST, Listing.open])
app.add_page(framed(form), route="/[doctype]/new", title="Satu ERP", on_load=[*FIRST, Form.open_new])
app.add_page(framed(form), route="/[doctype]/[record]/edit", title="Satu ERP", on_load=[*FIRST, Form.open])
