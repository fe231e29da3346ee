"""Idempotency keys of requests: the same key with the same content has one effect and one answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header, Request

from erp_app.kernel.actor import Actor
from erp_app.kernel.config import settings
from erp_app.kernel.idempotency import once
from erp_app.kernel.uow import Work, carry_out

Key = Annotated[str | None, Header(alias="Idempotency-Key", description="The same key with the same content has one effect and one answer")]


def keyed(actor: Actor, request: Request, key: str | None, content: Any, effect: Callable[[Work], dict[str, Any]]) -> dict[str, Any]:
    """Run an effect in its unit of work, once for an idempotency key."""
    asked = {"method": request.method, "path": request.url.path, "content": content}
    return carry_out(actor, lambda work: once(work, key, asked, lambda: effect(work)))


def veiled(content: Any) -> str:
    """Return what stands for content with secrets in it: equal for equal content, and of no use to whoever guesses without our key."""
    return hmac.new(settings().secret_key().encode(), json.dumps(content, sort_keys=True).encode(), hashlib.sha256).hexdigest()
