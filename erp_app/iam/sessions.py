"""Browser sessions: a random token in a cookie, its sha256 in the database, looked up for every event."""

from __future__ import annotations

import hashlib
import re
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

from erp_app.iam import repo
from erp_app.iam.identity import Identity, build
from erp_app.kernel import limits
from erp_app.kernel.access import require
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.uow import Work, unit_of_work

COOKIE = "satu_session"
NOBODY = 0  # the tenant of work that is done before the tenant is known
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return a secret of 256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_from(cookie_header: str) -> str:
    """Return the session token in a Cookie header, or an empty string."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie_header)
    except CookieError:
        return ""
    value = jar[COOKIE].value if COOKIE in jar else ""
    return value if _TOKEN.fullmatch(value) else ""


def load(token: str, *, via: str = "web", address: str = "-", request_id: str = "-") -> Identity | None:
    """Return who holds a session, or None: unknown, ended, idle too long, user or company switched off."""
    if not token:
        return None
    with unit_of_work(system_actor(NOBODY)) as work:
        person = repo.session_person(work, digest(token), limits.SESSION_IDLE, limits.SESSION_LIFE)
    return None if person is None else build(person, via=via, address=address, request_id=request_id)


def start(work: Work, tenant_id: int, user_id: int, *, address: str, agent: str) -> str:
    """Open a session and return its new token; the unit of work already belongs to the tenant."""
    token = new_token()
    repo.add_session(work, tenant_id, user_id, digest(token), address, agent)
    return token


def end(token: str, address: str = "-") -> None:
    """Log out: the session of this token is over. An unknown token is no error."""
    if not token:
        return
    with unit_of_work(system_actor(NOBODY)) as work:
        ended = repo.end_session(work, digest(token))
    if ended is not None:
        with unit_of_work(_as(ended, address)) as work:
            work.audit("session.ended", resource="sessions", record_id=ended["id"])
            work.emit("session.ended", {"user_id": ended["user_id"], "session_id": ended["id"]}, [f"session:{ended['id']}"])


def mine(work: Work) -> list[dict[str, Any]]:
    """Return the live sessions of the acting user; `current` marks the one asking."""
    return [row | {"current": str(row["id"]) == work.actor.session_id} for row in repo.sessions(work, work.actor.user_id, limits.SESSION_IDLE)]


def everybodys(work: Work) -> list[dict[str, Any]]:
    """Return the live sessions of all users of the tenant, the last seen first.

    Raises:
        Forbidden: ERP-1301 without the right to view sessions.
    """
    require(work.actor, "sessions", "view")
    return [row | {"current": str(row["id"]) == work.actor.session_id} for row in repo.sessions(work, None, limits.SESSION_IDLE)]


def end_mine(work: Work, session_id: int) -> int:
    """End another session of the acting user; return how many ended (0: it is somebody else's, over, or the one asking)."""
    if str(session_id) == work.actor.session_id:
        return 0
    ended = repo.end_sessions(work, work.actor.user_id, session_id=session_id)
    work.audit("session.ended", resource="sessions", record_id=session_id, after={"ended": ended})
    work.emit("session.ended", {"user_id": work.actor.user_id, "session_id": session_id}, [f"session:{session_id}"])
    return ended


def end_others(work: Work) -> int:
    """End all sessions of the acting user but the one asking; return how many."""
    keep = int(work.actor.session_id) if work.actor.session_id.isdigit() else None
    ended = repo.end_sessions(work, work.actor.user_id, keep=keep)
    work.audit("session.others_ended", resource="sessions", record_id=work.actor.user_id, after={"ended": ended})
    return ended


def _as(ended: dict[str, Any], address: str) -> Actor:
    return Actor(tenant_id=ended["tenant_id"], user_id=ended["user_id"], username="-", via="web", address=address)
