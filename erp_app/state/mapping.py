"""The account mapping on screen: every event with its account, changed in place."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.accounting import mapping, repo_mapping
from erp_app.iam import page_access
from erp_app.kernel.access import may
from erp_app.kernel.errors import ErpError
from erp_app.kernel.uow import Work
from erp_app.state.desk import done, refused, run
from erp_app.state.guard import actor, requires
from erp_app.state.hub import hub

page_access.declare("/account-mapping", "Account mapping", "Accounting", "account-mapping")


class Mapping(rx.State):
    """What the page shows; the service checks every right again."""

    rows: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    editable: bool = False
    ready: bool = False

    @rx.event
    @requires("account-mapping", "view")
    async def open(self) -> Any:
        """Follow changes, then show the mapping."""
        await hub.join(self, "doc:account-mapping", "doc:accounts")
        return await self._read()

    @rx.event
    @requires("account-mapping", "view")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    @rx.event
    @requires("account-mapping", "edit")
    async def choose(self, event: str, item_kind: str, place_kind: str, account: str) -> Any:
        """Let an event go to another account."""
        lang = actor().lang
        try:
            await run(lambda work: mapping.change(work, str(event), str(item_kind), str(place_kind), str(account)))
        except ErpError as error:
            await self._read()
            return refused(error, lang)
        await self._read()
        return done("Saved", lang)

    async def _read(self) -> Any:
        try:
            self.rows, self.accounts = await run(_view)
        except ErpError as error:
            return refused(error, actor().lang)
        self.editable, self.ready = may(actor(), "account-mapping", "edit"), True
        return None


def _view(work: Work) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = [{"id": place, **{name: one[name] for name in ("event", "label", "item_kind", "place_kind", "account", "name", "type")}}
            for place, one in enumerate(mapping.listed(work))]
    return rows, repo_mapping.accounts(work)
