"""What the rest of the product asks of people and rights, under one name.

`load_actor` knows who asks; `create_tenant` and `create_user` found companies and hire people; `end_sessions_of` throws
somebody out. Matrix and explainer are in `iam/matrix.py` and `iam/explain.py`.
"""

from __future__ import annotations

from erp_app.iam import repo, sessions, tokens
from erp_app.iam.identity import Identity, build
from erp_app.iam.tenant import create_tenant, find_tenant, on_founding
from erp_app.iam.users import (
    accept_invitation,
    change_password,
    create_user,
    disable_user,
    invite,
    prefer,
    set_password,
)
from erp_app.kernel.access import require
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work, unit_of_work

__all__ = [
    "accept_invitation", "actor_of", "change_password", "create_tenant", "create_user", "disable_user", "end_sessions_of", "find_tenant", "invite",
    "load_actor", "on_founding", "prefer", "set_password", "tenants",
]

tenants = repo.tenants


def load_actor(*, session: str = "", bearer: str = "", address: str = "-", request_id: str = "-") -> Identity | None:
    """Return who holds a session token or an access token; None: nobody."""
    if bearer:
        return tokens.load(bearer, address=address, request_id=request_id)
    return sessions.load(session, address=address, request_id=request_id)


def actor_of(tenant_id: int, user_id: int, via: str = "worker") -> Actor:
    """Return an active user's identity without a login: for workers that act on somebody's behalf, and for "view as".

    Raises:
        NotFound: ERP-1330 when there is no such active user.
    """
    with unit_of_work(system_actor(tenant_id)) as work:
        person = repo.person(work, user_id)
    if person is None:
        raise NotFound("ERP-1330", "There is no such active user.")
    return build(person, via=via).actor


def end_sessions_of(work: Work, user_id: int, session_id: int | None = None) -> int:
    """End one or all browser sessions and all API logins of a user; return how many sessions.

    Raises:
        Forbidden: ERP-1301 without the right `cancel` on `sessions`.
    """
    require(work.actor, "sessions", "cancel")
    ended = repo.end_sessions(work, user_id, session_id=session_id)
    if session_id is None:
        repo.revoke_tokens(work, user_id)
    work.audit("session.revoked", resource="sessions", record_id=user_id, after={"ended": ended})
    work.emit("session.ended", {"user_id": user_id, "session_id": session_id}, [f"user:{user_id}"])
    return ended
