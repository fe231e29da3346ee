"""Entering lines: five hundred of them, from a spreadsheet and by hand, with nothing sent to the server while one types."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor, picture
from tests.browser.keys import enter_lines, fill, save

pytestmark = pytest.mark.browser

WATCH = """() => {
  window.slow = [];
  window.drawn = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.slow.push([one.name, one.duration])))
    .observe({type: 'event', durationThreshold: 16});
  const seen = new MutationObserver(() => {});
  seen.observe(document.querySelector('.lines'), {subtree: true, childList: true, characterData: true});
  window.addEventListener('input', () => {
    seen.takeRecords();
    setTimeout(() => window.drawn.push(seen.takeRecords().length), 0);
  }, true);
}"""


def paste(page: Page, text: str) -> None:
    """Paste into the lines, as Ctrl+V does."""
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData('text/plain', text);
          document.querySelector('.lines').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def sheet(count: int) -> str:
    """Rows as a spreadsheet copies them, with their headings."""
    rows = [f"P-{number % 60 + 1:04}\t{number + 1}\t1250" for number in range(count)]
    return "\n".join(["Item\tQuantity\tUnit price", *rows])


def test_five_hundred_lines_stay_quick(visit: Visitor) -> None:
    page = visit("sari")
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    page.goto("/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    fill(page, "Customer", "PT Andalan", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    paste(page, sheet(500))
    rows = page.locator(".lgrid tbody tr")
    expect(rows).to_have_count(500)
    expect(page.get_by_test_id("grid-total")).to_have_text("156,562,500")
    expect(rows.nth(41)).to_contain_text("Spare part 42")  # names have come for the pasted codes
    rows.nth(250).locator("td").nth(2).click()
    page.evaluate(WATCH)
    sent.clear()
    for _ in range(10):
        page.keyboard.press("Control+a")
        page.keyboard.type("12345", delay=20)
        page.keyboard.press("ArrowDown")
    slow = sorted(duration for name, duration in page.evaluate("window.slow") if name in ("keydown", "keypress", "input", "keyup", "beforeinput"))
    drawn = page.evaluate("window.drawn")
    typed = [frame for frame in sent if "42[" in frame]
    assert not typed, typed[:2]
    assert drawn == [0] * 50  # a letter changes its own cell and nothing else on the page; sums follow when the typing rests
    assert not slow or slow[len(slow) // 2] < 50, slow  # from the key to the picture, waiting for the frame included
    assert max(slow, default=0) < 250, slow[-5:]
    expect(page.get_by_test_id("grid-total")).not_to_have_text("156,562,500")
    picture(page, "five-hundred-lines")
    save(page)
    expect(page.locator(".lines .count").first).to_have_text("500")


def test_what_is_typed_is_kept_however_the_cell_is_left(visit: Visitor) -> None:
    page = visit("sari", "/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    enter_lines(page, [["FG", "2", "1500"], ["BOX", "3", "200"]])
    cells = page.locator(".lgrid tbody tr").nth(0).locator("td")
    total = page.get_by_test_id("grid-total")
    leave = {
        "another cell": lambda: page.locator(".lgrid tbody tr").nth(1).locator("td").nth(3).click(),
        "an arrow": lambda: page.keyboard.press("ArrowDown"),
        "Escape": lambda: page.keyboard.press("Escape"),
        "the form's own field": lambda: page.get_by_label("Reference").click(),
        "nothing, only a rest": lambda: None,
    }
    for quantity, (how, go) in enumerate(leave.items(), 11):
        cells.nth(2).click()
        page.keyboard.press("Control+a")
        page.keyboard.type(str(quantity))
        go()
        expect(total, how).to_have_text(f"{quantity * 1500 + 600:,}")
    cells.nth(2).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    fill(page, "Customer", "PT Andalan", complete=True)
    fill(page, "Warehouse", "WH", complete=True)
    cells.nth(3).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("1000")
    save(page)  # straight from the cell
    expect(page.locator(".lines")).to_contain_text("7,000")


def test_lines_by_hand_duplicate_fill_down_and_remove(visit: Visitor) -> None:
    page = visit("sari", "/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    enter_lines(page, [["FG", "2", "1500"], ["BOX", "3", "200"]])
    rows = page.locator(".lgrid tbody tr")
    rows.nth(1).locator("td").nth(2).click()
    page.keyboard.press("Control+d")
    expect(rows.nth(1).locator("td").nth(2)).to_contain_text(re.compile("^2?$"))
    expect(page.get_by_test_id("grid-total")).to_have_text("3,400")
    page.keyboard.press("Control+Enter")
    expect(rows).to_have_count(3)
    expect(page.get_by_test_id("grid-total")).to_have_text("3,800")
    page.keyboard.press("Control+Delete")
    expect(rows).to_have_count(2)


def test_errors_stand_at_their_fields_and_lines(visit: Visitor) -> None:
    page = visit("sari", "/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    paste(page, "item\tquantity\tunit_price\n" + "\n".join(f"{'NOSUCH' if n == 40 else 'BOX'}\t1\t10" for n in range(60)))
    page.locator(".lgrid tbody tr").nth(50).locator("td").nth(2).click()
    expect(page.locator("#recform .fgrid")).not_to_be_in_viewport()
    page.keyboard.press("Control+s")
    expect(page.locator("#recform .alert")).to_be_in_viewport()
    expect(page.locator("#recform .alert")).to_contain_text("ERP-1102")
    expect(page.locator(".fld.bad", has_text="Customer")).to_contain_text("is required")
    expect(page.locator(".lgrid td.bad")).to_have_count(1)
    picture(page, "errors")


def test_a_draft_survives_a_closed_tab(visit: Visitor) -> None:
    page = visit("sari", "/sales-orders/new")
    expect(page.locator("#recform")).to_be_visible()
    fill(page, "Reference", "PO 4711")
    expect(page.get_by_role("status").filter(has_text="Not saved yet")).to_have_count(1)
    page.wait_for_function("Object.keys(localStorage).some((key) => key.startsWith('erp:draft:'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/items")
    expect(page.locator(".phead h1")).to_have_text("Items")
    page.goto("/sales-orders/new")
    expect(page.locator("#recform .notice")).to_contain_text("Your unsaved draft was brought back")
    expect(page.get_by_label("Reference")).to_have_value("PO 4711")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_label("Reference")).to_have_value("")
