"""The list of any document type: what it shows, who may do what with it, and its live refresh."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import quote

import reflex as rx

from erp_app.document import registry, repo_saved_view, service
from erp_app.document.declare import DocumentType
from erp_app.document.service import Query
from erp_app.i18n import refusals, say
from erp_app.kernel.access import may
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError, NotFound
from erp_app.kernel.uow import Work
from erp_app.state import schema
from erp_app.state.desk import apart, done, path_parts, place_of, query_of, refused, run, told
from erp_app.state.guard import OWN_RESOURCE, PAGE_RESOURCE, actor, requires
from erp_app.state.hub import hub

SIZES = (25, 50, 100, 200)
MAX_COLUMNS = 20
NOTHING = "-"  # in an address: records in which a field is empty


def criteria_of(chosen: dict[str, Any], fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Turn what the filter bar holds into the service's filters; names of no field are dropped."""
    kinds = {one["name"]: one["kind"] for one in fields}
    found: dict[str, Any] = {}
    for name, value in chosen.items():
        kind = kinds.get(name)
        if kind is None:
            continue
        if isinstance(value, dict) and ("from" in value or "to" in value):
            found[name] = {key: value[side] for side, key in (("from", "gte"), ("to", "lte")) if value.get(side)}
        elif isinstance(value, dict):
            found[name] = {"empty": True} if value.get("empty") else value.get("id")
        elif kind == "refs" and isinstance(value, list) and value:
            found[name] = value[0].get("id") if isinstance(value[0], dict) else value[0]
        elif isinstance(value, list):
            found[name] = {"in": [str(one) for one in value]}
        elif kind in ("text", "long_text"):
            found[name] = {"contains": str(value)}
        else:
            found[name] = value
    return found


def asked_of(text: str, kind: str) -> Any:
    """Return what the address asks of a field as the filter bar holds it.

    Several choices (`open,fixed`), a range (`2026-01-01..2026-01-31`), nothing entered (`-`, of a reference or a date), or a value.
    """
    if text == NOTHING and kind in ("ref", "user", "refs", "date", "moment"):
        return {"empty": True}
    if kind in ("choice", "state"):
        return text.split(",")
    first, dots, last = text.partition("..")
    return {side: value for side, value in (("from", first), ("to", last)) if value} if dots and kind in ("date", "moment") else text


