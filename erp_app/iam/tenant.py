"""Founding a company: its row, its roles, and whatever other parts hang on (`on_founding`: chart of accounts, places …)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from erp_app.iam import repo
from erp_app.iam.models import Role, Tenant
from erp_app.iam.roles import DEFAULTS
from erp_app.iam.saving import check_company
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Invalid, NotFound
from erp_app.kernel.uow import Work, unit_of_work

Founder = Callable[[Work], None]
_founders: list[Founder] = []


def on_founding(call: Founder) -> Founder:
    """Register what is done for every new company, inside the unit of work that makes it; usable as a decorator."""
    if call not in _founders:
        _founders.append(call)
    return call


def create_tenant(code: str, name: str, details: Mapping[str, Any] | None = None) -> int:
    """Make a company with its default roles and everything registered by `on_founding`; return its id.

    Args:
        code: short unique word, kept as given.
        details: further fields of the company (currency, exponent, tz, lang, address, …).

    Raises:
        Invalid: ERP-1326 without code or name, ERP-1320 for a wrong zone or currency.
        Conflict: ERP-1004 when the code is taken.
    """
    if not code.strip() or not name.strip():
        raise Invalid("ERP-1326", "A company needs a code and a name.")
    with unit_of_work(system_actor(0, "cli")) as work:
        tenant_id = repo.next_id(work)
    company = Tenant(tenant_id=tenant_id, id=tenant_id, code=code.strip(), name=name.strip(), **dict(details or {}))
    with unit_of_work(system_actor(tenant_id, "cli", company.tz)) as work:
        work.session.add(company)
        work.flush()
        check_company(work, company)
        work.session.add_all([Role(tenant_id=tenant_id, code=one, name=label, note=note) for one, label, note in DEFAULTS])
        work.flush()
        for call in _founders:
            call(work)
        work.audit("tenant.created", resource="companies", record_id=tenant_id, after={"code": code, "name": name})
    return tenant_id


def find_tenant(code: str) -> int:
    """Return the id of a company by its code.

    Raises:
        NotFound: ERP-1327.
    """
    with unit_of_work(system_actor(0, "cli")) as work:
        found = repo.tenant_id_of(work, code)
    if found is None:
        raise NotFound("ERP-1327", f"There is no company {code!r}.")
    return found
