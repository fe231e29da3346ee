"""A small firm for stories: everything in it is entered through the services that screens and API use."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from erp_app.accounting import chart
from erp_app.document import registry, service
from erp_app.iam import service as iam
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

JAKARTA = ZoneInfo("Asia/Jakarta")
ROLES = ("admin", "manager", "warehouse", "sales", "sales_manager", "purchasing", "purchasing_manager", "finance")


def moment(day: str) -> datetime:
    """Nine in the morning in Jakarta."""
    return datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=JAKARTA)


class Firm:
    """One tenant with users of several roles; `act` and `create` work as the user named by `as_`."""

    def __init__(self) -> None:
        code = f"f{secrets.token_hex(4)}"
        self.tenant = iam.create_tenant(code, f"PT {code}")
        with unit_of_work(system_actor(self.tenant)) as work:
            chart.install(work)
            self.users = {role: iam.create_user(work, f"{role}.{code}", role.title(), roles=[role]) for role in ROLES}
        for kind, name in (("in_transit", "TRANSIT"), ("supplier", "SUPPLIER"), ("customer", "CUSTOMER"), ("adjustment", "ADJUST")):
            with unit_of_work(system_actor(self.tenant)) as work:
                if work.value("SELECT count(*) FROM place WHERE kind = %s", [kind]) == 0:
                    service.create(work, registry.get("places"), {"code": name, "name": name, "kind": kind})
        for name, kind in (("WH", "warehouse"), ("WH2", "warehouse"), ("QUAR", "quarantine")):
            self.create("places", code=name, name=name, kind=kind)

    def actor(self, as_: str = "admin"):
        return iam.actor_of(self.tenant, self.users[as_])

    def create(self, plural: str, as_: str = "admin", **data):
        with unit_of_work(self.actor(as_)) as work:
            return service.create(work, registry.get(plural), data)

    def update(self, plural: str, ref, as_: str = "admin", **data):
        with unit_of_work(self.actor(as_)) as work:
            return service.update(work, registry.get(plural), ref, data, None)

    def act(self, plural: str, ref, action: str, as_: str = "admin", **data):
        with unit_of_work(self.actor(as_)) as work:
            return service.act(work, registry.get(plural), ref, action, data)

    def get(self, plural: str, ref):
        with unit_of_work(self.actor()) as work:
            return service.get(work, registry.get(plural), ref)

    def post(self, plural: str, as_: str = "admin", **data):
        """Create a document and post it."""
        made = self.create(plural, as_, **data)
        return self.act(plural, made["id"], "post", as_)

    def received(self, item: str, quantity, price, day: str, supplier: str, warehouse: str = "WH"):
        """A posted receipt without an order."""
        return self.post(
            "goods-receipts", supplier=supplier, warehouse=warehouse, effective_at=moment(day).isoformat(),
            lines=[{"item": item, "quantity": quantity, "unit_price": price}],
        )

    def journal(self, document):
        """Signed amounts by account of a document's original journals."""
        return self.balances(document["id"])

    def balances(self, document=None):
        """Signed balances by account; accounts at zero are left out."""
        with unit_of_work(system_actor(self.tenant)) as work:
            rows = work.rows(
                "SELECT a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal_entry j JOIN journal_line l ON l.entry_id = j.id"
                " JOIN account a ON a.id = l.account_id WHERE %(document)s::bigint IS NULL OR (j.document_id = %(document)s AND j.kind = 'original')"
                " GROUP BY a.code HAVING sum(l.debit) <> sum(l.credit)",
                {"document": document},
            )
        return {row["code"]: row["amount"] for row in rows}
