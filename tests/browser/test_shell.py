"""The frame around every page: rights, language, dark, phone, keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, picture
from tests.browser.keys import go_to

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_refused_and_says_so(visit: Visitor) -> None:
    page = visit("sari")
    page.context.clear_cookies()
    page.goto("/items")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.fill("input[name=username]", "sari")
    page.fill("input[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


def test_the_menu_shows_what_one_may_and_the_rest_is_refused(visit: Visitor) -> None:
    page = visit("wati")
    menu = page.locator("#menu")
    expect(menu.get_by_role("link", name="Goods receipts")).to_be_visible()
    expect(menu.get_by_role("link", name="Users")).to_have_count(0)
    expect(menu.get_by_role("link", name="Trial balance")).to_have_count(0)
    picture(page, "menu-warehouse")
    answer = page.goto("/users")
    assert answer is not None
    assert answer.status == 403
    page.goto("/goods-receipts/new")
    expect(page.locator("#recform")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Unit price")).to_have_count(0)  # prices are for those who may see costs


def test_the_palette_finds_pages_actions_and_records(visit: Visitor) -> None:
    page = visit("sari")
    page.keyboard.press("Control+k")
    page.keyboard.type("P-0042")
    expect(page.locator("#palette-list")).to_contain_text("Spare part 42")
    picture(page, "palette")
    page.keyboard.press("Enter")
    expect(page.locator(".phead h1")).to_have_text("P-0042")
    go_to(page, "Delivery notes")
    expect(page.locator(".phead h1")).to_have_text("Delivery notes")


def test_indonesian_at_once_and_again_after_the_next_login(visit: Visitor) -> None:
    page = visit("tono", "/sales-orders")
    expect(page.locator(".phead h1")).to_have_text("Sales orders")
    page.locator("#lang").click()
    expect(page.locator(".phead h1")).to_have_text("Pesanan penjualan")
    expect(page.locator("#menu")).to_contain_text("Surat jalan")
    expect(page.get_by_role("button", name="Kolom")).to_be_visible()
    page.reload()
    expect(page.locator(".phead h1")).to_have_text("Pesanan penjualan")
    picture(page, "indonesian")
    page.locator("#lang").click()
    expect(page.locator(".phead h1")).to_have_text("Sales orders")


def test_dark_at_once_and_readable(visit: Visitor) -> None:
    page = visit("sari", "/items")
    expect(page.locator(".dtable tbody tr").first).to_be_visible()
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    for selector in (".dtable td:nth-child(3)", ".dtable th:nth-child(3)", ".phead h1", ".dtable .key", ".btn.pri"):
        assert contrast(page, selector) >= 4.5, selector
    picture(page, "dark-list")
    page.locator("#theme").click()
    expect(page.locator("html")).not_to_have_class(re.compile("dark"))
    for selector in (".dtable td:nth-child(3)", ".dtable th:nth-child(3)", ".phead h1", ".dtable .key", ".btn.pri", ".side a.item", ".side summary"):
        assert contrast(page, selector) >= 4.5, selector


def contrast(page, selector: str) -> float:
    """The WCAG contrast of an element's text with what lies behind it."""
    return page.evaluate(
        """(selector) => {
          const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
          const rgba = (colour) => { paint.clearRect(0, 0, 1, 1);
            paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); return [...paint.getImageData(0, 0, 1, 1).data]; };
          const light = ([r, g, b]) => {
            const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
          const one = document.querySelector(selector);
          let back = [255, 255, 255, 255];
          for (let at = one; at; at = at.parentElement) { const here = rgba(getComputedStyle(at).backgroundColor); if (here[3] > 250) { back = here; break; } }
          const [a, b] = [light(rgba(getComputedStyle(one).color)), light(back)].sort((x, y) => y - x);
          return (a + 0.05) / (b + 0.05);
        }""",
        selector,
    )


def test_a_list_by_keyboard(visit: Visitor) -> None:
    page = visit("sari", "/items")
    rows = page.locator(".dtable tbody tr")
    expect(rows).to_have_count(50)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk")).to_have_count(0)
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("carton")
    expect(rows).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".phead h1")).to_have_text("BOX")
    page.keyboard.press("e")
    expect(page.locator("#recform")).to_be_visible()
    page.goto("/items")
    expect(rows.first).to_be_visible()
    expect(page.locator("[data-key=n]")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator("#recform")).to_be_visible()


def test_filters_columns_and_a_saved_view(visit: Visitor) -> None:
    page = visit("sari", "/items")
    page.locator(".filters").get_by_role("button", name="Kind", exact=True).click()
    page.get_by_label("Packaging").check()
    expect(page.locator("#total")).to_have_text("1")
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("button", name="Columns").click()
    page.locator(".colbox").get_by_label("Minimum stock", exact=True).uncheck()
    expect(page.get_by_role("columnheader", name="Minimum stock")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views", exact=True).click()
    page.get_by_label("Name of the view").fill("Boxes")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("button", name=re.compile(r"Views\s*: Boxes"))).to_be_visible()
    page.reload()
    expect(page.locator("#total")).to_have_text("63")
    page.keyboard.press("`")
    expect(page.locator("#total")).to_have_text("1")
    expect(page.get_by_role("columnheader", name="Minimum stock")).to_have_count(0)


def test_a_phone_shows_cards_and_nothing_runs_out_of_the_screen(visit: Visitor) -> None:
    page = visit("sari", "/items", viewport={"width": 360, "height": 740})
    expect(page.locator(".dtable tbody tr").first).to_be_visible()
    picture(page, "phone-list")
    for path in ("/", "/items", "/sales-orders/new", "/items/BOX", "/reports/trial-balance", "/operations"):
        page.goto(path)
        page.wait_for_selector(".live:not(.off)")
        expect(page.locator(".phead h1").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate("document.querySelector('#content').scrollWidth") <= 360, path
    page.goto("/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    picture(page, "phone-form")
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.locator("#menu").get_by_role("link", name="Sales orders")).to_be_visible()
    picture(page, "phone-menu")
