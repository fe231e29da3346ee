"""Somebody who is logged in: the actor with merged rights, and what screens show about person and company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erp_app.iam import grants, page_access
from erp_app.kernel.actor import Actor


@dataclass(frozen=True)
class Identity:
    """Who is asking, as found on the server for this one event or request.

    Attributes:
        actor: what services take.
        session_id: id of the browser session (or family of the API login), never its token.
        requests_per_minute: the user's own limit, None for the general one.
    """

    actor: Actor
    session_id: str
    full_name: str
    theme: str
    density: str
    company: str
    company_code: str
    currency: str
    exponent: int
    requests_per_minute: int | None


def build(person: Mapping[str, Any], *, via: str, address: str = "-", request_id: str = "-") -> Identity:
    """Make the identity out of what the database's `iam_person` returns."""
    roles = frozenset(person["roles"])
    merged = grants.merge(roles, tuple((row[0], row[1], row[2], row[3]) for row in person["permissions"]))
    pages = page_access.open_to(roles, tuple((row[0], row[1], row[2]) for row in person["pages"]), merged)
    department = person["department_id"]
    actor = Actor(
        tenant_id=person["tenant_id"], user_id=person["user_id"], username=person["username"], roles=roles, grants=merged, pages=pages,
        departments=frozenset() if department is None else frozenset({department}), warehouses=frozenset(person["warehouses"] or ()),
        lang=person["lang"], tz=person["tz"], request_id=request_id, via=via, address=address, session_id=str(person.get("session_id", "")),
    )
    return Identity(
        actor=actor, session_id=actor.session_id, full_name=person["full_name"], theme=person["theme"], density=person["density"],
        company=person["company"], company_code=person["company_code"], currency=person["currency"], exponent=person["exponent"],
        requests_per_minute=person["requests_per_minute"],
    )
