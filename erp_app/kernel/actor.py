"""Who acts: the tenant, the user and what the user may do. Built by `iam`, carried by every unit of work."""

from __future__ import annotations

from dataclasses import dataclass, field

SYSTEM_USER = 0


@dataclass(frozen=True)
class Actor:
    """One identity for one request.

    Attributes:
        grants: scopes by (resource, action); resource and action may be `*`; a scope is `own`, `department`, `warehouse` or `all`;
            several roles add up.
        pages: pages this user may open (paths), `*` for all.
        via: `web`, `api`, `worker`, `cli`.
    """

    tenant_id: int
    user_id: int
    username: str
    roles: frozenset[str] = frozenset()
    grants: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    pages: frozenset[str] = frozenset()
    departments: frozenset[int] = frozenset()
    warehouses: frozenset[int] = frozenset()
    lang: str = "en"
    tz: str = "Asia/Jakarta"
    request_id: str = "-"
    via: str = "worker"
    address: str = "-"
    session_id: str = ""


def system_actor(tenant_id: int, via: str = "worker", tz: str = "Asia/Jakarta") -> Actor:
    """Return the identity of workers and of the command line: all rights within one tenant."""
    return Actor(
        tenant_id=tenant_id, user_id=SYSTEM_USER, username="system", roles=frozenset({"system"}),
        grants={("*", "*"): frozenset({"all"})}, pages=frozenset({"*"}), via=via, tz=tz,
    )
