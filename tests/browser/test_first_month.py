"""The first steps of the textbook month on screen, to the rupiah: what is bought and billed (S01), sold, verified and invoiced (S04)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.books import begun, figures, when
from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, press, save, state_is
from tests.browser.site import Site
from tests.flows.month import CUSTOMER, MONTH, STEPS, Month

pytestmark = pytest.mark.browser
S01, S04 = STEPS["S01"], STEPS["S04"]["expected"]
SELLING = {"SJ-1": "delivery-notes", "NC-1": "delivery-verifications", "DO-1": "delivery-orders", "INV-1": "sales-invoices"}


@pytest.fixture(scope="module")
def month(site: Site) -> Month:
    """A company with its master data and nothing else."""
    return begun(site, "januari", "PT Januari", {"dewi": ("admin",), "agus": ("finance_manager",)})


def begin(page: Page, resource: str, date: str) -> None:
    """An empty form with its date."""
    page.goto(f"/{resource}/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, date)


def follow(page: Page, label: str, date: str) -> None:
    """The form of the document that comes next, with its date."""
    page.locator(".phead a").filter(has_text=label).click()
    page.wait_for_url(re.compile(r"/new\?"))
    expect(page.locator("#recform")).to_be_visible()
    when(page, date)


def put(page: Page, **values: str) -> None:
    """Type into cells of the first line, by the column's heading."""
    headings = [one.strip(" *\n") for one in page.locator(".lgrid thead th").all_inner_texts()]
    for heading, text in values.items():
        page.locator(".lgrid tbody tr").first.locator("td").nth(headings.index(heading)).click()
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    page.keyboard.press("Escape")


def posted(page: Page, month: Month, name: str, resource: str, *before: str) -> None:
    """Save the form, take the steps before posting, post, and remember the document under its name in the month."""
    if page.locator("#recform").count():
        save(page)
    for step in (*before, "post"):
        press(page, step)
        state_is(page, {"pick": "picked", "verify": "verified", "post": "posted"}[step])
    month.posted[name] = (resource, {"id": int(page.url.rstrip("/").rpartition("/")[2]), "number": page.locator(".phead h1").inner_text()})


def told(page: Page, *amounts: int) -> None:
    """The journal on screen says these amounts."""
    page.get_by_role("tab", name="Journals and stock").click()
    for amount in amounts:
        expect(page.locator(".journals")).to_contain_text(f"{amount:,}")


def test_what_is_bought_and_billed_lies_in_the_books_to_the_rupiah(visit: Visitor, month: Month) -> None:
    page = visit("dewi")
    for one in S01["documents"]:
        if one["kind"] == "journal entry":
            begin(page, "journal-entries", one["date"])
            rows = [[MONTH["accounts"][name], str(max(amount, 0) or ""), str(max(-amount, 0) or "")] for name, amount in one["lines"].items()]
            enter_lines(page, rows)
            posted(page, month, one["id"], "journal-entries")
        elif one["kind"] == "goods receipt":
            begin(page, "goods-receipts", one["date"])
            fill(page, "Supplier", "UD Kemasan" if one["item"] == "BOX" else "PT Baja", complete=True)
            fill(page, "Warehouse", "WH", complete=True)
            enter_lines(page, [[one["item"], str(one["qty"]), str(one["price"])]])
            posted(page, month, one["id"], "goods-receipts")
        else:
            page.goto(f"/goods-receipts/{month.id_of(one['of'])}")
            follow(page, "Supplier bill", one["date"])
            fill(page, "Supplier's number", one["id"])
            posted(page, month, one["id"], "supplier-bills")
    expected = S01["expected"]
    assert {name: month.journal(name) for name in month.posted} == expected["journals"]
    assert (month.stock(), month.balances()) == (expected["stock"], expected["balances"])
    assert any("219,830,150\t219,830,150" in line for line in figures(page, "/reports/trial-balance"))
    tubes = [line for line in figures(page, "/reports/stock-layers?item=TUBE") if line.startswith("TUBE")]
    assert [re.findall(r"[\d,]+$", line)[0] for line in tubes] == ["5,000,000", "7,800,000", "4,440,000"]
    picture(page, "first-month-layers")


def test_what_is_sold_costs_and_earns_to_the_rupiah(visit: Visitor, month: Month) -> None:
    page = visit("dewi")
    begin(page, "goods-receipts", "2026-01-13")
    fill(page, "Supplier", "PT Baja", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["FG", "98", "66600.3367"]])
    posted(page, month, "GR-FG", "goods-receipts")
    begin(page, "sales-orders", "2026-01-14")
    fill(page, "Customer", CUSTOMER, complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["FG", "120", "110000"]])
    save(page)
    order = page.url
    press(page, "confirm")
    state_is(page, "confirmed")
    ordered = page.locator(".phead h1").inner_text()
    press(page, "keep")
    expect(page.locator(".diff").first).to_contain_text("Shared → Kept")

    follow(page, "Delivery note", "2026-01-14")
    put(page, Quantity="99")
    save(page)
    press(page, "pick")
    press(page, "post")
    expect(page.get_by_text("FG at WH goes short by 1 on 14 Jan 2026").first).to_be_visible()
    page.goto(f"{page.url.rstrip('/')}/edit")
    expect(page.locator("#recform")).to_be_visible()
    put(page, Quantity="90")
    posted(page, month, "SJ-1", "delivery-notes")
    told(page, 5_994_030)

    follow(page, "Delivery verification", "2026-01-15")
    fill(page, "Rejects to", "QUAR", complete=True)
    put(page, Accepted="88", Damaged="2")
    posted(page, month, "NC-1", "delivery-verifications", "verify")
    told(page, 133_201)
    page.get_by_role("tab", name="Linked documents").click()
    page.locator(".graph a", has_text="Delivery order").click()
    expect(page.locator(".phead h1")).to_have_text(re.compile("^DO-"))
    posted(page, month, "DO-1", "delivery-orders")
    told(page, 5_860_829)

    follow(page, "Sales invoice", "2026-01-15")
    posted(page, month, "INV-1", "sales-invoices")
    expect(page.locator(".totals")).to_contain_text("10,744,800")
    picture(page, "first-month-invoice")
    page.goto(order)
    state_is(page, "partly_delivered")
    expect(page.locator(".lines")).to_contain_text("88")  # 32 of 120 are still owed
    page.goto("/delivery-notes")
    expect(page.locator("tbody")).to_contain_text(ordered)  # lists name documents by number, customers by name
    expect(page.locator("tbody")).to_contain_text(CUSTOMER)

    assert {name: month.journal(name) for name in SELLING} == {name: S04["journals"][name] for name in SELLING}
    assert month.api.get("reports/integrity")["ok"]
