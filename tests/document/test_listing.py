"""Lists and search find the same as a plain look through everything, on every way they take."""

from __future__ import annotations

import pytest

from erp_app.document import listing, search, service
from erp_app.document.service import Query
from erp_app.kernel.errors import Forbidden, Invalid
from erp_app.kernel.uow import unit_of_work
from tests.document.sample import clerk, manager, person

WORDS = ("pipe", "bolt", "red", "blue", "x1", "50%", "a_b")


@pytest.fixture(scope="module")
def orders(samples):
    """Two hundred orders with words that are common, rare and odd."""
    with unit_of_work(manager()) as work:
        for code in ("C", "A", "B"):
            service.create(work, samples[0], {"code": code, "name": f"Party {code}"})
        service.create(work, samples[0], {"code": "IN", "name": "Inside store", "kind": "inside"})
        for n in range(200):
            title = f"{WORDS[n % 2]} {WORDS[2 + n % 5]}" + (" zanzibar" if n in (3, 150) else "")
            service.create(
                work,
                samples[1],
                {
                    "party": "ABC"[n % 3],
                    "others": ["A"] if n % 2 else [],
                    "title": title,
                    "pieces": n % 7 or None,
                    "store": "IN" if n % 4 == 0 else None,
                    "effective_at": f"2026-01-{1 + n % 28:02}",
                    "lines": [{"party": "A", "quantity": 1}],
                },
            )
        service.remove(work, samples[1], "SO-2026-00200")
    return samples[1]


def everything(dt):
    with unit_of_work(manager()) as work:
        return service.page(work, dt, Query(page_size=500)).items


def numbers(dt, query, actor=None):
    with unit_of_work(actor or manager()) as work:
        found = service.page(work, dt, query)
    return [one["number"] for one in found.items], found


@pytest.mark.parametrize("window", [10_000, 20, 5])
@pytest.mark.parametrize("q", ["pipe", "zanzibar", "pipe zanzibar", "x1", "50%", "a_b", "nothing", "so-2026-0001", "party c", "_", "%", "bo"])
def test_search_finds_the_same_by_window_and_by_index(orders, monkeypatch, q, window):
    monkeypatch.setattr(listing, "WINDOW", window)
    monkeypatch.setattr(listing, "MAX_WINDOW", window * 2)
    wanted = [one["number"] for one in everything(orders) if all(_has(one, word) for word in q.split())]
    for sort in ("", "number", "-party"):
        got, found = numbers(orders, Query(q=q, page_size=500, sort=sort))
        assert sorted(got) == sorted(wanted)
        if found.exact:
            assert found.total == len(wanted)
    paged = [number for page in range(1, 12) for number in numbers(orders, Query(q=q, page_size=20, page=page))[0]]
    assert paged == wanted


def _has(one, word: str) -> bool:
    text = f" {one['number']} {one['refs']['party']['label']} {one['title']} {one['reference'] or ''}".lower()
    return word in text if len(word) >= 3 else f" {word}" in text


@pytest.mark.parametrize("sort", ["party", "-party", "store", "-store", "pieces", "-pieces", "title,-number", "effective_at", "-effective_at,party", "number"])
def test_pages_join_into_the_whole_list_in_order(orders, sort):
    whole, found = numbers(orders, Query(sort=sort, page_size=500))
    assert (len(whole), found.total, found.exact) == (199, 199, True)
    joined = [number for page in range(1, 24) for number in numbers(orders, Query(sort=sort, page_size=9, page=page))[0]]
    assert joined == whole
    if sort == "party":
        with unit_of_work(manager()) as work:
            assert [one["party"] for one in service.page(work, orders, Query(sort=sort, page_size=500)).items] == sorted(
                one["party"] for one in everything(orders)
            )


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ({"party": "A"}, lambda one: one["party"] == "A"),
        ({"party": {"in": "A,B"}}, lambda one: one["party"] in "AB"),
        ({"party": {"ne": "A"}}, lambda one: one["party"] != "A"),
        ({"party": "nobody"}, lambda _: False),
        ({"party": {"ne": "nobody"}}, lambda _: True),
        ({"others": "A"}, lambda one: one["others"] == ["A"]),
        ({"pieces": {"empty": "true"}}, lambda one: one["pieces"] is None),
        ({"pieces": {"gte": "3", "lt": 6}}, lambda one: one["pieces"] in (3, 4, 5)),
        ({"title": {"contains": "0%"}}, lambda one: "0%" in one["title"]),
        ({"effective_at": "2026-01-07"}, lambda one: one["effective_at"][:10] == "2026-01-07"),
        ({"effective_at": {"lte": "2026-01-03"}}, lambda one: one["effective_at"][:10] <= "2026-01-03"),
        ({"effective_at": {"gt": "2026-01-26"}}, lambda one: one["effective_at"][:10] > "2026-01-26"),
        ({"effective_at": {"ne": "2026-01-07"}}, lambda one: one["effective_at"][:10] != "2026-01-07"),
        ({"urgent": "false"}, lambda _: True),
        ({"state": {"in": "draft,approved"}}, lambda _: True),
        ({"party_id": "C"}, lambda one: one["party"] == "C"),
    ],
)
def test_filters_keep_what_they_say(orders, filters, keep):
    got, found = numbers(orders, Query(filters=filters, page_size=500))
    assert got == [one["number"] for one in everything(orders) if keep(one)]
    assert found.total == len(got)


