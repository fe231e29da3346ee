"""The home page: tiles and charts of what this person may see; each leads to the rows that make it; live."""

from __future__ import annotations

from typing import Any

import reflex as rx

from erp_app.document.values import moment_text
from erp_app.kernel import clock
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError
from erp_app.kernel.money import quantity_text
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import dashboard, operations
from erp_app.state.desk import apart, refused
from erp_app.state.guard import actor, for_any_user
from erp_app.state.hub import hub

_BOOKS = (
    ("stock", "Stock value", "/reports/stock", 1),
    ("ar", "Receivables", "/sales-invoices?state=posted,part_paid,overdue", 1),
    ("ap", "Payables", "/supplier-bills?state=posted,part_paid", -1),
    ("grni", "Received, not billed", "/goods-receipts?state=posted", -1),
)
_STATES = ("draft", "credit_hold", "confirmed", "partly_delivered", "delivered", "billed")


class Home(rx.State):
    """What the dashboard shows."""

    tiles: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    short: list[dict[str, Any]] = []
    as_of: str = ""
    ready: bool = False

    @rx.event
    @for_any_user("every figure is checked by itself against the right to see the rows it is made of")
    async def open(self) -> Any:
        """Follow what happens, then show the figures."""
        await hub.join(self, "dash")
        for topic in ("stock", "ledger", "doc:sales-orders", "queue"):
            await hub.join(self, topic)
        return await self._read()

    @rx.event
    @for_any_user("every figure is checked by itself against the right to see the rows it is made of")
    async def refresh(self) -> Any:
        """Read again (live)."""
        return await self._read()

    async def _read(self) -> Any:
        try:
            found = await apart(_figures)
        except ErpError as error:
            return refused(error, actor().lang)
        for name, value in found.items():
            setattr(self, name, value)
        self.ready = True
        return None


def _figures(who: Actor) -> dict[str, Any]:
    with unit_of_work(who) as work:
        found = dashboard.figures(work)
    tiles = _tiles(found)
    if may(who, "cost-queues", "view"):
        queue = operations.waiting(who)
        late = queue["hpp_queue"]["pending"] + queue["stock_fix_queue"]["pending"]
        tone = "bad" if queue["hpp_queue"]["failed"] else ""
        tiles.append({"label": "Costs to recompute", "kind": "integer", "value": str(late), "href": "/cost-queues", "tone": tone})
    orders = {row["state"]: row for row in found.get("orders", [])}
    return {
        "tiles": tiles,
        "days": _days(found),
        "places": found.get("places", []),
        "orders": [{"name": one.replace("_", " ").capitalize(), "state": one, "count": orders[one]["count"] if one in orders else 0} for one in _STATES]
        if orders
        else [],
        "waiting": [{**one, "effective_at": moment_text(one["effective_at"], who.tz) if one["effective_at"] else ""} for one in found["waiting"]],
        "short": [
            {"id": one["id"], "code": one["code"], "name": one["name"], "on_hand": quantity_text(one["on_hand"]), "minimum": quantity_text(one["minimum"])}
            for one in found.get("short", [])
        ],
        "as_of": clock.now().isoformat(),
    }


def _days(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the days of the chart; none when nothing was sold in all of them."""
    days = found.get("days", [])
    return [{**one, "label": one["date"][8:]} for one in days] if any(one["sales"] for one in days) else []


def _tiles(found: dict[str, Any]) -> list[dict[str, Any]]:
    tiles: list[dict[str, Any]] = []
    books = found.get("books", {})
    tiles += [
        {"label": label, "kind": "money", "value": str(sign * books[name]), "href": href, "tone": ""} for name, label, href, sign in _BOOKS if name in books
    ]
    if "orders" in found:
        still = [row for row in found["orders"] if row["state"] in dashboard.OPEN_ORDERS]
        tiles.insert(
            0,
            {
                "label": "Open orders",
                "kind": "integer",
                "value": str(sum(row["count"] for row in still)),
                "href": f"/sales-orders?state={','.join(dashboard.OPEN_ORDERS)}",
                "tone": "",
            },
        )
    if "postings" in found:
        tiles.append({"label": "Journals recorded today", "kind": "integer", "value": str(found["postings"]), "href": "/reports/trial-balance", "tone": ""})
    return tiles
