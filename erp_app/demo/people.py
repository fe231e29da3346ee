"""The people of the demo companies. Their password is `demo`, accepted from this machine only."""

from __future__ import annotations

from dataclasses import dataclass

from erp_app.iam import repo
from erp_app.iam import service as iam
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import unit_of_work

PASSWORD = "demo"  # noqa: S105 - what the demo is for
CONTOH = {
    "address": "Jl. Raya Bekasi KM 21, Jakarta Timur 13920", "phone": "021-4600 123", "email": "halo@contoh-otoparts.example",
    "tax_number": "01.234.567.8-004.000", "bank": "Bank Contoh 123-456-7890 a.n. PT Contoh Otoparts", "signatory": "Ratna Dewi", "colour": "#1f4e79",
}
SEBELAH = {"address": "Jl. Sebelah No. 2, Bandung", "lang": "id"}
# username, full name, roles
STAFF = (
    ("admin", "Andi Administrator", ("admin",)), ("manager", "Maya Manajer", ("manager",)), ("staff", "Slamet Staf", ("staff",)),
    ("gudang", "Gunawan Gudang", ("warehouse",)), ("sari", "Sari Penjualan", ("sales",)), ("bagus", "Bagus Pembelian", ("purchasing",)),
    ("fitri", "Fitri Keuangan", ("finance", "finance_manager")),
)
NEIGHBOURS = (("admin2", "Dewi Sebelah", ("admin",)),)


@dataclass(frozen=True)
class Staff:
    """A company and its people as actors, by username."""

    tenant: int
    actors: dict[str, Actor]


def companies() -> tuple[Staff, Staff]:
    """Return both demo companies, founding them and hiring whoever is missing."""
    return _company("contoh", "PT Contoh Otoparts", CONTOH, STAFF), _company("sebelah", "PT Sebelah Jaya", SEBELAH, NEIGHBOURS)


def _company(code: str, name: str, details: dict[str, str], staff: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Staff:
    try:
        tenant = iam.find_tenant(code)
    except NotFound:
        tenant = iam.create_tenant(code, name, details)
    users: dict[str, int] = {}
    for username, full_name, roles in staff:
        with unit_of_work(system_actor(tenant, "cli")) as work:
            known = repo.user_id_of(work, username)
            users[username] = known or iam.create_user(work, username, full_name, roles=roles, password=PASSWORD, demo=True)
    return Staff(tenant, {username: iam.actor_of(tenant, user_id, via="cli") for username, user_id in users.items()})
