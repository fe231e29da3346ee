"""A handler's way to the services: who asks, one unit of work in a thread, and a refusal as words on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import reflex as rx

from erp_app.i18n import refusals, say
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import Work, carry_out
from erp_app.state import guard

T = TypeVar("T")


async def run(call: Callable[[Work], T]) -> T:
    """Call a service in one unit of work of the asking user, in a thread, so that the event loop stays free.

    Raises:
        ErpError: what the service refuses.
    """
    return await asyncio.to_thread(carry_out, guard.actor(), call)


async def apart(call: Callable[[Actor], T]) -> T:
    """Call a service that opens its own units of work (bulk steps, previews)."""
    return await asyncio.to_thread(call, guard.actor())


def refused(error: ErpError, lang: str) -> Any:
    """Return the toast that says what was refused and what to do next."""
    return rx.toast.error(told(error, lang), description=error.code, duration=8000, close_button=True)


def told(error: ErpError, lang: str) -> str:
    """Return a refusal's sentence in the person's language."""
    return refusals.detail(error.code, error.detail, lang)


def beside(error: ErpError, lang: str) -> dict[str, str]:
    """Return a refusal's messages by field in the person's language."""
    return refusals.messages(error.code, error.errors, lang)


def done(text: str, lang: str) -> Any:
    """Return the toast for something that went well."""
    return rx.toast.success(say(text, lang), duration=2500)


def path_parts(state: rx.State) -> list[str]:
    """Return the parts of the page's path: `/sales-orders/12/edit` → `["sales-orders", "12", "edit"]`."""
    return [part for part in str(state.router.url.path).split("/") if part]


def query_of(state: rx.State) -> dict[str, str]:
    """Return the parameters of the page's address."""
    return dict(state.router.url.query_parameters)


def place_of(state: rx.State) -> str:
    """Return the page's address as the browser has it, so that a screen can tell whether what it holds is of this page."""
    url = state.router.url
    query = str(url.query)
    return (str(url.path).rstrip("/") or "/") + (f"?{query}" if query else "")
