"""Many people at the same moment: nothing goes below zero, twice, or over a limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from erp_app.kernel.errors import ErpError
from erp_app.reports import catalogue


@pytest.fixture
def shop(firm):
    """98 FG in stock and a customer."""
    firm.create("items", code="FG", name="FG", kind="finished")
    firm.create("suppliers", code="S", name="S")
    firm.create("customers", code="C", name="C")
    firm.received("FG", 98, 50000, "2026-01-02", "S")
    return firm


def at_once(calls):
    """Run all calls in threads; return (results, refusals)."""
    def tried(call):
        try:
            return call()
        except ErpError as refusal:
            return refusal

    with ThreadPoolExecutor(min(len(calls), 16)) as pool:
        found = list(pool.map(tried, calls))
    return [one for one in found if not isinstance(one, ErpError)], [one for one in found if isinstance(one, ErpError)]


def order(firm, quantity, price=1000):
    made = firm.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "FG", "quantity": quantity, "unit_price": price}])
    return firm.act("sales-orders", made["id"], "confirm")


def posting(firm, plural, record):
    return lambda: firm.act(plural, record["id"], "post")


def test_fifty_notes_of_two_pieces_on_ninety_eight_forty_nine_leave(shop):
    orders = [order(shop, 2) for _ in range(50)]
    notes = [shop.create("delivery-notes", sales_order=one["id"]) for one in orders]
    done, refused = at_once([posting(shop, "delivery-notes", one) for one in notes])
    assert (len(done), [one.code for one in refused]) == (49, ["ERP-1201"])
    rows = catalogue.ask(shop.actor(), "stock-layers", {})[1]["rows"]
    assert [(row["place_kind"], row["quantity"]) for row in rows] == [("in_transit", "98")]
    assert catalogue.ask(shop.actor(), "integrity", {})[1]["ok"]


def test_notes_of_one_order_never_deliver_more_than_was_ordered(shop):
    one = order(shop, 10)
    notes = [shop.create("delivery-notes", sales_order=one["id"], lines=[{"item": "FG", "quantity": 3}]) for _ in range(6)]
    done, refused = at_once([posting(shop, "delivery-notes", note) for note in notes])
    assert (len(done), {refusal.code for refusal in refused}) == (3, {"ERP-3112"})
    assert shop.get("sales-orders", one["id"])["lines"][0]["delivered"] == "9"


def test_one_document_is_posted_once(shop):
    made = shop.create("goods-receipts", supplier="S", warehouse="WH", lines=[{"item": "FG", "quantity": 5, "unit_price": 10}])
    done, refused = at_once([posting(shop, "goods-receipts", made)] * 8)
    assert (len(done), len(refused)) == (1, 7)
    assert shop.balances()["1-1340"] == 98 * 50000 + 50


def test_a_delivery_is_billed_once_also_by_two_people_at_once(shop):
    note = shop.post("delivery-notes", sales_order=order(shop, 10)["id"])
    check = shop.post("delivery-verifications", delivery_note=note["id"])
    delivery = shop.act("delivery-orders", check["delivery_order"], "post")
    drafts = [shop.create("sales-invoices", delivery_orders=[delivery["id"]]) for _ in range(5)]
    done, refused = at_once([posting(shop, "sales-invoices", one) for one in drafts])
    assert (len(done), {refusal.code for refusal in refused}) == (1, {"ERP-3132"})


def test_two_orders_do_not_use_the_same_headroom(shop):
    shop.update("customers", "C", credit_limit=10000)
    made = [
        shop.create("sales-orders", customer="C", warehouse="WH", tax="none", lines=[{"item": "FG", "quantity": 6, "unit_price": 1000}]) for _ in range(6)
    ]
    done, refused = at_once([lambda one=one: shop.act("sales-orders", one["id"], "confirm") for one in made])
    assert not refused
    assert sorted(one["state"] for one in done) == ["confirmed", *["credit_hold"] * 5]


def test_receipts_of_one_order_never_take_more_than_was_ordered(shop):
    made = shop.create("purchase-orders", supplier="S", warehouse="WH", lines=[{"item": "FG", "quantity": 10, "unit_price": 1}])
    shop.act("purchase-orders", made["id"], "send")
    drafts = [shop.create("goods-receipts", purchase_order=made["id"], lines=[{"item": "FG", "quantity": 4}]) for _ in range(5)]
    done, refused = at_once([posting(shop, "goods-receipts", one) for one in drafts])
    assert (len(done), {refusal.code for refusal in refused}) == (2, {"ERP-3013"})


def test_numbers_have_no_gaps_when_many_number_at_once(shop):
    made = order(shop, 98)
    calls = [lambda: shop.create("delivery-notes", sales_order=made["id"], lines=[{"item": "FG", "quantity": 1}])] * 20
    done, refused = at_once(calls)
    assert not refused
    assert sorted(int(one["number"][-4:]) for one in done) == list(range(1, 21))
