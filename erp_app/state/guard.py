"""The door of every screen event: who sends it, is the tab theirs, and do they hold the right its handler declares.

Every event handler of every State is reachable by anybody with a socket, whatever a page shows. So nothing runs here unless it
is declared: `@requires("sales-orders", "edit")`, `@requires(OWN_RESOURCE, "view")` (the State class names `permission_resource`),
`@for_any_user("…")` or `@public("…")` on the handler. Identity is looked up for each event; `actor()` and `identity()` return it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import reflex as rx
import structlog
from reflex.middleware.middleware import Middleware
from reflex.state import StateUpdate
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.registry import RegisteredEventHandler, RegistrationContext

from erp_app.i18n import refusals as said
from erp_app.iam import page_access, refusals, sessions, throttle
from erp_app.iam.address import client_address
from erp_app.iam.declaration import OWN_RESOURCE, Rule, for_any_user, public, requires, rule_of
from erp_app.iam.identity import Identity
from erp_app.kernel import limits
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.config import settings
from erp_app.kernel.errors import ErpError, Forbidden, Unauthorized
from erp_app.kernel.ids import new_key

__all__ = [
    "FRAMEWORK", "OWN_RESOURCE", "PAGE_RESOURCE", "Guard", "actor", "actor_now", "for_any_user", "identity", "page_resource", "public",
    "requires", "verdict",
]

# What Reflex itself sends: loading a page, and reporting a browser's error. They touch this tab's state only. Never `setvar`.
FRAMEWORK = frozenset({
    "hydrate", "hydrate_and_load", "set_is_hydrated", "on_load_internal", "update_vars_internal", "handle_frontend_exception",
})
PAGE_RESOURCE = "{page}"
_TO_LOGIN = "sessionStorage.removeItem('token');location.assign('/login?next='+encodeURIComponent(location.pathname))"
_START_ANEW = "sessionStorage.clear();location.reload()"
_RELOAD_HOME = "location.assign('/')"

_current: ContextVar[Identity | None] = ContextVar("satu_identity", default=None)
_page: ContextVar[str] = ContextVar("satu_page", default="/")


class TabState(rx.State):
    """Whose tab this is: the session that used it first. Kept with the state it protects, and never sent to the browser."""

    _session: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why an event is not let in, and what the browser is told to do."""

    reason: str
    answer: Any
    audited: bool = True


def identity() -> Identity:
    """Return who sent the event that is being handled.

    Raises:
        Unauthorized: ERP-1300 outside an event of somebody logged in.
    """
    found = _current.get()
    if found is None:
        raise Unauthorized("ERP-1300", "Nobody is logged in. Log in again.")
    return found


def actor() -> Actor:
    """Return the actor of the event that is being handled, for services.

    Raises:
        Unauthorized: ERP-1300 outside an event of somebody logged in.
    """
    return identity().actor


async def actor_now(resource: str = "", action: str = "") -> Actor:
    """Look the sender up again, for background handlers: they run on after the check at the door, when the right may be gone.

    Raises:
        Unauthorized: ERP-1300 when the session has ended meanwhile. Forbidden: ERP-1301 when the right is gone.
    """
    found = await asyncio.to_thread(_look_up, EventContext.get().router_data or {})
    _current.set(found)
    now = actor()
    if resource and not may(now, resource, action):
        raise Forbidden("ERP-1301", f"You may not {action.replace('_', ' ')} {resource}. Ask an administrator for the right.")
    return now


def page_resource() -> str:
    """Return the first part of the path of the page the event being handled came from: the resource `{page}` stood for at the door.

    A handler that declared `{page}` works on this type and no other: the browser writes the path in more than one place.
    """
    return _page.get().strip("/").partition("/")[0]


def verdict(registered: RegisteredEventHandler, who: Identity | None, path: str = "/") -> Refusal | None:
    """Return why somebody may not send this event, or None when it may run. Nothing is declared: nobody may."""
    rule = rule_of(registered.handler.fn)
    if rule is not None and rule.kind == "public":
        return None
    if who is None:
        return Refusal("nobody is logged in", rx.call_script(_TO_LOGIN))
    if _is_framework(registered):
        return _page_verdict(registered, who, path)
    if rule is None:
        return Refusal("the handler declares no permission", _say(who, "This is not allowed.", "Tindakan ini tidak diizinkan."))
    resource = resource_of(rule, registered.states[0], path)
    if rule.kind == "any_user" or _holds(who.actor, rule, resource):
        return None
    return Refusal(f"needs {rule.action} on {resource}", _say(
        who, f"You may not {rule.action.replace('_', ' ')} {resource.replace('-', ' ')}. Ask an administrator for the right.",
        f"Anda tidak berhak ({rule.action} {resource}). Mintalah hak itu kepada administrator.",
    ))


