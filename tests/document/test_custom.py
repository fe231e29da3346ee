"""Custom fields of a tenant are everywhere at once: form, list, filter, sort, export, print; and only in that tenant."""

from __future__ import annotations

import pytest

from erp_app.document import custom, describe, exporting, printing, service, timeline
from erp_app.document.service import Query
from erp_app.kernel import bus
from erp_app.kernel.errors import Forbidden, Invalid
from erp_app.kernel.uow import unit_of_work
from tests.document.sample import clerk, manager


@pytest.fixture(scope="module")
def orders(samples):
    with unit_of_work(manager()) as work:
        service.create(work, samples[0], {"code": "A", "name": "Party A"})
        for name, kind, more in (
            ("colour", "choice", {"choices": ["red", "blue"], "in_list": True, "in_print": True}),
            ("weight", "quantity", {}),
            ("count", "integer", {}),
            ("until", "date", {}),
            ("fragile", "flag", {}),
            ("remark", "text", {}),
            ("price", "money", {}),
            ("story", "long_text", {}),
        ):
            custom.define(work, "sample-orders", {"name": name, "label": name.title(), "kind": kind, **more})
    return samples[1]


def make(dt, **values):
    with unit_of_work(manager()) as work:
        return service.create(work, dt, {"party": "A", "lines": [{"party": "A", "quantity": 1}], "custom": values})


def test_values_are_typed_and_come_back_exactly(orders):
    made = make(orders, colour="red", weight=1.5, count="7", until="2026-02-01", fragile=True, remark=" x ", price="1000")
    assert made["custom"] == {
        "colour": "red",
        "weight": "1.5",
        "count": 7,
        "until": "2026-02-01",
        "fragile": True,
        "remark": "x",
        "price": "1000",
        "story": None,
    }
    with pytest.raises(Invalid) as caught:
        make(orders, colour="green", weight="1.23456", count=1.5, until="x", fragile="maybe", remark=5, price="0.5", nothing=1)
    assert set(caught.value.errors) == {f"custom.{name}" for name in ("colour", "weight", "count", "until", "fragile", "remark", "price", "nothing")}


def test_lists_filter_and_sort_by_them(orders):
    ids = [make(orders, weight=weight, remark="sortme")["id"] for weight in ("9", "10", "2.5")]
    with unit_of_work(manager()) as work:

        def found(**options):
            return [one["id"] for one in service.page(work, orders, Query(page_size=500, **options)).items]

        assert found(filters={"custom.remark": "sortme"}, sort="custom.weight") == [ids[2], ids[0], ids[1]]
        assert found(filters={"custom.remark": "sortme", "custom.weight": {"gte": "9"}}, sort="-custom.weight") == [ids[1], ids[0]]
        assert found(filters={"custom.remark": {"contains": "ORTM"}, "custom.weight": {"lt": 9}}) == [ids[2]]
        assert set(ids) <= set(found(filters={"custom.colour": {"empty": "true"}}))
        for wrong in ({"custom.weight": "x"}, {"custom.colour": "green"}, {"custom.nothing": 1}, {"custom.remark'": 1}):
            with pytest.raises(Invalid):
                found(filters=wrong)


def test_they_are_in_description_export_paper_and_history(orders):
    made = make(orders, colour="blue", remark="=1+1")
    with unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"custom": {"colour": "red"}}, 1)
        told = describe.describe(orders, work.actor, work)
        assert "custom.colour" in told["columns"]
        assert "custom.weight" not in told["columns"]
        assert "gte" in told["filters"]["custom.weight"]
        assert {"custom.colour", "custom.weight"} <= {one["name"] for one in told["fields"]}
        text = b"".join(exporting.export(work, orders, Query(filters={"id": made["id"]}), "csv")).decode()
        assert "Colour" in text.splitlines()[0]
        assert "'=1+1" in text
        assert printing.document_pdf(work, orders, made["id"])[1].startswith(b"%PDF")
        change = timeline.timeline(work, made["id"])[0]["changes"]
        assert change == [{"field": "custom.colour", "label": "Colour", "before": "blue", "after": "red"}]


def test_an_update_keeps_what_is_not_given_and_null_removes(orders):
    made = make(orders, colour="blue", remark="stays")
    with unit_of_work(manager()) as work:
        changed = service.update(work, orders, made["id"], {"custom": {"colour": None}}, 1)
    assert (changed["custom"]["colour"], changed["custom"]["remark"]) == (None, "stays")


def test_another_company_has_its_own(orders, samples):
    with unit_of_work(manager(tenant=2)) as work:
        assert custom.fields(work, "sample-orders") == {}
        service.create(work, samples[0], {"code": "A", "name": "A"})
        with pytest.raises(Invalid):
            service.create(work, orders, {"party": "A", "lines": [{"party": "A", "quantity": 1}], "custom": {"colour": "red"}})


def test_a_new_field_is_known_to_a_process_that_had_read_before(orders, monkeypatch):
    with unit_of_work(manager()) as work:
        custom.fields(work, "sample-orders")
    other_process = dict(custom._cache)
    with unit_of_work(manager()) as work:
        custom.define(work, "sample-orders", {"name": "brandnew", "label": "Brand new", "kind": "text"})
    monkeypatch.setattr(custom, "_cache", other_process)
    with unit_of_work(manager()) as work:
        assert "brandnew" in custom.fields(work, "sample-orders")
        custom.retire(work, "sample-orders", "brandnew")
    with unit_of_work(manager()) as work:
        assert "brandnew" not in custom.fields(work, "sample-orders")


def test_a_flushed_redis_makes_nobody_wrong(orders):
    with unit_of_work(manager()) as work:
        before = custom.fields(work, "sample-orders")
        bus.client().flushdb()
        assert custom.fields(work, "sample-orders") == before


def test_required_ones_are_required_and_kinds_stay(orders):
    with unit_of_work(manager()) as work:
        custom.define(work, "sample-orders", {"name": "must", "label": "Must", "kind": "text", "required": True})
    with pytest.raises(Invalid) as caught:
        make(orders)
    assert caught.value.errors == {"custom.must": "is required"}
    with unit_of_work(manager()) as work:
        custom.retire(work, "sample-orders", "must")
    with pytest.raises(Invalid) as caught, unit_of_work(manager()) as work:
        custom.define(work, "sample-orders", {"name": "must", "label": "Must", "kind": "date"})
    assert caught.value.errors == {"kind": "cannot be changed"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Bad Name"},
        {"name": "title"},
        {"name": "id"},
        {"name": "x; drop"},
        {"kind": "json"},
        {"label": ""},
        {"label": "a\x00"},
        {"kind": "choice", "choices": []},
        {"choices": "red"},
        {"required": "yes"},
        {"position": -1},
        {"colour": 1},
        {"name": None},
        {"choices": [1]},
    ],
)
def test_a_wrong_definition_is_refused(orders, wrong):
    with pytest.raises(Invalid), unit_of_work(manager()) as work:
        custom.define(work, "sample-orders", {"name": "fine", "label": "Fine", "kind": "text", **wrong})


def test_only_who_may_edit_custom_fields_defines_them(orders):
    for call in (
        lambda work: custom.define(work, "sample-orders", {"name": "a", "label": "A", "kind": "text"}),
        lambda work: custom.retire(work, "sample-orders", "colour"),
        lambda work: custom.listed(work, "sample-orders"),
    ):
        with pytest.raises(Forbidden), unit_of_work(clerk()) as work:
            call(work)
