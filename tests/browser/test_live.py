"""What one person does, the others see: lists, records, stock and comments change in place; nobody's edits are lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, press, save, state_is

pytestmark = pytest.mark.browser


def test_two_browsers_see_the_same_at_once(visit: Visitor) -> None:
    watcher, stock = visit("budi", "/goods-receipts"), visit("budi", "/reports/stock")
    expect(watcher.locator(".phead h1")).to_have_text("Goods receipts")
    worker = visit("sari", "/goods-receipts/new")
    expect(worker.locator("#recform")).to_be_visible()
    fill(worker, "Supplier", "UD Kemasan", complete=True)
    fill(worker, "Warehouse", "WH2", complete=True)
    enter_lines(worker, [["BOX", "500", "1250"]])
    number = save(worker)
    row = watcher.locator(".dtable tbody tr", has_text=number)
    expect(row).to_be_visible(timeout=3000)
    expect(row.locator(".badge")).to_have_attribute("data-state", "draft")
    press(worker, "post")
    state_is(worker, "posted")
    expect(row.locator(".badge")).to_have_attribute("data-state", "posted", timeout=3000)
    there = stock.locator(".dtable tbody tr", has_text="BOX").filter(has_text="WH2")
    expect(there).to_contain_text("500", timeout=3000)
    expect(there).to_contain_text("625,000")
    picture(watcher, "live-list")
    row.click()
    expect(watcher.locator(".phead h1")).to_have_text(number)
    watcher.get_by_label("Write a comment").fill("Two cartons are wet @sari")
    watcher.get_by_role("button", name="Comment", exact=True).click()
    expect(worker.locator(".timeline")).to_contain_text("Two cartons are wet", timeout=3000)
    expect(worker.get_by_role("button", name="Notifications").locator(".tick")).to_have_text("1", timeout=5000)
    picture(worker, "live-comment")


def test_what_is_free_changes_in_the_form_when_others_promise_it(visit: Visitor) -> None:
    seller, other = visit("sari", "/sales-orders/new"), visit("budi", "/sales-orders/new")
    for page, quantity in ((seller, "3"), (other, "4")):
        expect(page.locator("#recform")).to_be_visible()
        fill(page, "Customer", "Toko Makmur", complete=True)
        fill(page, "Warehouse", "WH2", complete=True)
        enter_lines(page, [["TUBE", quantity, "2000"]])
        expect(page.locator(".lgrid td.free").first).to_have_text("0")
    save(other)
    press(other, "confirm")
    state_is(other, "confirmed")
    expect(seller.locator(".lgrid td.free").first).to_have_text("\u22124", timeout=3000)
    expect(seller.locator(".lgrid td.free").first).to_have_class(re.compile("short"))
    picture(seller, "live-availability")
    press(other, "cancel")
    other.get_by_label("Reason").fill("changed his mind")
    other.locator("dialog").get_by_role("button", name="Cancel").last.click()
    state_is(other, "cancelled")
    expect(seller.locator(".lgrid td.free").first).to_have_text("0", timeout=3000)


def test_two_people_edit_one_draft_and_both_changes_are_kept(visit: Visitor) -> None:
    one = visit("sari", "/sales-orders/new")
    expect(one.locator("#recform")).to_be_visible()
    fill(one, "Customer", "Toko Makmur", complete=True)
    fill(one, "Warehouse", "WH2", complete=True)
    enter_lines(one, [["BOX", "5", "2000"]])
    save(one)
    path = re.sub(r"^https?://[^/]+", "", one.url).rstrip("/")
    one.goto(f"{path}/edit")
    expect(one.locator("#recform")).to_be_visible()
    fill(one, "Reference", "from Sari")
    other = visit("budi", f"{path}/edit")
    expect(other.locator("#recform")).to_be_visible()
    fill(other, "Note", "from Budi")
    save(other)
    notice = one.locator(".conflict")
    expect(notice).to_contain_text("budi", timeout=4000)
    expect(notice).to_contain_text("from Budi")
    expect(one.get_by_label("Note")).to_have_value("from Budi")
    expect(one.get_by_label("Reference")).to_have_value("from Sari")
    picture(one, "conflict")
    save(one)
    expect(one.locator(".facts")).to_contain_text("from Sari")
    expect(one.locator(".facts")).to_contain_text("from Budi")


def test_a_custom_field_is_everywhere_without_a_restart(visit: Visitor) -> None:
    other = visit("budi", "/items")
    expect(other.locator(".dtable tbody tr").first).to_be_visible()
    admin = visit("sari", "/items")
    admin.get_by_role("button", name="Columns").click()
    admin.get_by_role("link", name="Add field").click()
    expect(admin.locator(".phead h1")).to_have_text("Custom fields")
    fill(admin, "Label", "Shelf life")
    admin.get_by_label("Kind").select_option("integer")
    admin.get_by_role("button", name="Add field").click()
    expect(admin.locator(".dtable")).to_contain_text("Shelf life")
    picture(admin, "custom-field")
    expect(other.get_by_role("columnheader", name="Shelf life")).to_be_visible(timeout=4000)
    other.goto("/items/FG/edit")
    expect(other.locator("#recform")).to_be_visible()
    fill(other, "Shelf life", "36")
    save(other)
    expect(other.locator(".facts")).to_contain_text("36")
    other.goto("/items")
    other.locator(".filters").get_by_role("button", name="Shelf life").click()
    other.get_by_label("From", exact=True).fill("30")
    other.get_by_label("From", exact=True).blur()
    expect(other.locator("#total")).to_have_text("1")
    expect(other.locator(".dtable tbody tr")).to_contain_text("36")


def test_a_step_can_be_tried_before_it_is_done(visit: Visitor) -> None:
    page = visit("sari", "/goods-receipts/new")
    expect(page.locator("#recform")).to_be_visible()
    fill(page, "Supplier", "PT Baja", complete=True)
    fill(page, "Warehouse", "WH2", complete=True)
    enter_lines(page, [["TUBE", "10", "50000"]])
    save(page)
    page.get_by_role("button", name="More").click()
    page.locator("[data-preview=post]").click()
    dialog = page.get_by_role("dialog", name="What this would change")
    expect(dialog).to_contain_text("1-1310")
    expect(dialog).to_contain_text("500,000")
    picture(page, "preview")
    dialog.get_by_role("button", name="Close").click()
    state_is(page, "draft")


def test_the_ledgers_are_proved_on_screen(visit: Visitor) -> None:
    page = visit("sari", "/integrity")
    expect(page.locator("#verdict")).to_contain_text("Every invariant holds.", timeout=20_000)
    picture(page, "integrity")


def test_a_sheet_is_checked_before_it_is_imported(visit: Visitor, tmp_path) -> None:
    sheet = tmp_path / "customers.csv"
    sheet.write_text("Code,Name\nNEW-1,Bengkel Jaya\n,Without code\n", encoding="utf-8")
    page = visit("sari", "/customers/import")
    page.locator("input[type=file]").set_input_files(sheet)
    expect(page.get_by_test_id("import-count")).to_contain_text("1 can be imported")
    picture(page, "import")
    page.get_by_role("button", name="Import only the valid ones").click()
    expect(page.locator(".notice")).to_contain_text("1 records were created")
    page.goto("/customers?q=Bengkel")
    expect(page.locator("#total")).to_have_text("1")


def test_what_the_list_shows_can_be_taken_along(visit: Visitor) -> None:
    page = visit("sari", "/items?kind=packaging")
    expect(page.locator("#total")).to_have_text("1")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("Code,Name,Kind")
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["BOX"]


def test_a_file_on_a_record_comes_back_as_a_download(visit: Visitor, tmp_path) -> None:
    paper = tmp_path / "drawing.txt"
    paper.write_text("38 mm", encoding="utf-8")
    page = visit("sari", "/items/TUBE")
    expect(page.locator(".timeline")).to_be_visible()
    page.locator(".timeline input[type=file]").set_input_files(paper)
    link = page.locator(".timeline .file", has_text="drawing.txt")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_text(encoding="utf-8") == "38 mm"


def test_many_records_in_one_go(visit: Visitor) -> None:
    page = visit("sari", "/items?q=Spare")
    expect(page.locator("#total")).to_have_text("60")
    page.get_by_label("Select all rows of this page").check()
    page.get_by_role("button", name="Select all matching").click()
    expect(page.locator(".bulk")).to_contain_text("60 selected")
    page.get_by_role("button", name="Clear selection").click()
    row = page.locator(".dtable tbody tr", has_text="P-0060")
    page.get_by_role("button", name="Next page").click()
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Deactivate").click()
    expect(row).to_contain_text("No")


def test_a_record_is_printed(visit: Visitor) -> None:
    page = visit("sari", "/items/FG")
    expect(page.get_by_role("link", name="Print")).to_have_count(0)  # master data has no paper
    page.goto("/reports/stock-card?item=BOX")
    expect(page.locator(".dtable")).to_contain_text("GR-")
    page.locator(".dtable a", has_text="GR-").first.click()
    link = page.get_by_role("link", name="Print")
    expect(link).to_be_visible()
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")
