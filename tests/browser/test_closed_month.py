"""Freight of February on goods of January, on screen: January is locked and stays as it was, byte for byte (S11 of the month)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.books import begun, dialog, figures, kept, row, when
from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, press, save, state_is
from tests.browser.site import Site
from tests.flows.month import STEPS, Month

pytestmark = pytest.mark.browser
LATER = STEPS["S11"]["expected"]


@pytest.fixture(scope="module")
def month(site: Site) -> Month:
    """A company with the books of January, all of it settled."""
    played = begun(site, "februari", "PT Februari", {"rini": ("admin",), "joko": ("finance_manager",)})
    played.play("S01", "S02", "S03", "S04", "S06", "S07")
    played.settle()
    played.play("S08", "S09", "S10")
    played.settle()
    assert played.stock() == STEPS["S10"]["expected"]["stock"]
    return played


def test_freight_in_february_is_previewed_and_posted_and_leaves_locked_january_as_it_was(visit: Visitor, month: Month) -> None:
    page = visit("joko", "/periods?q=2026-01")
    page.locator(".dtable tbody tr", has_text="2026-01").click()
    press(page, "lock")
    page.get_by_role("dialog").get_by_role("button", name="Lock").click()
    state_is(page, "locked")
    paper = visit("joko", "/reports/trial-balance?as_of=2026-01-31")
    printed = kept(paper)
    before, january = figures(paper, printed), month.january()

    page.goto("/landed-costs/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-02-03")
    fill(page, "Supplier", "Ekspedisi", complete=True)
    page.get_by_label("Spread by").select_option("manual")
    fill(page, "Amount", "240000")
    enter_lines(page, [[month.posted["GR-2"][1]["number"], "240000"]])
    save(page)
    press(page, "post")
    for account, change in (("1-1310", "+176,000"), ("1-1340", "+48,165"), ("5-1000", "+15,175"), ("5-1200", "+660")):
        expect(row(page, account)).to_contain_text(change)
    for name in ("DO-2", "DO-3"):
        expect(row(page, month.posted[name][1]["number"])).to_be_visible()
    picture(page, "preview-february")
    dialog(page).get_by_role("button", name="Post exactly this").click()
    state_is(page, "posted")
    month.posted["LC-2"] = ("landed-costs", {"id": int(page.url.rstrip("/").rpartition("/")[2]), "number": page.locator(".phead h1").inner_text()})
    page.get_by_role("tab", name="Journals and stock").click()
    for words in ("176,000", "48,165", "15,175", "660", "03 Feb 2026"):
        expect(page.locator(".journals")).to_contain_text(words)

    page.goto("/supplier-bills/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-02-03")
    fill(page, "Supplier", "Ekspedisi", complete=True)
    fill(page, "Supplier's number", "BILL-L2")
    fill(page, "Landed costs", month.posted["LC-2"][1]["number"], complete=True)
    page.get_by_label("Tax", exact=True).select_option("none")
    save(page)
    press(page, "post")
    state_is(page, "posted")

    assert month.journal("LC-2") == LATER["journals"]["LC-2"]
    assert (month.stock(), month.balances()) == (LATER["stock"], LATER["balances"])
    assert month.january() == january
    assert figures(paper, printed) == before
    assert figures(paper, "/reports/trial-balance?as_of=2026-01-31") == before
    assert month.api.get("reports/integrity")["ok"]


def test_a_document_of_the_locked_month_is_refused_with_the_first_date_that_is_open(visit: Visitor, month: Month) -> None:
    page = visit("rini", "/goods-receipts/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-01-30")
    fill(page, "Supplier", "PT Baja", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["TUBE", "10", "50000"]])
    save(page)
    january = month.january()
    press(page, "post")
    expect(page.get_by_text("The first open date is 1 Feb 2026.").first).to_be_visible()
    picture(page, "locked-month")
    state_is(page, "draft")
    assert month.january() == january
