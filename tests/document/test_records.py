"""Records: created, read, changed, removed, and taken through their flow."""

from __future__ import annotations

import pytest

from erp_app.document import service
from erp_app.document.service import Query
from erp_app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from erp_app.kernel.uow import unit_of_work
from tests.document.sample import clerk, manager


@pytest.fixture(scope="module")
def parties(samples):
    with unit_of_work(manager()) as work:
        for code, kind in (("A", "outside"), ("B", "inside"), ("PT Baja", "outside")):
            service.create(work, samples[0], {"code": code, "name": f"Party {code}", "kind": kind})
    return samples[0]


@pytest.fixture
def orders(samples, parties):
    return samples[1]


def order(**changes):
    return {"party": "PT Baja", "lines": [{"party": "A", "quantity": "2.5", "unit_price": 1000}, {"party": "B", "quantity": 1, "unit_price": "0.5"}], **changes}


def make(dt, actor=None, **changes):
    with unit_of_work(actor or manager()) as work:
        return service.create(work, dt, order(**changes))


def test_a_document_gets_number_state_version_and_its_total(orders):
    made = make(orders, effective_at="2026-03-05", title="First")
    assert made["number"].startswith("SO-2026-")
    assert (made["state"], made["version"], made["total"]) == ("draft", 1, "2501")
    assert made["effective_at"] == "2026-03-05T00:00:00+07:00"
    assert made["party"] == "PT Baja"
    assert made["refs"]["party"]["label"] == "Party PT Baja"
    assert [line["quantity"] for line in made["lines"]] == ["2.5", "1"]
    assert made["lines"][1]["unit_price"] == "0.5"
    with unit_of_work(manager()) as work:
        assert service.get(work, orders, made["number"]) == service.get(work, orders, made["id"]) == made
        found = service.page(work, orders, Query(q="first"))
        assert [one["number"] for one in found.items] == [made["number"]]
