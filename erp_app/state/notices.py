"""The bell: what concerns this person, newest first, live."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.document.values import moment_text
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import Work
from erp_app.notify import service as notify
from erp_app.state.desk import refused, run
from erp_app.state.guard import actor, for_any_user
from erp_app.state.hub import hub


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
        try:
            await run(notify.mark_read)
        except ErpError as error:
            return refused(error, actor().lang)
        return await self._read()

    async def _read(self) -> Any:
        try:
            self.items, self.unread = await run(_mine)
        except ErpError as error:
            return refused(error, actor().lang)
        return None


def _mine(work: Work) -> tuple[list[dict[str, Any]], int]:
    rows = [
        {
            "text": one["title"],
            "body": one["body"],
            "at": moment_text(one["created_at"], work.actor.tz),
            "seen": one["read"],
            "href": f"/{one['record_type']}/{one['record_id']}" if one["record_id"] and one["record_type"] else "/",
        }
        for one in notify.mine(work)
    ]
    return rows, notify.unread(work)
