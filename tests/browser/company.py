"""The company the browser tests work in: a few items, places and partners, all made by the services people use."""

from __future__ import annotations

from erp_app.document import registry, service
from erp_app.iam import service as iam
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

PASSWORD = "correct horse battery"
PEOPLE = {"sari": ("admin",), "budi": ("manager",), "wati": ("warehouse",), "tono": ("sales",)}


def found(code: str = "contoh", name: str = "PT Contoh Otoparts") -> int:
    """Make the company, its people and its master data; return the tenant's id."""
    tenant = iam.create_tenant(code, name, {"lang": "en"})
    actor = system_actor(tenant)
    with unit_of_work(actor) as work:
        for username, roles in PEOPLE.items():
            user = iam.create_user(work, username, username.title(), roles=roles, details={"lang": "en"})
            iam.set_password(work, user, PASSWORD)
    for plural, rows in RECORDS.items():
        known = {one.plural for one in registry.all_types()}
        if plural not in known:
            continue
        for row in rows:
            with unit_of_work(actor) as work:
                if not work.value("SELECT 1 FROM record_ref WHERE type = %s AND number = %s", (plural, row["code"])):
                    service.create(work, registry.get(plural), row)
    return tenant


PLACES = (
    ("WH", "Main warehouse", "warehouse"),
    ("WH2", "Second warehouse", "warehouse"),
    ("QUAR", "Quarantine", "quarantine"),
    ("TRANSIT", "On the road", "in_transit"),
    ("SUPPLIER", "Suppliers", "supplier"),
    ("CUSTOMER", "Customers", "customer"),
    ("ADJUST", "Adjustment", "adjustment"),
)
RECORDS = {
    "places": [{"code": code, "name": name, "kind": kind} for code, name, kind in PLACES],
    "items": [
        {"code": "TUBE", "name": "Steel tube 38 mm", "kind": "raw"},
        {"code": "BOX", "name": "Carton box", "kind": "packaging"},
        {"code": "FG", "name": "Exhaust pipe finished", "kind": "finished"},
        *({"code": f"P-{n:04}", "name": f"Spare part {n}", "kind": "finished"} for n in range(1, 61)),
    ],
    "suppliers": [{"code": "PT Baja", "name": "PT Baja Perkasa"}, {"code": "UD Kemasan", "name": "UD Kemasan Jaya"}],
    "customers": [{"code": "PT Andalan", "name": "PT Andalan Motor"}, {"code": "Toko Makmur", "name": "Toko Makmur"}],
}
