"""Companies with the books of the textbook month, and how people look at what a posting would change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from erp_app.anomaly import service as anomalies
from erp_app.iam import service as iam
from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.browser.company import PASSWORD
from tests.browser.site import Site
from tests.flows.caller import Caller
from tests.flows.month import Month

CLIENT = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))  # one, for making one takes longer than most answers


class Remote(Caller):
    """A program that calls the site that is running; `app` is its address."""

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        bus.client().flushdb()  # the count of requests of a minute
        return CLIENT.request(method, f"{self.app}/api/v1/{path}", json=json, headers=self.proof() | headers)

    def proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def program(site: Site, username: str) -> Remote:
    """A program that is logged in."""
    answer = Remote(site.url, "").call("POST", "auth/token", {"username": username, "password": PASSWORD})
    return Remote(site.url, answer.json()["access_token"])


def begun(site: Site, code: str, name: str, people: Mapping[str, tuple[str, ...]]) -> Month:
    """A company with its people (the first is the one who enters, the second approves) and its master data; its month can be played."""
    tenant = iam.create_tenant(code, name, {"lang": "en"})
    with unit_of_work(system_actor(tenant)) as work:
        for username, roles in people.items():
            iam.set_password(work, iam.create_user(work, username, username.title(), roles=roles, details={"lang": "en"}), PASSWORD)
        anomalies.install(work)
    first, second, *_ = people
    played = Month(program(site, first), tenant, program(site, second))
    played.prepare()
    return played


def dialog(page: Page) -> Locator:
    """What a step would change."""
    return page.get_by_role("dialog", name=re.compile("What this would change|Repair on a shadow copy"))


def row(page: Page, *words: str) -> Locator:
    """The row of the preview that holds these words."""
    found = dialog(page).locator("tr")
    for word in words:
        found = found.filter(has_text=word)
    return found.first


def when(page: Page, date: str) -> None:
    """Date the document."""
    page.get_by_label("Date", exact=False).first.fill(f"{date}T00:00")


def kept(page: Page) -> str:
    """Keep a report's figures: the address under which it stays as it is known now."""
    page.get_by_test_id("freeze").click()
    expect(page).to_have_url(re.compile("known_on="))
    expect(page.get_by_test_id("freeze")).to_have_count(0)
    return page.url


def figures(page: Page, path: str) -> list[str]:
    """What a report shows, line by line."""
    page.goto(path)
    expect(page.locator(".dtable tbody tr").first).to_be_visible()
    return page.locator(".dtable tr").all_inner_texts()
