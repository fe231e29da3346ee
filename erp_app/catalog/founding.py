"""What every new company finds in its catalogue: units, and the places at the edges of its stock that documents use by themselves."""

from __future__ import annotations

from erp_app.catalog.places import Place
from erp_app.catalog.units import Unit
from erp_app.kernel.uow import Work

UNITS = (("pcs", "Piece"), ("box", "Box"), ("set", "Set"), ("kg", "Kilogram"), ("m", "Metre"))
PLACES = (
    ("IN-TRANSIT", "Goods in transit", "in_transit"), ("SUPPLIERS", "Suppliers", "supplier"), ("CUSTOMERS", "Customers", "customer"),
    ("PRODUCTION", "Production", "production"), ("ADJUSTMENTS", "Stock adjustments", "adjustment"),
)


def install(work: Work) -> None:
    """Add units and edge places to a company that was just founded."""
    tenant = work.actor.tenant_id
    work.session.add_all([Unit(tenant_id=tenant, code=code, name=name) for code, name in UNITS])
    work.session.add_all([Place(tenant_id=tenant, code=code, name=name, kind=kind) for code, name, kind in PLACES])
    work.flush()
