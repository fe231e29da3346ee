"""Purchase requests: who needs something asks, who may approves, one order or several fulfil."""

from __future__ import annotations

import pytest

from erp_app.kernel.errors import Forbidden, Invalid, Refused


@pytest.fixture
def shop(firm):
    for code in ("TUBE", "BOX"):
        firm.create("items", code=code, name=code, kind="raw")
    firm.create("suppliers", code="S", name="S")
    return firm


def approved(firm, *lines):
    rows = [dict(zip(("item", "quantity", "unit_price"), line, strict=True)) for line in lines]
    made = firm.create("purchase-requests", "warehouse", warehouse="WH", lines=rows)
    return firm.act("purchase-requests", made["id"], "approve")


def test_a_request_is_ordered_in_parts_by_several_orders(shop):
    request = approved(shop, ("TUBE", 10, 100), ("BOX", 5, 10))
    assert (request["state"], request["total"]) == ("approved", "1050")
    some = [{"item": "TUBE", "quantity": 4, "unit_price": 95}]
    first = shop.create("purchase-orders", supplier="S", warehouse="WH", requests=[request["number"]], lines=some)
    shop.act("purchase-orders", first["id"], "send")
    assert shop.get("purchase-requests", request["id"])["state"] == "partly_ordered"
    rest = shop.create("purchase-orders", supplier="S", warehouse="WH", requests=[request["id"]])
    assert [(line["item"], line["quantity"]) for line in rest["lines"]] == [("TUBE", "6"), ("BOX", "5")]
    shop.act("purchase-orders", rest["id"], "approve")
    assert shop.get("purchase-requests", request["id"])["state"] == "ordered"
    shop.act("purchase-orders", rest["id"], "cancel", reason="too dear")
    assert shop.get("purchase-requests", request["id"])["state"] == "partly_ordered"


def test_several_requests_go_into_one_order(shop):
    requests = [approved(shop, ("TUBE", 10, 100)), approved(shop, ("TUBE", 5, 100))]
    made = shop.create("purchase-orders", supplier="S", warehouse="WH", requests=[one["id"] for one in requests])
    assert [line["request"] for line in made["lines"]] == [one["number"] for one in requests]
    shop.act("purchase-orders", made["id"], "approve")
    assert {shop.get("purchase-requests", one["id"])["state"] for one in requests} == {"ordered"}
    with pytest.raises(Invalid, match="ordered already"):
        shop.create("purchase-orders", supplier="S", warehouse="WH", requests=[requests[0]["id"]])


def test_what_is_not_approved_is_not_ordered(shop):
    made = shop.create("purchase-requests", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1}])
    with pytest.raises(Refused, match="is draft"):
        shop.create("purchase-orders", supplier="S", warehouse="WH", requests=[made["id"]])


def test_who_asks_does_not_approve_and_large_amounts_need_the_manager(shop):
    made = shop.create("purchase-requests", "warehouse", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1, "unit_price": 100_000_001}])
    with pytest.raises(Forbidden):
        shop.act("purchase-requests", made["id"], "approve", "warehouse")
    with pytest.raises(Forbidden, match="above 100000000"):
        shop.act("purchase-requests", made["id"], "approve", "purchasing_manager")
    assert shop.act("purchase-requests", made["id"], "approve", "manager")["state"] == "approved"


def test_a_request_is_rejected_with_a_reason(shop):
    made = shop.create("purchase-requests", "warehouse", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1}])
    shop.act("purchase-requests", made["id"], "submit", "warehouse")
    with pytest.raises(Invalid):
        shop.act("purchase-requests", made["id"], "reject", "manager")
    assert shop.act("purchase-requests", made["id"], "reject", "manager", reason="use the old one")["state"] == "rejected"