def _page_verdict(registered: RegisteredEventHandler, who: Identity, path: str) -> Refusal | None:
    """A page that is not open to somebody does not load: the browser goes home."""
    if registered.handler.fn.__name__ == "on_load_internal" and not page_access.may_open(who.actor.pages, path):
        return Refusal(f"may not open {path}", rx.call_script(_RELOAD_HOME))
    return None


def resource_of(rule: Rule, state: type, path: str = "/") -> str:
    """Return the resource a handler's rule speaks of; empty when the State class should name one and does not.

    A State of generated screens names `{page}`: the type, or the report, whose page the event comes from
    (its handlers read the same path).
    """
    named = getattr(state, "permission_resource", "") if rule.resource == OWN_RESOURCE else rule.resource
    if not isinstance(named, str):
        raise TypeError(f"{state.__name__}.permission_resource must be annotated as ClassVar[str]: as a var it would belong to the browser")
    if named != PAGE_RESOURCE:
        return named
    first, _, rest = path.strip("/").partition("/")
    return f"report-{rest.partition('/')[0]}" if first == "reports" else first


class Guard(Middleware):
    """Asks `verdict` before every handler body, in the foreground and in the background, for chained and on_load events too."""

    async def preprocess(self, app: Any, state: Any, event: Event) -> StateUpdate | None:  # noqa: ARG002 - Reflex's signature
        """Let the event in (None) or answer it without running anything.

        Returns:
            An update that tells the browser what happened, when the event is refused.
        """
        router_data: Mapping[str, Any] = EventContext.get().router_data or {}
        registered = RegistrationContext.get().event_handlers[event.name]
        _current.set(None)
        try:
            who, wait = await asyncio.to_thread(_enter, router_data)
        except ErpError as error:
            return _answer(rx.toast.error(said.detail(error.code, error.detail, _browser_language(router_data))))
        _page.set(_path(router_data))
        refusal = verdict(registered, who, _page.get())
        if refusal is None and who is not None:
            refusal = await _someone_elses_tab(state, who) or (_too_fast(who, wait) if wait else None)
        if refusal is not None:
            reason = refusal.reason if refusal.audited else ""
            await asyncio.to_thread(refusals.record, who, "event", event.name, reason, _address(router_data))
            return _answer(refusal.answer)
        _current.set(who)
        return None


async def _someone_elses_tab(state: Any, who: Identity) -> Refusal | None:
    """A tab's state belongs to the session that used it first: the browser chooses the tab's token, so it proves nothing."""
    tab = await state._get_root_state().get_state(TabState)  # noqa: SLF001 - Reflex has no public way up
    if not tab._session:  # noqa: SLF001
        tab._session = who.session_id  # noqa: SLF001
    if tab._session == who.session_id:  # noqa: SLF001
        return None
    return Refusal("the tab belongs to another session", rx.call_script(_START_ANEW))


def _too_fast(who: Identity, wait: int) -> Refusal:
    return Refusal("too many events", _say(
        who, f"Too many actions at once. Wait {wait} seconds.", f"Terlalu banyak tindakan sekaligus. Tunggu {wait} detik.",
    ), audited=False)


def _enter(router_data: Mapping[str, Any]) -> tuple[Identity | None, int]:
    """Return who is asking and how many seconds too fast; one thread hop for both questions."""
    who = _look_up(router_data)
    return who, 0 if who is None else throttle.wait_for(f"events:{who.session_id}", limits.EVENTS_PER_MINUTE)


def _look_up(router_data: Mapping[str, Any]) -> Identity | None:
    headers = router_data.get("headers") or {}
    request_id = new_key()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return sessions.load(
        sessions.token_from(str(headers.get("cookie", ""))), via="web", address=_address(router_data), request_id=request_id,
    )


def _address(router_data: Mapping[str, Any]) -> str:
    headers = router_data.get("headers") or {}
    return client_address(headers.get("asgi-scope-client"), str(headers.get("x-forwarded-for", "")), settings().trusted_proxy_hops)


def _browser_language(router_data: Mapping[str, Any]) -> str:
    """The language of whoever is not known yet: what their browser prefers."""
    headers = router_data.get("headers") or {}
    return said.asked_language(str(headers.get("accept-language", ""))) or "en"


def _path(router_data: Mapping[str, Any]) -> str:
    return str(router_data.get("asPath") or router_data.get("pathname") or "/").partition("?")[0].partition("#")[0]


def _holds(who: Actor, rule: Rule, resource: str) -> bool:
    return bool(resource) and may(who, resource, rule.action)


def _is_framework(registered: RegisteredEventHandler) -> bool:
    """Reflex's own handlers of Reflex's own states; the same names on our States are ours."""
    function = registered.handler.fn
    modules = (registered.states[0].__module__, function.__module__)
    return function.__name__ in FRAMEWORK and all(module.startswith("reflex.") for module in modules)


def _say(who: Identity, english: str, indonesian: str) -> Any:
    return rx.toast.error(indonesian if who.actor.lang == "id" else english)


def _answer(event: Any) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(event))
