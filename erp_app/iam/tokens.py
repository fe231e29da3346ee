"""API logins: an access token (JWT, 15 minutes) and a refresh token that is good for one use.

A refresh token used twice means that somebody copied it: then the whole login (its family) is revoked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from erp_app.iam import repo, repo_tokens
from erp_app.iam.identity import Identity, build
from erp_app.iam.login import Person
from erp_app.iam.sessions import NOBODY, digest, new_token
from erp_app.kernel import limits
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.errors import Unauthorized
from erp_app.kernel.idempotency import once
from erp_app.kernel.ids import new_key
from erp_app.kernel.uow import Work, unit_of_work

_ALGORITHM, _ISSUER = "HS256", "satu-erp"


@dataclass(frozen=True)
class Pair:
    """What a program gets: `expires_in` are the access token's seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def issue(person: Person, *, address: str = "-", key: str | None = None, asked: str = "") -> Pair:
    """Open an API login and return its first pair of tokens; under the same idempotency key and content (`asked`) always the same one.

    Raises:
        Conflict: ERP-1409 when the key was used with other content.
    """
    actor = Actor(tenant_id=person.tenant_id, user_id=person.user_id, username=person.username, via="api", address=address)
    with unit_of_work(actor) as work:

        def begin() -> dict[str, Any]:
            family = new_key()
            pair = _pair(person.tenant_id, person.user_id, family, work.now, key)
            _keep(work, person.tenant_id, person.user_id, family, pair)
            work.audit("token.issued", resource="sessions", record_id=person.user_id)
            return {"family": family, "at": work.now.isoformat(), **({} if key else {"pair": pair})}

        return _told(person.tenant_id, person.user_id, once(work, key, {"path": "auth/token", "content": asked}, begin), key)


def renew(refresh_token: str, key: str | None = None) -> Pair:
    """Exchange a refresh token for a new pair; whoever asks again with the same idempotency key, for the answer was lost, gets the same one.

    Raises:
        Unauthorized: ERP-1313 for an unknown, expired, revoked or already used token; a used one revokes its whole login.
        Conflict: ERP-1409 when the key was used with other content.
    """
    with unit_of_work(_holder(refresh_token)) as work:
        key = key if work.actor.tenant_id != NOBODY else None
        answer = once(work, key, {"path": "auth/refresh", "content": digest(refresh_token)}, lambda: _renewed(work, refresh_token, key))
    if not answer["good"]:
        if answer["replayed"]:
            with unit_of_work(system_actor(answer["tenant"], "api")) as work:
                work.audit("token.replayed", resource="sessions", record_id=answer["user"], reason="a used refresh token came again: the login was revoked")
        raise Unauthorized("ERP-1313", "The refresh token is not valid any more. Log in again.")
    return _told(answer["tenant"], answer["user"], answer, key)


def revoke(refresh_token: str, key: str | None = None) -> None:
    """End the API login of a refresh token; an unknown one is no error.

    Raises:
        Conflict: ERP-1409 when the idempotency key was used with other content.
    """
    with unit_of_work(_holder(refresh_token)) as work:
        asked = {"path": "auth/revoke", "content": digest(refresh_token)}
        once(work, key if work.actor.tenant_id != NOBODY else None, asked, lambda: {"revoked": repo_tokens.revoke_family(work, digest(refresh_token))})


def _holder(refresh_token: str) -> Actor:
    """Whose request a refresh token makes it."""
    with unit_of_work(system_actor(NOBODY, "api")) as work:
        tenant_id, user_id = repo_tokens.holder(work, digest(refresh_token))
    return Actor(tenant_id=tenant_id, user_id=user_id, username="", via="api")


def _renewed(work: Work, refresh_token: str, key: str | None) -> dict[str, Any]:
    """Use a refresh token up; what is kept under an idempotency key holds no token."""
    used = repo_tokens.use(work, digest(refresh_token), "refresh")
    if used is None or not used.good:
        return {"good": False, "replayed": used is not None and used.replayed, "tenant": used.tenant_id if used else 0, "user": used.user_id if used else 0}
    pair = _pair(used.tenant_id, used.user_id, used.family, work.now, key)
    _keep(work, used.tenant_id, used.user_id, used.family, pair)
    told = {"good": True, "tenant": used.tenant_id, "user": used.user_id, "family": used.family, "at": work.now.isoformat()}
    return told | ({} if key else {"pair": pair})


def _keep(work: Work, tenant_id: int, user_id: int, family: str, pair: Pair) -> None:
    expires = work.now + timedelta(seconds=limits.REFRESH_TOKEN_LIFE)
    repo_tokens.add(work, user_id, "refresh", family, digest(pair.refresh_token), expires, tenant_id=tenant_id)


def _told(tenant_id: int, user_id: int, answer: dict[str, Any], key: str | None) -> Pair:
    """Return the pair an answer speaks of: as it was made just now, or made again from what is kept."""
    made: Pair = answer.get("pair") or _pair(tenant_id, user_id, answer["family"], datetime.fromisoformat(answer["at"]), key)
    return made


def _pair(tenant_id: int, user_id: int, family: str, at: datetime, key: str | None) -> Pair:
    """Make a pair; under an idempotency key the refresh token follows from it and our own secret, so that it need not be stored."""
    if not key:
        return Pair(_access(tenant_id, user_id, family, at), new_token(), limits.ACCESS_TOKEN_LIFE)
    mark = hmac.new(settings().secret_key().encode(), f"refresh {family} {key}".encode(), hashlib.sha256).digest()
    return Pair(_access(tenant_id, user_id, family, at), base64.urlsafe_b64encode(mark).decode().rstrip("="), limits.ACCESS_TOKEN_LIFE)


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


def _access(tenant_id: int, user_id: int, family: str, at: datetime) -> str:
    claims = {"iss": _ISSUER, "sub": str(user_id), "tid": tenant_id, "fam": family, "iat": at, "exp": at + timedelta(seconds=limits.ACCESS_TOKEN_LIFE)}
    return jwt.encode(claims, settings().secret_key(), algorithm=_ALGORITHM)
