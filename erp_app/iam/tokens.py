"""API logins: an access token (JWT, 15 minutes) and a refresh token that is good for one use.

A refresh token used twice means that somebody copied it: then the whole login (its family) is revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import jwt

from erp_app.iam import repo, repo_tokens
from erp_app.iam.identity import Identity, build
from erp_app.iam.login import Person
from erp_app.iam.sessions import NOBODY, digest, new_token
from erp_app.kernel import clock, limits
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.errors import Unauthorized
from erp_app.kernel.ids import new_key
from erp_app.kernel.uow import unit_of_work

_ALGORITHM, _ISSUER = "HS256", "satu-erp"


@dataclass(frozen=True)
class Pair:
    """What a program gets: `expires_in` are the access token's seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def issue(person: Person, *, address: str = "-") -> Pair:
    """Open an API login and return its first pair of tokens."""
    family, refresh = new_key(), new_token()
    actor = Actor(tenant_id=person.tenant_id, user_id=person.user_id, username=person.username, via="api", address=address)
    with unit_of_work(actor) as work:
        repo_tokens.add(work, person.user_id, "refresh", family, digest(refresh), work.now + timedelta(seconds=limits.REFRESH_TOKEN_LIFE))
        work.audit("token.issued", resource="sessions", record_id=person.user_id)
    return Pair(_access(person.tenant_id, person.user_id, family), refresh, limits.ACCESS_TOKEN_LIFE)


def renew(refresh_token: str) -> Pair:
    """Exchange a refresh token for a new pair.

    Raises:
        Unauthorized: ERP-1313 for an unknown, expired, revoked or already used token; a used one revokes its whole login.
    """
    fresh = new_token()
    with unit_of_work(system_actor(NOBODY, "api")) as work:
        used = repo_tokens.use(work, digest(refresh_token), "refresh")
        if used is not None and used.good:
            repo_tokens.add(
                work, used.user_id, "refresh", used.family, digest(fresh), work.now + timedelta(seconds=limits.REFRESH_TOKEN_LIFE), tenant_id=used.tenant_id,
            )
    if used is None or not used.good:
        if used is not None and used.replayed:
            with unit_of_work(system_actor(used.tenant_id, "api")) as work:
                work.audit("token.replayed", resource="sessions", record_id=used.user_id, reason="a used refresh token came again: the login was revoked")
        raise Unauthorized("ERP-1313", "The refresh token is not valid any more. Log in again.")
    return Pair(_access(used.tenant_id, used.user_id, used.family), fresh, limits.ACCESS_TOKEN_LIFE)


def revoke(refresh_token: str) -> None:
    """End the API login of a refresh token; an unknown one is no error."""
    with unit_of_work(system_actor(NOBODY, "api")) as work:
        repo_tokens.revoke_family(work, digest(refresh_token))


def load(access_token: str, *, address: str = "-", request_id: str = "-") -> Identity | None:
    """Return who holds an access token; None when it is malformed, expired, of a revoked login or of a disabled user."""
    try:
        claims = jwt.decode(
            access_token, settings().secret_key(), algorithms=[_ALGORITHM], issuer=_ISSUER, options={"require": ["exp", "sub", "tid", "fam"]},
        )
        tenant_id, user_id, family = int(claims["tid"]), int(claims["sub"]), str(claims["fam"])
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None
    with unit_of_work(system_actor(NOBODY, "api")) as work:
        person = repo.token_person(work, tenant_id, user_id, family)
    return None if person is None else build(person, via="api", address=address, request_id=request_id)


def _access(tenant_id: int, user_id: int, family: str) -> str:
    now = clock.now()
    claims = {"iss": _ISSUER, "sub": str(user_id), "tid": tenant_id, "fam": family, "iat": now, "exp": now + timedelta(seconds=limits.ACCESS_TOKEN_LIFE)}
    return jwt.encode(claims, settings().secret_key(), algorithm=_ALGORITHM)
