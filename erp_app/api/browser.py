"""What browsers are told besides the content: security headers, redirects, and plain words when something is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http import HTTPStatus
from typing import Any

from erp_app.kernel.config import settings

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# Reflex evaluates scripts it is sent (toasts, call_script), hence unsafe-inline and unsafe-eval; everything else is shut.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " font-src 'self' data:; connect-src 'self'{sockets}; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
_SORRY = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Satu ERP</title><style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;display:grid;place-content:center;
min-height:100vh;margin:0;padding:1rem;text-align:center}}a{{color:inherit}}</style><p role="alert">{text}</p><p><a href="/">{home}</a></p>"""


def security_headers(host: str, request_id: str, *, no_store: bool) -> Headers:
    """Return the headers every answer carries."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    found = [
        (b"content-security-policy", _POLICY.format(sockets=sockets).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=()"),
        (b"x-request-id", request_id.encode()),
    ]
    if no_store:
        found.append((b"cache-control", b"no-store"))
    if settings().cookie_secure:
        found.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return found


async def plain(send: Send, status: int, text: str) -> None:
    """Answer with a line of text."""
    await _answer(send, status, text.encode(), [(b"content-type", b"text/plain; charset=utf-8")])


async def refuse(send: Send, path: str, status: int, code: str, text: str) -> None:
    """Answer a refusal: to programs as a problem (RFC 9457), to browsers as a line of text."""
    if not path.startswith("/api/"):
        await plain(send, status, text)
        return
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": text}
    await _answer(send, status, json.dumps(body).encode(), [(b"content-type", b"application/problem+json")])


async def sorry(send: Send, status: int, text: str, lang: str = "en") -> None:
    """Answer with a small page that leads home."""
    body = _SORRY.format(lang=lang, text=escape(text), home="Ke beranda" if lang == "id" else "Home")
    await _answer(send, status, body.encode(), [(b"content-type", b"text/html; charset=utf-8")])


async def redirect(send: Send, location: str) -> None:
    """Send the browser elsewhere."""
    await _answer(send, 302, b"", [(b"location", location.encode("ascii"))])


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
