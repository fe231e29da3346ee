"""The first flow of the business, entered by keyboard: goods come in, are sold, delivered, verified and invoiced."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, go_to, press, save, state_is

pytestmark = pytest.mark.browser


def follow(page: Page, label: str) -> None:
    """Go on to the next document by its button."""
    link = page.locator(".phead a").filter(has_text=label)
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/new\?"))
    expect(page.locator("#recform")).to_be_visible()


def receive(page: Page) -> None:
    """Goods come in and are seen in stock."""
    go_to(page, "New goods receipt")
    fill(page, "Supplier", "PT Baja", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["FG", "98", "66600"]])
    expect(page.get_by_test_id("grid-total")).to_have_text("6,526,800")
    picture(page, "receipt-form")
    save(page)
    press(page, "post")
    state_is(page, "posted")

    go_to(page, "Stock", "Stock")
    expect(page.locator("tr", has_text="FG").filter(has_text="WH").first).to_contain_text("98")
    picture(page, "stock")


def test_from_receipt_to_invoice_with_the_keyboard_alone(visit: Visitor) -> None:
    page = visit("sari")
    receive(page)
    go_to(page, "New sales order")
    fill(page, "Customer", "PT Andalan", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["FG", "40", "110000"]])
    save(page)
    press(page, "confirm")
    state_is(page, "confirmed")
    picture(page, "sales-order")

    follow(page, "Delivery note")
    expect(page.locator(".lgrid tbody tr")).to_have_count(1)
    save(page)
    press(page, "pick")
    state_is(page, "picked")
    press(page, "post")
    state_is(page, "posted")

    follow(page, "Delivery verification")
    fill(page, "Rejects to", "QUAR", complete=True)
    save(page)
    press(page, "verify")
    state_is(page, "verified")
    press(page, "post")
    state_is(page, "posted")
    page.get_by_role("tab", name="Linked documents").click()
    expect(page.locator(".graph .node")).to_have_count(4)
    picture(page, "graph")

    page.locator(".graph a", has_text="Delivery order").click()
    expect(page.locator(".phead h1")).to_have_text(re.compile("^DO-"))
    press(page, "post")
    state_is(page, "posted")
    page.get_by_role("tab", name="Journals and stock").click()
    expect(page.locator(".journals")).to_contain_text("5-1000")
    expect(page.locator(".journals")).to_contain_text("2,664,000")

    follow(page, "Sales invoice")
    save(page)
    press(page, "post")
    state_is(page, "posted")
    expect(page.locator(".totals")).to_contain_text("4,884,000")
    picture(page, "invoice")
