"""An office at work for a measurement: people who post, look things up and print through the REST API, at the pace of fifty staff."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timedelta
from typing import Any

import httpx

from erp_app.demo.people import PASSWORD
from erp_app.kernel import clock

PEOPLE = ("admin", "manager")  # may do everything below; two, for one user may call 100 times a minute
TURN = 2.0  # seconds; a turn is about six requests
LATE_EVERY, REPORT_EVERY = 10, 5  # turns
DAYS_LATE = timedelta(days=3)
REPORTS = ("trial-balance", "stock-layers", "aged-receivables", "margin")
LISTS = ("sales-orders", "goods-receipts", "items", "sales-invoices", "delivery-notes")


class Office:
    """Works until `minutes` are over; `done` counts what was done, `refused` the answers that were no success."""

    def __init__(self, port: int) -> None:
        self.web = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self.tokens: dict[str, tuple[str, float]] = {}
        self.done: dict[str, int] = {}
        self.refused: dict[int, int] = {}
        self.people = itertools.cycle(PEOPLE)
        self.who = PEOPLE[0]

    def work(self, minutes: float, at_least: int = 1) -> None:
        """Take turns at an even pace."""
        supplier, customer = (self._codes(name)[0] for name in ("suppliers", "customers"))
        warehouse = next(one["code"] for one in self._items("places") if one["kind"] == "warehouse")
        bought = [one["code"] for one in self._items("items") if one["kind"] == "raw"][:5]
        sold = [one["code"] for one in self._items("items") if one["kind"] == "finished"][:3]
        end = clock.monotonic() + minutes * 60
        for turn in itertools.count(1):
            began = clock.monotonic()
            if began >= end and turn > at_least:
                return
            self.who = next(self.people)
            self._receive(turn, supplier, warehouse, bought)
            self._order(turn, customer, warehouse, sold)
            self._get("lists", f"/api/v1/{LISTS[turn % len(LISTS)]}", sort="-id", page_size=50)
            if turn % REPORT_EVERY == 0:
                self._get("reports", f"/api/v1/reports/{REPORTS[turn // REPORT_EVERY % len(REPORTS)]}", format=("json", "pdf", "xlsx")[turn % 3])
            time.sleep(max(0.0, TURN - (clock.monotonic() - began)))

    def _receive(self, turn: int, supplier: str, warehouse: str, items: list[str]) -> None:
        """Post a receipt; every tenth was forgotten for some days, so that costs are corrected in the background."""
        when = clock.now() - (DAYS_LATE if turn % LATE_EVERY == 0 else timedelta())
        lines = [{"item": item, "quantity": str(10 + turn % 7), "unit_price": str(9_000 + turn % 500)} for item in items]
        made = self._post("receipts", "/api/v1/goods-receipts", {"supplier": supplier, "warehouse": warehouse, "effective_at": _iso(when), "lines": lines})
        if made:
            self._post("posted", f"/api/v1/goods-receipts/{made['id']}/actions/post", {})

    def _order(self, turn: int, customer: str, warehouse: str, items: list[str]) -> None:
        """Enter a sales order."""
        lines = [{"item": item, "quantity": str(1 + turn % 3), "unit_price": "110000"} for item in items]
        self._post("orders", "/api/v1/sales-orders", {"customer": customer, "warehouse": warehouse, "effective_at": _iso(clock.now()), "lines": lines})

    def _token(self) -> str:
        token, until = self.tokens.get(self.who, ("", 0.0))
        if clock.monotonic() > until:
            answer = self.web.post("/api/v1/auth/token", json={"username": self.who, "password": PASSWORD}).raise_for_status().json()
            token, until = answer["access_token"], clock.monotonic() + answer["expires_in"] / 2
            self.tokens[self.who] = token, until
        return token

    def _items(self, resource: str) -> list[dict[str, Any]]:
        answer = self.web.get(f"/api/v1/{resource}", params={"page_size": 100}, headers={"Authorization": f"Bearer {self._token()}"})
        return list(answer.raise_for_status().json()["items"])

    def _codes(self, resource: str) -> list[str]:
        return [one["code"] for one in self._items(resource)]

    def _get(self, what: str, path: str, **words: Any) -> None:
        self._count(what, self.web.get(path, params=words, headers={"Authorization": f"Bearer {self._token()}"}))

    def _post(self, what: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        answer = self.web.post(path, json=body, headers={"Authorization": f"Bearer {self._token()}"})
        self._count(what, answer)
        return dict(answer.json()) if answer.is_success else None

    def _count(self, what: str, answer: httpx.Response) -> None:
        if answer.is_success:
            self.done[what] = self.done.get(what, 0) + 1
        else:
            self.refused[answer.status_code] = self.refused.get(answer.status_code, 0) + 1


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
