"""Rights in the browser: hidden and refused until an administrator gives them, explained, and taken away at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, picture

pytestmark = pytest.mark.browser


def tab(page: Page, number: int) -> None:
    """Open a part of the page of rights."""
    page.locator(".tabs button").nth(number).click()


def give(page: Page, resource: str, action: int, scope: str) -> None:
    """Choose a scope in the matrix and wait until it is stored."""
    choice = page.locator(f"tr[data-resource={resource}] select").nth(action)
    choice.select_option(scope)
    expect(page.get_by_text("Saved").first).to_be_visible()
    expect(choice).to_have_value(scope)


def test_a_right_is_hidden_and_refused_until_it_is_given_and_explained(visit: Visitor) -> None:
    clerk = visit("tono")
    expect(clerk.locator(".side a[href='/departments']")).to_be_visible()
    expect(clerk.locator(".side a[href='/users']")).to_have_count(0)
    answer = clerk.goto("/users")
    assert answer is not None
    assert answer.status == 403
    clerk.goto("/permissions")
    expect(clerk.get_by_role("alert")).to_be_visible()

    admin = visit("sari", "/permissions")
    admin.locator("[data-role=sales]").click()
    expect(admin.locator("[data-role=sales]")).to_have_attribute("aria-pressed", "true")
    give(admin, "users", 0, "all")
    picture(admin, "rights")

    tab(admin, 2)
    fields = admin.locator("#content form select")
    fields.nth(0).select_option("tono")
    fields.nth(1).select_option("users")
    fields.nth(2).select_option("edit")
    admin.locator("#ask").click()
    expect(admin.locator("#why")).to_contain_text("tono may not edit Users")
    fields.nth(2).select_option("view")
    admin.locator("#ask").click()
    expect(admin.locator("#why")).to_contain_text("Role sales reaches all records (an administrator has set this).")
    picture(admin, "rights-why")

    clerk.goto("/users")
    expect(clerk.locator(".dtable tbody tr", has_text="sari")).to_be_visible()
    tab(admin, 0)
    give(admin, "users", 0, "none")
    answer = clerk.goto("/users")
    assert answer is not None
    assert answer.status == 403


def test_a_page_can_be_closed_for_a_role(visit: Visitor) -> None:
    admin = visit("sari", "/permissions")
    admin.locator("[data-role=warehouse]").click()
    tab(admin, 1)
    choice = admin.locator("tr[data-path='/stock-counts'] select")
    choice.select_option("closed")
    expect(choice).to_have_value("closed")
    picture(admin, "rights-pages")
    keeper = visit("wati")
    expect(keeper.locator(".side a[href='/stock-transfers']")).to_be_visible()
    expect(keeper.locator(".side a[href='/stock-counts']")).to_have_count(0)
    choice.select_option("")
    expect(choice).to_have_value("")


def test_an_administrator_throws_somebody_out(visit: Visitor) -> None:
    other = visit("wati", "/departments")
    admin = visit("sari", "/permissions")
    tab(admin, 3)
    expect(admin.locator("#logins tr", has_text="wati").first).to_be_visible()
    picture(admin, "logins")
    while admin.locator("#logins tr", has_text="wati").count():
        before = admin.locator("#logins tr", has_text="wati").count()
        admin.locator("#logins tr", has_text="wati").first.get_by_role("button").click()
        expect(admin.locator("#logins tr", has_text="wati")).to_have_count(before - 1)
    other.reload()
    other.wait_for_url("**/login**")


def test_the_matrix_speaks_indonesian_is_dark_and_fits_a_telephone(visit: Visitor) -> None:
    page = visit("sari", "/permissions", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.locator("#lang").click()
    expect(page.get_by_role("heading", name="Hak dan akses halaman")).to_be_visible()
    expect(page.locator("#rights th").first).to_have_text("Apa")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "rights-360-dark")
    page.locator("#lang").click()
    expect(page.get_by_role("heading", name="Rights and page access")).to_be_visible()


def test_the_login_page_in_both_languages_and_on_a_telephone(visit: Visitor, site, browser) -> None:
    context = browser.new_context(base_url=site.url, viewport={"width": 360, "height": 740}, color_scheme="dark", java_script_enabled=False)
    page = context.new_page()
    page.goto("/stock")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.get_by_text("Bahasa Indonesia").click()
    expect(page.get_by_role("button", name="Masuk")).to_be_visible()
    page.keyboard.type("sari")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Nama pengguna atau kata sandi salah.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "login-360-dark")
    context.close()
