"""What every screen shows of the person at it: name, company, language, density, open pages, notifications."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.iam import service as iam
from erp_app.iam.identity import Identity
from erp_app.iam.page_access import every, may_open
from erp_app.kernel.errors import ErpError
from erp_app.state.desk import refused, run
from erp_app.state.guard import for_any_user, identity
from erp_app.state.hub import hub
from erp_app.state.topics import PULSE


class Session(rx.State):
    """The shell's memory; all of it is shown, none of it is trusted (the guard looks the session up for every event)."""

    name: str = ""
    username: str = ""
    company: str = ""
    roles: str = ""
    lang: str = "en"
    tz: str = "Asia/Jakarta"
    density: str = "comfortable"
    open_pages: list[str] = []
    ready: bool = False
    pulse: str = ""  # moment of the company's last change, or `paused`; pushed by the hub, never stored

    @rx.event
    @for_any_user("shows the person's own name, language and menu")
    async def start(self) -> Any:
        """Take over who is logged in; the first thing every page does."""
        who = identity()
        await hub.join(self, f"user:{who.actor.user_id}", refresh="start", stay=True)
        await hub.join(self, PULSE, refresh="start", var="pulse", stay=True)
        return self._take(who)

    def _take(self, who: Identity) -> Any:
        first = not self.ready
        self.name, self.username, self.company = who.full_name, who.actor.username, who.company
        self.roles = ", ".join(sorted(who.actor.roles))
        self.lang, self.tz, self.density = who.actor.lang, who.actor.tz, who.density
        paths = ["/", *(one.path for one in every())]
        self.open_pages = [path for path in paths if may_open(who.actor.pages, path)]
        self.ready = True
        if first and who.theme != "system":
            return rx.call_script(
                f"if (localStorage.getItem('theme') !== '{who.theme}') {{ localStorage.setItem('theme', '{who.theme}'); location.reload(); }}"
            )
        return None

    @rx.event
    @for_any_user("the person's own language")
    async def speak(self, lang: str) -> Any:
        """Switch the language of the screens, at once and for the next login."""
        return await self._prefer(lang=str(lang))

    @rx.event
    @for_any_user("the person's own density")
    async def pack(self, density: str) -> Any:
        """Switch between roomy and compact rows."""
        return await self._prefer(density=str(density))

    @rx.event
    @for_any_user("the person's own theme")
    async def paint(self, theme: str) -> Any:
        """Remember light or dark for the next login (the browser has switched already)."""
        return await self._prefer(theme=str(theme))

    async def _prefer(self, **chosen: str) -> Any:
        try:
            await run(lambda work: iam.prefer(work, **chosen))
        except ErpError as error:
            return refused(error, self.lang)
        self.lang = chosen.get("lang", self.lang)
        self.density = chosen.get("density", self.density)
        return None
