"""Costs that stay right over time, on screen and to the rupiah: landed cost, a late receipt, its preview, the queue, the trace, a repair.

The company of this story is one of its own; its books are those of the textbook month up to S04, entered through the API.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from erp_app.anomaly import service as anomalies
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.anomaly.spoiled import spoil
from tests.browser.books import begun, dialog, figures, kept, row, when
from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, press, save, state_is
from tests.browser.site import Site
from tests.flows.month import Month

pytestmark = pytest.mark.browser
PEOPLE = {"ratna": ("admin",), "doni": ("manager",), "gita": ("warehouse",)}


@pytest.fixture(scope="module")
def month(site: Site) -> Month:
    """A company with the books of the month up to the first delivery."""
    played = begun(site, "bulan", "PT Bulan Penuh", PEOPLE)
    played.play("S01", "S02", "S03", "S04")
    return played


def test_freight_is_previewed_and_posted_to_the_rupiah_of_the_book(visit: Visitor, month: Month) -> None:
    page = visit("ratna", "/landed-costs/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-01-17")
    fill(page, "Supplier", "Ekspedisi", complete=True)
    fill(page, "Amount", "990000")
    for name in ("GR-1", "GR-2", "GR-3"):
        fill(page, "Receipts", month.posted[name][1]["number"], complete=True)
    save(page)
    expect(page.locator(".lines")).to_contain_text("450,000")
    press(page, "post")
    expect(dialog(page)).to_be_visible()
    expect(row(page, month.posted["DO-1"][1]["number"])).to_contain_text(re.compile(r"5,860,829\s*\+276,123\s*6,136,952"))
    expect(row(page, "1-1310")).to_contain_text("+390,000")
    expect(row(page, "1-1320")).to_contain_text(re.compile(r"4,004,000\s*\+231,000\s*4,235,000"))
    expect(row(page, "SF")).to_contain_text("+61,500")
    picture(page, "preview-landed-cost")
    state_is(page, "draft")
    dialog(page).get_by_role("button", name="Post exactly this").click()
    state_is(page, "posted")
    page.get_by_role("tab", name="Journals and stock").click()
    for amount in ("390,000", "231,000", "61,500", "25,102", "6,275", "276,123"):
        expect(page.locator(".journals")).to_contain_text(amount)


def test_a_late_receipt_is_seen_to_wait_and_then_to_be_right_without_a_reload(visit: Visitor, month: Month, site: Site) -> None:
    delivery = month.id_of("DO-1")
    printed = kept(visit("doni", "/reports/trial-balance"))
    watcher, queue = visit("doni", f"/delivery-orders/{delivery}"), visit("gita", "/cost-queues")
    watcher.get_by_role("tab", name="Journals and stock").click()
    expect(watcher.locator(".lines")).to_contain_text("6,136,952")
    paper = visit("doni")
    before = figures(paper, printed)
    page = visit("ratna", "/goods-receipts/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-01-04")
    fill(page, "Supplier", "PT Baja", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["TUBE", "60", "48000"]])
    save(page)
    press(page, "post")
    expect(row(page, month.posted["DO-1"][1]["number"])).to_contain_text(re.compile(r"6,136,952\s*.120,475\s*6,016,477"))
    expect(dialog(page).locator("tr.group")).to_have_count(8)  # the receipt itself and the seven it corrects
    picture(page, "preview-late-receipt")
    with site.resting_worker():
        dialog(page).get_by_role("button", name="Post, costs follow").click()
        state_is(page, "posted")
        waiting = watcher.locator(".badge[data-state=pending]")
        expect(waiting).to_have_text("HPP pending", timeout=5000)
        there = queue.locator("[data-queue=hpp_queue] tr[data-item=TUBE]")
        expect(there.get_by_role("progressbar")).to_have_text("waiting", timeout=5000)
        expect(queue.get_by_role("button", name="Do this item first")).to_have_count(0)  # who may look may not yet decide
        chief = visit("ratna", "/cost-queues", viewport={"width": 360, "height": 740})
        press_first = chief.locator("[data-queue=hpp_queue] tr[data-item=TUBE]").get_by_role("button", name="Do this item first")
        expect(press_first).to_be_visible()
        assert press_first.evaluate("one => one.getBoundingClientRect().right <= one.parentElement.getBoundingClientRect().right")  # else it is not painted
        press_first.focus()
        chief.keyboard.press("Enter")
        expect(there.locator("[data-label=Priority]")).to_have_text("first")
        expect(press_first).to_have_count(0)
        picture(queue, "queue-waiting")
        picture(watcher, "hpp-pending")
    expect(waiting).to_have_count(0, timeout=10_000)
    expect(watcher.locator(".lines")).to_contain_text("6,016,477")
    expect(watcher.locator(".journals")).to_contain_text("68,842")
    expect(there).to_have_count(0)
    queue.get_by_role("button", name="Done", exact=True).click()
    expect(there.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    picture(queue, "queue-done")
    picture(watcher, "hpp-settled")
    assert month.journal("DO-1", "correction")["5-1000"] == -68842
    assert figures(paper, printed) == before
    expect(paper.get_by_test_id("dates")).to_contain_text("as known on")
    assert figures(paper, "/reports/trial-balance") != before


def test_what_was_sold_is_traced_to_purchases_fees_freight_and_overhead(visit: Visitor, month: Month) -> None:
    page = visit("ratna", f"/sales-invoices/{month.id_of('INV-1')}")
    page.get_by_role("link", name="Cost trace 1").click()
    expect(page.get_by_test_id("trace-hpp")).to_have_text("6,016,477")
    expect(page.get_by_test_id("trace-total")).to_have_text("6,016,477")
    expect(page.locator(".proof .check-ok")).to_be_visible()
    expect(page.locator(".tracegraph .tnode")).to_have_count(12)
    picture(page, "trace")
    page.get_by_label("Unit").fill("88")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("unit=88"))
    expect(page.get_by_test_id("trace-hpp")).not_to_have_text("6,016,477")
    assert page.get_by_test_id("trace-hpp").inner_text() == page.get_by_test_id("trace-total").inner_text()
    page.locator(".tracegraph").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("/")
    page.keyboard.press("Enter")
    expect(page.locator(".phead h1")).to_have_text(re.compile(r"^(GR|LC|TRF|SJ|DO|INV|NC)-"))


def test_the_screens_fit_a_phone_are_dark_and_speak_indonesian(visit: Visitor, month: Month) -> None:
    page = visit("ratna", f"/cost-trace?document=delivery-orders/{month.id_of('DO-1')}", viewport={"width": 360, "height": 740}, color_scheme="dark")
    expect(page.locator(".tracegraph .tnode").first).to_be_attached()
    page.evaluate("localStorage.setItem('theme', 'dark')")
    for path, name in ((page.url, "trace"), ("/audit-board", "audit-board"), ("/cost-queues", "cost-queues"), ("/anomalies", "anomalies")):
        page.goto(path)
        page.wait_for_selector(".live:not(.off)")
        expect(page.locator(".phead h1").first).to_be_visible()
        expect(page.locator(".skeletonbox")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate("document.querySelector('#content').scrollWidth") <= 360, path
        picture(page, f"phone-dark-{name}")
    page = visit("doni", "/audit-board")
    page.locator("#lang").click()
    expect(page.locator(".phead h1")).to_have_text("Dasbor audit")
    picture(page, "audit-board-id")
    page.locator("#lang").click()
    expect(page.locator(".phead h1")).to_have_text("Audit dashboard")


def test_a_rule_is_tried_over_the_past_with_other_limits_and_nothing_is_stored(visit: Visitor, month: Month) -> None:
    assert month.tenant
    page = visit("ratna", "/anomaly-rules?q=late_input")
    page.locator(".dtable tbody tr", has_text="late_input").click()
    press(page, "try")
    ask = page.get_by_role("dialog")
    ask.get_by_label("Days back").fill("30")
    ask.get_by_label("Hours allowed").fill("24")
    ask.get_by_role("button", name="Try on the past").click()
    expect(page.get_by_test_id("tried")).to_have_text(re.compile(r"^\d+$"))
    assert int(page.get_by_test_id("tried").inner_text()) >= 10
    expect(page.locator("[role=status] tbody tr").first.get_by_role("link")).to_have_text(re.compile("^[A-Z]+-"))
    picture(page, "rule-tried")
    page.goto("/anomalies?kind=late_input")
    expect(page.locator(".blank")).to_be_visible()


def test_from_an_anomaly_to_the_repair_of_that_item_alone(visit: Visitor, month: Month) -> None:
    transfer = month.posted["KIRIM-1"][1]
    spoil(month.tenant, transfer["id"], 777)
    with unit_of_work(system_actor(month.tenant)) as work:
        anomalies.scan(work)
    page = visit("ratna", "/audit-board")
    expect(page.locator(".board")).to_contain_text("The ledger does not prove")
    picture(page, "audit-board")
    nobodys = page.locator(".tile", has_text="Without owner")
    number = nobodys.locator("b").inner_text()
    nobodys.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chipbtn.set", has_text="Owner")).to_contain_text("Nothing entered")
    expect(page.locator("#total")).to_have_text(number)
    page.goto("/audit-board")
    page.locator(".bars a", has_text="High").click()
    expect(page).to_have_url(re.compile("severity=high"))
    page.locator(".dtable tbody tr", has_text="what was cut from a layer").filter(has_text="TUBE").first.click()
    press(page, "repair")
    expect(dialog(page)).to_contain_text(transfer["number"])
    expect(row(page, transfer["number"], "VENDOR")).to_contain_text("777")
    approve = dialog(page).get_by_role("button", name="Approve and repair")
    expect(approve).to_be_disabled()
    dialog(page).get_by_label("Reason").fill("Wrong by 777 since the import")
    picture(page, "repair-preview")
    approve.click()
    state_is(page, "fixed")
    expect(page.locator(".facts")).to_contain_text("Wrong by 777 since the import")
    page.get_by_role("tab", name="Linked documents").click()
    expect(page.locator(".graph a", has_text=transfer["number"])).to_be_visible()
    picture(page, "repair-done")
    page.goto("/integrity")
    expect(page.locator("#verdict")).to_contain_text("Every invariant holds.", timeout=20_000)


def test_when_something_else_was_posted_the_new_preview_is_shown_and_nothing_is_stored(visit: Visitor, month: Month) -> None:
    page = visit("ratna", "/goods-receipts/new")
    expect(page.locator("#recform")).to_be_visible()
    when(page, "2026-01-02")
    fill(page, "Supplier", "UD Kemasan", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    enter_lines(page, [["BOX", "100", "1000"]])
    save(page)
    press(page, "post")
    expect(dialog(page).locator("tr.group")).to_have_count(5)
    sent = month.api.post("stock-transfers", effective_at="2026-01-20", **{"from": "WH", "to": "VENDOR"}, lines=[{"item": "BOX", "quantity": 5}])
    month.api.act("stock-transfers", sent["id"], "receive")
    dialog(page).get_by_role("button", name="Post exactly this").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("Something else was posted meanwhile.")
    picture(page, "preview-stale")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.querySelector('dialog[open]').getBoundingClientRect().right") <= 360
    picture(page, "phone-preview")
    page.set_viewport_size({"width": 1440, "height": 860})
    state_is(page, "draft")
    dialog(page).get_by_role("button", name="Post exactly this").click()
    state_is(page, "posted")
    page.goto(f"/stock-transfers/{sent['id']}")
    press(page, "reverse")
    expect(dialog(page).get_by_role("button", name="Reverse exactly this")).to_be_disabled()
    dialog(page).get_by_label("Reason").fill("Entered twice")
    dialog(page).get_by_role("button", name="Reverse exactly this").click()
    state_is(page, "reversed")
