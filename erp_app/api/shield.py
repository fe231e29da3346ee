"""What every request passes first: who is not logged in sees no page, foreign sites reach nothing, and nothing is too big.

Pure ASGI, outermost (`rx.App(api_transformer=[fastapi_app, Shield])`), so that it also covers compiled pages, mounts and sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import HTTPException
from starlette.requests import Request

from erp_app.api import browser
from erp_app.iam import page_access, sessions
from erp_app.iam.address import client_address, is_loopback
from erp_app.iam.identity import Identity
from erp_app.kernel import limits
from erp_app.kernel.access import may
from erp_app.kernel.config import settings
from erp_app.kernel.errors import ErpError
from erp_app.kernel.ids import new_key

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

IDENTITY = "satu.identity"  # where the scope carries who is logged in, for whatever is mounted behind the shield
ADDRESS = "satu.address"
REQUEST_ID = "satu.request_id"

_SAFE = ("GET", "HEAD", "OPTIONS")
_FILES = (".js", ".css", ".map", ".png", ".svg", ".ico", ".jpg", ".jpeg", ".webp", ".woff", ".woff2", ".ttf", ".webmanifest", ".wasm")
_OPEN = ("/login", "/logout", "/welcome", "/ping", "/_health", "/healthz", "/readyz", "/robots.txt", "/metrics")  # each checks what it must itself
_OPEN_BELOW = ("/api/", "/_event")  # every endpoint and every event has its own guard, which refuses by default
_SHUT = ("/_upload", "/auth-codespace", "/_all_routes")  # Reflex's own routes that bypass our rules
_NEEDS = {"/admin": ("operations", "view")}
_PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_UPLOADS = ("/attachments", "/import", "/logo")
TOO_BIG = "This is more than is taken in one request."


class Shield:
    """ASGI middleware. A request that is refused here reaches nothing behind it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        request_id = new_key()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        scope[REQUEST_ID] = request_id
        scope[ADDRESS] = client_address((scope.get("client") or ("-",))[0], headers.get("x-forwarded-for", ""), settings().trusted_proxy_hops)
        if _rebound(headers):
            await browser.plain(send, 421, "The demo answers on this machine only.") if scope["type"] == "http" else await _hang_up(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, headers, receive, send)
        else:
            await self._request(scope, headers, receive, _with_headers(send, scope, headers, request_id))

    async def _socket(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """A browser always names its origin on a socket; a program need not, and has no cookie of a victim."""
        if _foreign(headers):
            await _hang_up(receive, send)
            return
        await self.app(scope, receive, send)

    async def _request(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        path, method = str(scope["path"]), str(scope["method"])
        if _foreign(headers) if method not in _SAFE else _reads_from_elsewhere(headers):
            await browser.refuse(send, path, 403, "ERP-1416", "This request came from another site and was refused.")
        elif _within(path, _SHUT):
            await browser.plain(send, 404, "There is nothing here.")
        elif _too_big(headers, path):
            await _drain(receive)
            await browser.refuse(send, path, 413, "ERP-1413", TOO_BIG)
        elif _is_open(path, method):
            await self.app(scope, _limited(receive, _limit(path)), send)
        else:
            await self._page(scope, headers, _limited(receive, _limit(path)), send)

    async def _page(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """Pages and mounts: only for whoever is logged in and may open them."""
        path = str(scope["path"])
        try:
            who = await asyncio.to_thread(
                sessions.load, sessions.token_from(headers.get("cookie", "")), address=scope[ADDRESS], request_id=scope[REQUEST_ID],
            )
        except ErpError as error:
            await browser.sorry(send, error.status, error.detail)
            return
        if who is None:
            await browser.redirect(send, f"/login?next={quote(path, safe='')}")
        elif not _may_enter(who, path):
            await browser.sorry(send, 403, "You may not open this page. Ask an administrator for the right.", lang=who.actor.lang)
        else:
            scope[IDENTITY] = who
            await self.app(scope, receive, send)


def is_direct(request: Request) -> bool:
    """Tell whether no proxy stands between us and the client (one on this machine would make everybody seem to be local)."""
    return not any(name in request.headers for name in _PROXIED)


def _may_enter(who: Identity, path: str) -> bool:
    for prefix, (resource, action) in _NEEDS.items():
        if _within(path, (prefix,)):
            return may(who.actor, resource, action)
    return page_access.may_open(who.actor.pages, path.removesuffix("/index.html").removesuffix(".html") or "/")


def _is_open(path: str, method: str) -> bool:
    if path in _OPEN or path.startswith(_OPEN_BELOW):
        return True
    # Compiled scripts, styles and pictures hold no business data, and the login page needs some of them.
    return method in _SAFE and path.lower().endswith(_FILES) and not path.startswith("/admin")


async def _hang_up(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4403, "reason": "foreign origin"})


def _rebound(headers: dict[str, str]) -> bool:
    """Tell whether a foreign name leads to the demo on this machine (DNS rebinding): everybody knows the demo's passwords."""
    if not settings().demo or not is_loopback(settings().host) or any(name in headers for name in _PROXIED):
        return False
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "") not in _LOCAL_NAMES
    except ValueError:
        return True


def _foreign(headers: dict[str, str]) -> bool:
    """Tell whether a browser says that another site sent this."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    if settings().cookie_secure and parts.scheme != "https":
        return True
    return parts.scheme not in ("http", "https") or parts.netloc.lower() != headers.get("host", "").lower()


def _reads_from_elsewhere(headers: dict[str, str]) -> bool:
    """Tell whether a script of another site reads. Following a link from there names no origin and is welcome."""
    return "origin" in headers and _foreign(headers)


def _within(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in prefixes)


def _limit(path: str) -> int:
    return limits.UPLOAD if any(one in path for one in _UPLOADS) else limits.BODY


def _too_big(headers: dict[str, str], path: str) -> bool:
    length = headers.get("content-length", "0")
    return not length.isdigit() or int(length) > _limit(path)


def _limited(receive: Receive, limit: int) -> Receive:
    """Count what really comes: a length in the header is only a promise, and chunked bodies have none."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, TOO_BIG)
        return message

    return counted


async def _drain(receive: Receive) -> None:
    """Take what is being sent, within reason: who is still writing would not read why it was refused."""
    taken, more = 0, True
    while more and taken < limits.UPLOAD:
        message = await receive()
        taken += len(message.get("body", b""))
        more = message["type"] == "http.request" and bool(message.get("more_body"))


def _with_headers(send: Send, scope: Scope, headers: dict[str, str], request_id: str) -> Send:
    page = not _is_open(str(scope["path"]), str(scope["method"])) or str(scope["path"]) in _OPEN
    extra = browser.security_headers(headers.get("host", ""), request_id, no_store=page or str(scope["path"]).startswith("/api/"))

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in extra}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
            message = {**message, "headers": [*kept, *extra]}
        await send(message)

    return with_headers
