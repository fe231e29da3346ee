"""Who calls an endpoint, and may they: refused by default, by the same declarations as the screens' handlers.

`FastAPI(dependencies=[Depends(gate)])` makes the gate stand before every route; an endpoint without `@requires`, `@for_any_user`
or `@public` is refused to everybody. Programs send a Bearer token; the browser's own session serves downloads.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, Field

from erp_app.api.keyed import Key, keyed, veiled
from erp_app.api.shield import ADDRESS, REQUEST_ID, is_direct
from erp_app.api.throttle import check_rate
from erp_app.iam import login, refusals, sessions, tokens, users
from erp_app.iam.declaration import Rule, for_any_user, public, requires, rule_of
from erp_app.iam.identity import Identity
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Forbidden, Unauthorized
from erp_app.kernel.ids import new_key
from erp_app.kernel.uow import Work

__all__ = ["Caller", "caller", "for_any_user", "gate", "public", "requires", "resource_of", "router", "who_asks"]

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

_WITH_CONTENT = ("POST", "PUT", "PATCH")
_READ = re.compile(r"application/([a-z0-9.+-]+\+)?json|multipart/form-data")
_FORMS = ("/login", "/logout", "/welcome")  # pages of plain HTML


class Login(BaseModel):
    """Username and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class Refresh(BaseModel):
    """A refresh token."""

    refresh_token: str = Field(max_length=200)


class Password(BaseModel):
    """The old password and the new one."""

    old_password: str = Field(max_length=1000)
    new_password: str = Field(max_length=1000)


class Tokens(BaseModel):
    """A pair of tokens; `expires_in` are seconds of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "bearer"  # noqa: S105 - a kind of token, not a token


def gate(request: Request) -> None:
    """Stand before every endpoint.

    Raises:
        Unauthorized: ERP-1300 when nobody is logged in. Forbidden: ERP-1301 without the right, ERP-1302 when nothing is declared.
        Throttled: ERP-1314 beyond the user's requests a minute.
    """
    route = request.scope.get("route")
    endpoint = getattr(route, "endpoint", None)
    rule = rule_of(endpoint)
    if rule is not None and rule.kind == "public":
        _readable(request)
        return
    who = who_asks(request)
    if who is None:
        _refuse(request, None, "nobody is logged in")
        raise Unauthorized("ERP-1300", "Nobody is logged in. Send a valid access token (POST /api/v1/auth/token).")
    request.state.identity = who
    check_rate(who)
    _readable(request)
    if rule is None:
        _refuse(request, who, "the endpoint declares no permission")
        raise Forbidden("ERP-1302", "This is not allowed to anybody.")
    if rule.kind == "right" and not may(who.actor, resource := resource_of(rule, request.path_params), rule.action):
        _refuse(request, who, f"needs {rule.action} on {resource}")
        raise Forbidden("ERP-1301", f"You may not {rule.action.replace('_', ' ')} {resource}. Ask an administrator for the right.")


def _readable(request: Request) -> None:
    """Refuse content that is neither JSON nor a form with files: nothing of ours reads it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.url.path not in _FORMS and request.method in _WITH_CONTENT and _has_content(request) and not _READ.fullmatch(kind):
        raise HTTPException(415, f"Send application/json, not {kind[:60] or 'content without a type'}.")


def _has_content(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def caller(request: Request) -> Actor:
    """Return the actor of a request that has passed the gate.

    Raises:
        Unauthorized: ERP-1300 on a public endpoint that nobody logged in calls.
    """
    who = getattr(request.state, "identity", None) or who_asks(request)
    if who is None:
        raise Unauthorized("ERP-1300", "Nobody is logged in. Send a valid access token (POST /api/v1/auth/token).")
    request.state.identity = who
    return who.actor


Caller = Annotated[Actor, Depends(caller)]


def resource_of(rule: Rule, path_params: dict[str, Any]) -> str:
    """Return the resource a rule speaks of; `{name}` comes from the path."""
    found = rule.resource
    for name, value in path_params.items():
        found = found.replace(f"{{{name}}}", str(value))
    return found


def who_asks(request: Request) -> Identity | None:
    """Return who sends a request: by Bearer token, or else by the browser's session."""
    address, request_id = str(request.scope.get(ADDRESS, "-")), str(request.scope.get(REQUEST_ID) or new_key())
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return tokens.load(token.strip(), address=address, request_id=request_id) if scheme.lower() == "bearer" else None
    return sessions.load(sessions.token_from(request.headers.get("cookie", "")), via="web", address=address, request_id=request_id)


@router.post("/token")
@public("takes username and password; throttled by account and address")
def token(body: Login, request: Request, key: Key = None) -> Tokens:
    """Log a program in."""
    address = str(request.scope.get(ADDRESS, "-"))
    person = login.check(body.username, body.password, address=address, via="api", direct=is_direct(request))
    return _tokens(tokens.issue(person, address=address, key=key, asked=veiled(body.model_dump())))


@router.post("/refresh")
@public("takes a refresh token, once")
def refresh(body: Refresh, key: Key = None) -> Tokens:
    """Exchange a refresh token for a new pair; a token that was used before revokes its whole login."""
    return _tokens(tokens.renew(body.refresh_token, key))


@router.post("/revoke", status_code=204)
@public("whoever has the refresh token may throw it away")
def revoke(body: Refresh, key: Key = None) -> Response:
    """End the login a refresh token belongs to, access tokens included."""
    tokens.revoke(body.refresh_token, key)
    return Response(status_code=204)


@router.post("/password", status_code=204)
@for_any_user("the person's own password, with the old one; throttled like a login")
def password(body: Password, request: Request, actor: Caller, key: Key = None) -> Response:
    """Change one's own password. All other sessions and all API logins end."""

    def change(work: Work) -> dict[str, Any]:
        users.change_password(work, body.old_password, body.new_password)
        return {}

    keyed(actor, request, key, veiled(body.model_dump()), change)
    return Response(status_code=204)


def _tokens(pair: tokens.Pair) -> Tokens:
    return Tokens(access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in)


def _refuse(request: Request, who: Identity | None, reason: str) -> None:
    refusals.record(who, "request", f"{request.method} {request.url.path}", reason, str(request.scope.get(ADDRESS, "-")))
