"""A person's own account: the password, and where one is logged in."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.iam import page_access, sessions, users
from erp_app.kernel.errors import ErpError, Invalid
from erp_app.state.desk import beside, done, refused, run, told
from erp_app.state.guard import actor, for_any_user
from erp_app.state.hub import hub

page_access.declare("/account", "My account")


class Account(rx.State):
    """What the page of the own account shows. No password is ever kept in it."""

    logins: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    message: str = ""
    changed: int = 0  # counts up with each change, so that the form empties itself

    @rx.event
    @for_any_user("the person's own sessions")
    async def open(self) -> Any:
        """Show where the person is logged in."""
        await hub.join(self, f"user:{actor().user_id}", refresh="refresh")
        self.errors, self.message = {}, ""
        return await self._read()

    @rx.event
    @for_any_user("the person's own sessions")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @for_any_user("the person's own password, with the old one; throttled like a login")
    async def change(self, form: dict[str, Any]) -> Any:
        """Change the password: the old one, the new one, and the new one again."""
        lang = actor().lang
        old, new, again = (str(form.get(name, ""))[:1000] for name in ("old_password", "new_password", "again"))
        self.errors, self.message = {}, ""
        try:
            if new != again:
                raise Invalid("ERP-1329", "The two passwords are not the same.", errors={"again": "are not the same"})
            await run(lambda work: users.change_password(work, old, new))
        except ErpError as error:
            self.errors, self.message = beside(error, lang), f"{told(error, lang)} ({error.code})"
            return None
        self.changed += 1
        await self._read()
        return done("Your password is changed. All your other logins have ended.", lang)

    @rx.event
    @for_any_user("the person's own sessions")
    async def end(self, _user_id: int, session_id: int) -> Any:
        """End one of the person's other sessions."""
        if not isinstance(session_id, int):
            return None
        await run(lambda work: sessions.end_mine(work, session_id))
        return await self._read()

    @rx.event
    @for_any_user("the person's own sessions")
    async def end_others(self) -> Any:
        """Log the person out everywhere else."""
        await run(sessions.end_others)
        await self._read()
        return done("You are logged in here only.", actor().lang)

    async def _read(self) -> Any:
        try:
            found = await run(sessions.mine)
        except ErpError as error:
            return refused(error, actor().lang)
        self.logins = [
            {"username": actor().username, **one, "created_at": one["created_at"].isoformat(), "seen_at": one["seen_at"].isoformat()} for one in found
        ]
        return None