INJECTIONS = [
    "' OR 1=1 --",
    "1; DROP TABLE sample_order",
    "$$",
    "%s",
    "%(tenant)s",
    "\\",
    "'",
    '"',
    "/*",
    "a'||'b",
    "\u0000",
    "{}",
    "[]",
    "null",
    "x' AND pg_sleep(5)--",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_statements_in_search_sort_and_filter_are_only_text(orders, text):
    assert numbers(orders, Query(q=text, page_size=500))[1].total <= 199
    for wrong in (Query(sort=text), Query(filters={text: "1"}), Query(filters={"title": {text: "1"}}), Query(filters={"pieces": text})):
        with pytest.raises(Invalid):
            numbers(orders, wrong)
    if text != "\u0000":
        assert numbers(orders, Query(filters={"title": text}))[0] == []
    assert len(everything(orders)) == 199


def test_a_total_beyond_the_limit_is_an_estimate_and_says_so(orders, monkeypatch):
    monkeypatch.setattr(listing, "EXACT", 50)
    found = numbers(orders, Query())[1]
    assert found.exact is False
    assert 51 <= found.total <= 2000


def test_the_palette_searches_all_types_with_rights_and_typing_errors(orders):
    with unit_of_work(manager()) as work:
        assert {one["type"] for one in search.everywhere(work, "party c")} == {"sample-parties", "sample-orders"}
        assert [one["number"] for one in search.everywhere(work, "zanzibar")] == ["SO-2026-00151", "SO-2026-00004"]
        assert len(search.everywhere(work, "zanzibbar")) == 2
        assert search.everywhere(work, "") == []
    with unit_of_work(clerk()) as work:
        assert {one["type"] for one in search.everywhere(work, "party c")} == {"sample-parties"}
    with unit_of_work(manager(tenant=2)) as work:
        assert search.everywhere(work, "zanzibar") == []
        assert search.everywhere(work, "zanzibbar") == []
    with unit_of_work(person(1, 9, "nobody", {})) as work:
        assert search.everywhere(work, "party") == []
        with pytest.raises(Forbidden):
            service.page(work, orders, Query())


def test_a_reference_field_offers_active_records_that_satisfy_its_filter(orders, samples):
    with unit_of_work(manager()) as work:
        service.create(work, samples[0], {"code": "GONE", "name": "Inside gone", "kind": "inside"})
        service.remove(work, samples[0], "GONE")
        assert [one["number"] for one in search.options(work, "sample-parties", "", {"kind": "inside"})] == ["IN"]
        assert [one["number"] for one in search.options(work, "sample-parties", "sto")] == ["IN"]


def test_the_search_functions_keep_the_tenant_for_whoever_calls_them(orders):
    with unit_of_work(manager(tenant=2)) as work:
        assert work.rows("SELECT record_search(NULL, ARRAY['%'], 100)") == []
        assert work.rows("SELECT record_search('sample-orders', ARRAY['%pipe%'], 100)") == []
        assert work.rows("SELECT record_search_similar('zanzibar', 100)") == []
