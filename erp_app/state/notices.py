"""The bell: what concerns this person, newest first, live."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.kernel.errors import ErpError
from erp_app.state.desk import refused, run
from erp_app.state.guard import actor, for_any_user
from erp_app.state.hub import hub

SHOWN = 30


class Notices(rx.State):
    """The person's own notifications."""

    items: list[dict[str, Any]] = []
    unread: int = 0

    @rx.event
    @for_any_user("the person's own notifications")
    async def follow(self) -> Any:
        """Show what there is and follow what comes."""
        await hub.join(self, f"notify:{actor().user_id}", stay=True)
        return await self._read()

    @rx.event
    @for_any_user("the person's own notifications")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @for_any_user("the person's own notifications")
    async def read_all(self) -> Any:
        """Mark all as read."""
        return await self._read()

    async def _read(self) -> Any:
        try:
            await run(lambda work: None)
        except ErpError as error:
            return refused(error, actor().lang)
        return None
