"""The frame around every page: menu by rights, search, language, theme, person. It imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from erp_app.document import registry
from erp_app.pages import kit
from erp_app.pages.words import t
from erp_app.state.notices import Notices
from erp_app.state.palette import Finder
from erp_app.state.reporting import MENU
from erp_app.state.session import Session

SECTIONS = (
    "Sales",
    "Purchasing",
    "Warehouse",
    "Stock",
    "Production",
    "Master data",
    "Accounting",
    "Finance",
    "Collaboration",
    "Control",
    "Reports",
    "Administration",
)


@dataclass(frozen=True)
class Entry:
    """One line of the menu; `need` is the page whose access shows it."""

    section: str
    label: str
    href: str
    icon: str
    order: int = 50
    need: str = ""
    outside: bool = False


SPECIAL = [
    Entry("Accounting", "Account mapping", "/account-mapping", "signpost", 62),
    Entry("Accounting", "Cost trace", "/cost-trace", "route", 70),
    Entry("Control", "Audit dashboard", "/audit-board", "gauge", 1),
    Entry("Control", "Cost queues", "/cost-queues", "list-todo", 30),
    Entry("Administration", "Integrity", "/integrity", "shield-check", 80),
    Entry("Administration", "Operations", "/operations", "activity", 81),
    Entry("Administration", "Rights and page access", "/permissions", "key-square", 41),
    Entry("Administration", "Job queues", "/admin/queues", "list-checks", 82, need="/operations", outside=True),
]


def entries() -> list[Entry]:
    """Return the whole menu, section by section; who sees which line is decided when it is shown."""
    types = [Entry(one.menu.section, one.label_plural, f"/{one.plural}", one.menu.icon, one.menu.order) for one in registry.all_types() if one.menu.section]
    types += [Entry(section, label, f"/reports/{name}", icon, 1 if name == "stock" else 60 + place) for place, (section, label, name, icon) in enumerate(MENU)]
    known = {one.section for one in types}
    order = {name: place for place, name in enumerate((*SECTIONS, *sorted(known - set(SECTIONS))))}
    return sorted([*types, *SPECIAL], key=lambda one: (order[one.section], one.order, one.label))


def _item(one: Entry) -> rx.Component:
    here = Session.router.url.path
    on = (here == one.href) | here.startswith(f"{one.href}/")
    icon = rx.icon(one.icon, size=15, aria_hidden="true")
    words = rx.el.span(t(one.label), class_name="words")
    props: dict[str, Any] = {
        "class_name": "item",
        "title": t(one.label),
        "custom_attrs": {"data-on": on.to_string(), "aria-current": rx.cond(on, "page", "false")},
    }
    link = rx.el.a(icon, words, href=one.href, **props) if one.outside else rx.link(icon, words, href=one.href, underline="none", **props)
    return rx.cond(Session.open_pages.contains(one.need or one.href), link)


def _section(name: str, items: list[Entry]) -> rx.Component:
    shown = Session.open_pages.contains(items[0].need or items[0].href)
    for one in items[1:]:
        shown = shown | Session.open_pages.contains(one.need or one.href)
    return rx.cond(shown, rx.el.details(rx.el.summary(t(name)), *[_item(one) for one in items], open=True))


def menu() -> rx.Component:
    """Return the side menu."""
    grouped: dict[str, list[Entry]] = {}
    for one in entries():
        grouped.setdefault(one.section, []).append(one)
    home = Entry("", "Home", "/", "layout-dashboard")
    return rx.el.aside(
        rx.link(
            rx.el.span("S", class_name="logo", aria_hidden="true"),
            rx.el.span("Satu ERP", rx.el.small(Session.company)),
            href="/",
            underline="none",
            class_name="brand",
        ),
        rx.el.nav(
            rx.link(
                rx.icon(home.icon, size=15, aria_hidden="true"),
                rx.el.span(t("Home"), class_name="words"),
                href="/",
                underline="none",
                class_name="item",
                custom_attrs={"data-on": (Session.router.url.path == "/").to_string()},
            ),
            *[_section(name, items) for name, items in grouped.items()],
            aria_label=t("Menu"),
            id="menu",
        ),
        rx.el.div(
            rx.el.button(
                rx.icon("panel-left", size=15),
                rx.el.span(t("Fold menu"), class_name="words"),
                class_name="btn ghost",
                aria_label=t("Fold menu"),
                on_click=rx.call_script(FOLD),
            ),
            class_name="foot",
        ),
        class_name="side",
    )


FOLD = "(a=>{a.dataset.folded=a.dataset.folded==='1'?'0':'1';localStorage.setItem('erp:folded',a.dataset.folded)})(document.querySelector('.app'))"
DRAWER = "(a=>{a.dataset.drawer=a.dataset.drawer==='1'?'0':'1'})(document.querySelector('.app'))"
UNFOLD = "(a=>{if(a){a.dataset.folded=localStorage.getItem('erp:folded')||'0';a.dataset.drawer='0'}})(document.querySelector('.app'))"
SEEK = "window.dispatchEvent(new Event('erp:palette'))"


def _bell() -> rx.Component:
    return kit.Popup.create(
        rx.el.div(
            rx.el.div(
                rx.el.h2(t("Notifications")),
                rx.el.div(class_name="grow"),
                rx.el.button(t("Mark all read"), on_click=Notices.read_all, class_name="btn sm ghost"),
                class_name="phead",
            ),
            rx.foreach(
                Notices.items,
                lambda one: rx.link(
                    one["text"].to(str),
                    rx.el.small(kit.Value.create(kind="moment", value=one["at"], tz=Session.tz)),
                    href=one["href"].to(str),
                    underline="none",
                    class_name=rx.cond(one["seen"].to(bool), "item", "item new"),
                ),
            ),
            rx.cond(Notices.items.length() == 0, rx.el.p(t("No notifications."), class_name="muted")),
            class_name="notes",
        ),
        title=rx.icon("bell", size=16),
        class_name="btn ico",
        badge=rx.cond(Notices.unread > 0, Notices.unread.to_string(), ""),
        name=t("Notifications"),
    )


def _person() -> rx.Component:
    return kit.Popup.create(
        rx.el.div(
            rx.el.div(rx.el.b(Session.name), rx.el.div(Session.company, " · ", Session.roles, class_name="muted sm"), style={"padding": "6px 9px"}),
            rx.el.hr(),
            rx.el.button(
                rx.icon("rows-3", size=15),
                rx.cond(Session.density == "compact", t("Roomy rows"), t("Compact rows")),
                class_name="item",
                on_click=Session.pack(rx.cond(Session.density == "compact", "comfortable", "compact")),
            ),
            rx.el.button(
                rx.icon("keyboard", size=15),
                t("Keyboard shortcuts"),
                rx.el.i(rx.el.kbd("?")),
                class_name="item",
                on_click=rx.call_script("window.dispatchEvent(new Event('erp:help'))"),
            ),
            rx.link(rx.icon("key-round", size=15), t("My account"), href="/account", underline="none", class_name="item", id="account"),
            rx.el.hr(),
            rx.el.button(rx.icon("log-out", size=15), t("Log out"), class_name="item", id="logout", on_click=rx.call_script(LOGOUT)),
        ),
        title=rx.fragment(rx.icon("circle-user-round", size=16), rx.el.span(Session.username, class_name="who")),
        class_name="btn",
        name=t("User menu"),
    )


LOGOUT = "fetch('/logout',{method:'POST'}).finally(()=>{sessionStorage.clear();location.assign('/login')})"


def top() -> rx.Component:
    """Return the bar above the page."""
    return rx.el.header(
        rx.el.button(rx.icon("menu", size=17), class_name="btn ico burger", aria_label=t("Menu"), on_click=rx.call_script(DRAWER)),
        rx.el.button(
            rx.icon("search", size=14),
            rx.el.span(t("Search records, pages and actions")),
            rx.el.kbd("Ctrl K"),
            class_name="seek",
            id="seek",
            aria_label=t("Search records, pages and actions"),
            on_click=rx.call_script(SEEK),
        ),
        rx.el.div(class_name="grow"),
        rx.el.span(
            rx.el.i(key=Session.pulse),
            rx.el.span(rx.cond(rx.State.is_hydrated, rx.cond(Session.pulse == "paused", t("Live paused"), t("Live")), t("Connecting"))),
            class_name=rx.cond(rx.State.is_hydrated & (Session.pulse != "paused"), "live", "live off"),
            role="status",
            custom_attrs={"data-pulse": Session.pulse},
        ),
        rx.el.button(
            rx.cond(Session.lang == "id", "ID", "EN"),
            class_name="btn ico sm",
            id="lang",
            style={"height": "30px"},
            aria_label=rx.cond(Session.lang == "id", "Switch to English", "Ganti ke Bahasa Indonesia"),
            title=rx.cond(Session.lang == "id", "English", "Bahasa Indonesia"),
            on_click=Session.speak(rx.cond(Session.lang == "id", "en", "id")),
        ),
        rx.el.button(
            rx.color_mode_cond(rx.icon("moon", size=16), rx.icon("sun", size=16)),
            class_name="btn ico",
            id="theme",
            aria_label=t("Light or dark"),
            on_click=[rx.toggle_color_mode, Session.paint(rx.color_mode_cond("dark", "light"))],
        ),
        _bell(),
        _person(),
        class_name="top",
    )


def _palette() -> rx.Component:
    pages: list[dict[str, Any]] = [{"name": one.label, "href": one.href, "need": one.need or one.href} for one in entries()]
    pages += [{"name": "Home", "href": "/", "need": "/"}, {"name": "My account", "href": "/account", "need": "/account"}]
    new = [
        {"name": f"New {one.label.lower()}", "href": f"/{one.plural}/new", "need": f"/{one.plural}", "action": True, "type": one.label_plural}
        for one in registry.all_types()
        if one.creatable and one.menu.section
    ]
    tools = [
        {"name": name, "href": "", "need": "/", "action": True, "run": run}
        for name, run in (("Light or dark", "#theme"), ("English or Indonesian", "#lang"), ("Log out", "#logout"))
    ]
    return kit.Palette.create(
        entries=pages + new + tools,
        allowed=Session.open_pages,
        results=Finder.results,
        answered=Finder.answered,
        on_query=Finder.find,
    )


def shell(*content: rx.Component) -> rx.Component:
    """Put a page's content into the frame."""
    return rx.el.div(
        rx.el.a(t("Skip to content"), href="#content", class_name="skip"),
        menu(),
        rx.el.div(class_name="shade", on_click=rx.call_script(DRAWER)),
        rx.el.div(top(), rx.el.main(*content, class_name="content", id="content", tab_index=-1), class_name="main"),
        _palette(),
        class_name="app",
        custom_attrs={"data-density": Session.density},
        on_mount=rx.call_script(UNFOLD),
    )


def framed(content: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
    """Return a page function whose content stands in the frame."""

    def page() -> rx.Component:
        return shell(content())

    return page


def head(*parts: rx.Component) -> rx.Component:
    """Return the line with the title of a page."""
    return rx.el.div(*parts, class_name="phead")