class Listing(rx.State):
    """One list at a time in a tab: that of the page. The type always follows from the page's path, which the guard has checked."""

    permission_resource: ClassVar[str] = PAGE_RESOURCE  # not annotated, Reflex would make a var of it

    here: str = ""
    plural: str = ""
    title: str = ""
    rows: list[dict[str, Any]] = []
    total: int = 0
    page: int = 1
    size: int = 50
    sort: str = ""
    q: str = ""
    filters: dict[str, Any] = {}
    fields: list[dict[str, Any]] = []
    filter_fields: list[dict[str, Any]] = []
    chosen: list[str] = []
    views: list[dict[str, Any]] = []
    view: int = 0
    selected: list[int] = []
    everything: bool = False
    bulk: list[dict[str, Any]] = []
    rights: dict[str, bool] = {}
    loading: bool = True
    busy: bool = False
    error: str = ""

    @rx.var
    def columns(self) -> list[dict[str, Any]]:
        """The shown columns in order."""
        known = {one["name"]: one for one in self.fields}
        return [known[name] for name in self.chosen if name in known]

    @rx.var
    def place(self) -> str:
        """What makes the list another one (then the cursor starts anew and nothing lights up)."""
        return json.dumps([self.plural, self.page, self.sort, self.q, self.filters], sort_keys=True, default=str)

    @rx.var
    def export_href(self) -> str:
        """Where exactly these rows and columns can be downloaded; empty without the right."""
        if not self.rights.get("export"):
            return ""
        wanted = {"q": self.q, "sort": self.sort, "columns": ",".join(self.chosen), "filters": json.dumps(criteria_of(self.filters, self.fields))}
        if self.selected and not self.everything:
            wanted["ids"] = ",".join(str(one) for one in self.selected)
        return f"/api/screen/export/{self.plural}?" + "&".join(f"{key}={quote(value)}" for key, value in wanted.items() if value)

    def _type(self) -> DocumentType:
        parts = path_parts(self)
        if not parts:
            raise NotFound("ERP-1002", "There is no such list.")
        return registry.get(parts[0])

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def open(self) -> Any:
        """Show the list of the page: the type's own columns and order, and what the address asks for (`?state=posted&q=…`)."""
        try:
            dt = self._type()
        except ErpError as error:
            return refused(error, actor().lang)
        await hub.join(self, f"doc:{dt.plural}")
        wanted = query_of(self)
        self.reset()  # type: ignore[no-untyped-call]
        self.here = place_of(self)
        self.plural, self.title = dt.plural, dt.label_plural
        try:
            found = await run(lambda work: _describe(work, dt))
        except ErpError as error:
            self.error, self.loading = told(error, actor().lang), False
            return None
        self.fields, self.filter_fields, self.chosen, self.views, self.bulk, self.rights = found
        names = {one["name"]: one for one in self.fields}
        self.q = wanted.get("q", "")[:100]
        self.filters = {name: asked_of(value, names[name]["kind"]) for name, value in wanted.items() if name in names}
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def refresh(self) -> Any:
        """Read the page on screen again, in place (live)."""
        dt = self._type()
        found = await run(lambda work: _describe(work, dt))
        if [one["name"] for one in found[0]] != [one["name"] for one in self.fields]:
            self.fields, self.filter_fields = found[0], found[1]
            self.chosen = [*self.chosen, *(name for name in found[2] if name not in self.chosen)]
        return await self._read()

    async def _read(self) -> Any:
        dt, query = self._type(), self._query()
        self.error = ""
        try:
            page = await run(lambda work: service.page(work, dt, query))
        except ErpError as error:
            self.error = told(error, actor().lang)
            return None
        finally:
            self.loading = False
        shown, lang = {"id", "version", *self.chosen}, actor().lang
        self.rows = [{name: value for name, value in schema.spoken(dt, schema.flat(row), lang).items() if name in shown} for row in page.items]
        self.total = page.total
        return None

    def _query(self) -> Query:
        return Query(q=self.q, sort=self.sort, page=self.page, page_size=self.size, filters=criteria_of(self.filters, self.fields))

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def search(self, q: str) -> Any:
        """Search; the first page of what is found."""
        self.q, self.page, self.selected, self.everything = str(q)[:100], 1, [], False
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def narrow(self, filters: dict[str, Any]) -> Any:
        """Apply filters; fields the user does not see are dropped."""
        names = {one["name"] for one in self.filter_fields}
        given = filters if isinstance(filters, dict) else {}
        self.filters = {name: value for name, value in given.items() if name in names}
        self.page, self.selected, self.everything = 1, [], False
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def order(self, sort: str) -> Any:
        """Sort by a shown column, `-` before its name for descending."""
        if str(sort).lstrip("-") in {one["name"] for one in self.fields if one["sort"]}:
            self.sort, self.page = str(sort), 1
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def go(self, page: int) -> Any:
        """Show another page."""
        self.page = max(1, min(int(page), -(-self.total // self.size) or 1))
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def arrange(self, columns: list[str]) -> Any:
        """Choose the columns and their order."""
        known = {one["name"] for one in self.fields}
        self.chosen = [str(name) for name in columns if name in known][:MAX_COLUMNS] or self.chosen
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def use_view(self, view_id: int) -> Any:
        """Show the list as a saved view wants it; 0 is the standard."""
        dt = self._type()
        found = next((one for one in self.views if one["id"] == view_id), None)
        spec = found["spec"] if found else {}
        known = {one["name"] for one in self.fields}
        self.view = int(view_id) if found else 0
        self.chosen = [name for name in spec.get("columns", []) if name in known] or default_columns(dt, self.fields)
        self.filters, self.sort, self.q = spec.get("filters", {}), spec.get("sort", ""), spec.get("q", "")
        self.page, self.selected, self.everything = 1, [], False
        return await self._read()

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def keep_view(self, name: str, shared: bool) -> Any:
        """Save what is on screen as a view; sharing needs the right to edit the type (checked by the service)."""
        dt = self._type()
        spec = {"columns": self.chosen, "filters": self.filters, "sort": self.sort, "q": self.q}
        try:
            self.view = await run(lambda work: repo_saved_view.save(work, dt.plural, str(name), spec, shared=bool(shared)))
            self.views = await run(lambda work: repo_saved_view.listed(work, dt.plural))
        except ErpError as error:
            return refused(error, actor().lang)
        return done("The view is saved.", actor().lang)

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def drop_view(self, view_id: int) -> Any:
        """Remove a view of one's own."""
        dt = self._type()
        try:
            await run(lambda work: repo_saved_view.remove(work, dt.plural, int(view_id)))
            self.views = await run(lambda work: repo_saved_view.listed(work, dt.plural))
        except ErpError as error:
            return refused(error, actor().lang)
        self.view = 0
        return None

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def select(self, ids: list[int]) -> None:
        """Choose rows of the page."""
        shown = {row["id"] for row in self.rows}
        self.selected, self.everything = [one for one in ids if one in shown], False

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def select_matching(self) -> None:
        """Choose everything that matches, on all pages."""
        self.everything = True

    @rx.event
    @requires(OWN_RESOURCE, "view")
    def clear(self) -> None:
        """Choose nothing."""
        self.selected, self.everything = [], False

    @rx.event
    @requires(OWN_RESOURCE, "view")
    async def act(self, action: str) -> Any:
        """Take one step with all chosen records; each is checked and done by itself, the answer counts both kinds."""
        dt, lang = self._type(), actor().lang
        if action not in {one["name"] for one in self.bulk}:
            return None
        query, chosen, everything = self._query(), list(self.selected), self.everything
        try:
            results = await apart(lambda who: _act_many(who, dt, query, chosen, everything=everything, action=action))
        except ErpError as error:
            return refused(error, lang)
        self.selected, self.everything = [], False
        await self._read()
        wrong = [one for one in results if not one["ok"]]
        text = f"{len(results) - len(wrong)} {say('done', lang)}"
        if not wrong:
            return rx.toast.success(text)
        reasons = "; ".join(dict.fromkeys(refusals.detail(one["code"], one["detail"], lang) for one in wrong[:3]))
        return rx.toast.warning(f"{text}, {len(wrong)} {say('refused', lang)}", description=reasons, duration=10000, close_button=True)


def default_columns(dt: DocumentType, fields: list[dict[str, Any]]) -> list[str]:
    """Return the declared columns this user may see, and the custom fields that belong into the list."""
    names = [one["name"] for one in fields]
    wanted = [name if name in names else name.removesuffix("_id") for name in dt.columns] or [dt.key, "state"]
    return [name for name in wanted if name in names] + [one["name"] for one in fields if one.get("in_list")]


def _describe(work: Work, dt: DocumentType) -> tuple[Any, ...]:
    """Everything about the list that does not depend on its rows."""
    fields = schema.fields(work, dt)
    who = work.actor
    chosen = default_columns(dt, fields)
    named = {name.removesuffix("_id") for name in (*dt.filters, "state", "effective_at")} | set(dt.filters)
    filters = [one for one in fields if one["name"] in named or one["custom"]]
    bulk = [
        {"name": one.name, "label": schema.asked(work, dt, one)["label"], "danger": one.permission == "cancel"}
        for one in dt.actions
        if not one.form and not one.reason and one.lines is None and may(who, dt.plural, one.permission)
    ]
    if may(who, dt.plural, "edit"):
        bulk.append({"name": "remove", "label": "Delete drafts" if dt.is_document else "Deactivate", "danger": True})
    rights = {
        "create": dt.creatable and may(who, dt.plural, "create"),
        "export": may(who, dt.plural, "export"),
        "import": dt.creatable and may(who, dt.plural, "create"),
        "share": may(who, dt.plural, "edit"),
        "fields": may(who, "custom-fields", "edit"),
    }
    return fields, filters, chosen, repo_saved_view.listed(work, dt.plural), bulk, rights


def _act_many(who: Actor, dt: DocumentType, query: Query, chosen: list[int], *, everything: bool, action: str) -> list[dict[str, Any]]:
    refs: list[int | str] = list(chosen)
    if everything:
        refs = _matching(who, dt, query)
    return service.act_many(who, dt, refs, action)


def _matching(who: Actor, dt: DocumentType, query: Query) -> list[int | str]:
    from erp_app.kernel.uow import unit_of_work  # noqa: PLC0415 - only here outside a handler's own unit of work

    found: list[int | str] = []
    with unit_of_work(who) as work:
        page = 1
        while len(found) < service.MAX_BULK:
            got = service.page(work, dt, Query(query.q, query.sort, page, 500, query.filters))
            found += [row["id"] for row in got.items]
            if len(got.items) < 500:  # noqa: PLR2004 - the page size asked for
                break
            page += 1
    return found[: service.MAX_BULK]
