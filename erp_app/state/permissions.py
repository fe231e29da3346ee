"""Rights and page access: what each role may do, which pages it opens, why somebody may or may not, and who is logged in."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.iam import explain, matrix, page_access, service, sessions
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import Work
from erp_app.state.desk import done, refused, run
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub

page_access.declare("/permissions", "Rights and page access", "Administration", "permissions")
_ACCESS = {"open": True, "closed": False, "": None}


class Permissions(rx.State):
    """What the page of one role shows; the services check every right again."""

    roles: list[dict[str, Any]] = []
    role: str = ""
    locked: bool = False
    note: str = ""
    tab: str = "rights"
    rights: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    answer: dict[str, Any] = {}
    logins: list[dict[str, Any]] = []

    @rx.event
    @requires("permissions", "view")
    async def open(self) -> Any:
        """Follow changes, then show the first role that can be changed."""
        await hub.join(self, "doc:permissions", "doc:roles", "doc:users")
        self.tab, self.answer = "rights", {}
        return await self._read()

    @rx.event
    @requires("permissions", "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @requires("permissions", "view")
    async def choose(self, role: str) -> Any:
        """Show another role."""
        self.role = str(role)
        return await self._read()

    @rx.event
    @requires("permissions", "view")
    async def show(self, tab: str) -> Any:
        """Show another part of the page."""
        self.tab = str(tab)
        return await self._read()

    @rx.event
    @requires("permissions", "edit")
    async def allow(self, resource: str, action: str, scope: str) -> Any:
        """Give the role a scope for an action."""
        role = self.role
        return await self._change(lambda work: matrix.put_right(work, role, str(resource), str(action), str(scope)))

    @rx.event
    @requires("permissions", "edit")
    async def unlock(self, path: str, access: str) -> Any:
        """Open or close a page for the role, or let its rights decide."""
        role = self.role
        return await self._change(lambda work: matrix.put_page(work, role, str(path), _ACCESS.get(str(access))))

    @rx.event
    @requires("permissions", "view")
    async def ask(self, username: str, resource: str, action: str) -> Any:
        """Explain why a user may or may not do something."""
        try:
            self.answer = await run(lambda work: explain.explain(work, str(username), str(resource), str(action)))
        except ErpError as error:
            return refused(error, actor().lang)
        return None

    @rx.event
    @requires("sessions", "cancel")
    async def throw_out(self, user_id: int, session_id: int) -> Any:
        """End somebody's browser session."""
        if not isinstance(user_id, int) or not isinstance(session_id, int):
            return None
        return await self._change(lambda work: service.end_sessions_of(work, user_id, session_id))

    async def _change(self, call: Any) -> Any:
        lang = actor().lang
        try:
            await run(call)
            await self._read()
        except ErpError as error:
            await self._read()
            return refused(error, lang)
        return done("Saved", lang)

    async def _read(self) -> Any:
        role, tab = self.role, self.tab
        try:
            found = await run(lambda work: _view(work, role, tab))
        except ErpError as error:
            return refused(error, actor().lang)
        for name, value in found.items():
            setattr(self, name, value)
        return None


def _view(work: Work, wanted: str, tab: str) -> dict[str, Any]:
    """Return the vars of the page for one role and one tab."""
    roles = matrix.roles(work)
    codes = [one["code"] for one in roles]
    role = wanted if wanted in codes else next((one["code"] for one in roles if not one["locked"]), codes[0])
    shown = next(one for one in roles if one["code"] == role)
    found: dict[str, Any] = {"roles": roles, "role": role, "locked": shown["locked"], "note": shown["note"], "rights": matrix.rights(work, role)}
    if tab == "pages":
        found["pages"] = matrix.pages(work, role)
    if tab == "why":
        found["people"] = matrix.people(work)
    if tab == "logins":
        found["logins"] = [
            one | {"created_at": one["created_at"].isoformat(), "seen_at": one["seen_at"].isoformat()} for one in sessions.everybodys(work)
        ]
    return found
