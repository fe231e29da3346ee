"""One site and one browser for all browser tests; each test has contexts of its own, and leaves pictures in tests/output."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from erp_app.kernel import db
from tests.browser import company
from tests.browser.site import Site, new_database

OUTPUT = Path(__file__).resolve().parents[1] / "output"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def chromium() -> str:
    """The system's Chromium."""
    found = next(
        (
            one
            for one in (os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
            if one and Path(one).exists()
        ),
        "",
    )
    assert found, "browser tests need a Chromium: install the package chromium, or set CHROMIUM to its path"
    return found


@pytest.fixture(scope="package")
def site(request, tmp_path_factory) -> Iterator[Site]:
    """The product, built once and served with a company in it. `ERP_BROWSER_SITE=8123` uses one that runs already on that port."""
    import erp_app.domains  # noqa: F401 - the company's document types

    if running := os.environ.get("ERP_BROWSER_SITE"):
        yield Site(tmp_path_factory.mktemp("site"), "", "", int(running))
        return
    postgres, valkey = request.getfixturevalue("postgres"), request.getfixturevalue("valkey")

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    admin_url = postgres.url_for("browser", "postgres")
    new_database(postgres.url_for("postgres", "postgres"), "browser", admin_url)
    made = Site(tmp_path_factory.mktemp("site"), admin_url, valkey.url(), port)
    made.configure()
    try:
        company.found()
        db.close_pools()
        made.compile()
        made.start()
        yield made
    finally:
        made.stop()
        made.forget()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium, closed after the last browser test: while it is driven an event loop runs, in which no other test could run its own."""
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield one
        one.close()


Visitor = Callable[..., Page]


@pytest.fixture
def visit(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Log somebody in and return their page; a script error in any page fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(username: str = "sari", path: str = "/", **options) -> Page:
        context = browser.new_context(base_url=site.url, viewport=options.pop("viewport", {"width": 1440, "height": 860}), **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", company.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"^(?!.*/login).*$"))
        page.goto(path)
        page.wait_for_selector(".live:not(.off)")
        return page

    yield enter
    if getattr(request.node, "failed", False):
        for number, context in enumerate(contexts):
            for page in context.pages:
                page.screenshot(path=str(OUTPUT / f"failed-{request.node.name}-{number}.png"))
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell fixtures whether their test has failed, so that they keep a picture."""
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


def picture(page: Page, name: str) -> Path:
    """Keep a picture of the page as test output."""
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    page.screenshot(path=str(path))
    return path
