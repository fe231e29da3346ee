"""What a person does with the keyboard, in words."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def go_to(page: Page, words: str, name: str | None = None) -> None:
    """Ctrl+K, type, choose the entry of that name."""
    page.keyboard.press("Control+k")
    page.keyboard.type(words, delay=5)
    wanted = page.locator("#palette-list [role=option]").filter(has_text=re.compile(re.escape(name or words), re.IGNORECASE)).first
    expect(wanted).to_be_visible()
    for _ in range(30):
        if wanted.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".palette")).to_have_count(0)


def fill(page: Page, label: str, text: str, *, complete: bool = False) -> None:
    """Put the cursor into a field and type; `complete` waits for the suggestion and takes it with Enter."""
    field = page.get_by_label(label, exact=False).first
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text, delay=5)
    if complete:
        expect(page.locator(".options [role=option]").filter(has_text=text).first).to_be_visible()
        page.keyboard.press("Enter")


def enter_lines(page: Page, rows: list[list[str]]) -> None:
    """Type lines cell by cell: Tab goes to the next cell; `None` leaves a cell."""
    page.get_by_role("button", name="Add line").focus()
    page.keyboard.press("Enter")
    for number, row in enumerate(rows):
        if number:
            page.keyboard.press("Insert")
        for place, text in enumerate(row):
            if place:
                page.keyboard.press("Tab")
            if text:
                page.keyboard.press("Control+a")
                page.keyboard.type(text, delay=5)
    page.keyboard.press("Escape")


def save(page: Page) -> str:
    """Ctrl+S; return the number of the record that was saved."""
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/[a-z-]+/\d+/?$"))
    title = page.locator(".phead h1")
    expect(title).not_to_have_text(re.compile(r"^(New)?$"))
    return title.inner_text()


def press(page: Page, action: str) -> None:
    """Press a step's button by keyboard and wait until it is done."""
    button = page.locator(f"[data-action={action}]")
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")


def state_is(page: Page, state: str) -> None:
    """Wait until the record shows a state."""
    expect(page.locator(".phead .badge").first).to_have_attribute("data-state", state)
