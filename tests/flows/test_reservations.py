"""What lies in the warehouse belongs to the orders in the order they were confirmed: no piece is promised to two as held."""

from __future__ import annotations

import threading

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.stock import reservations
from tests.flows.firm import moment


@pytest.fixture
def shop(firm):
    firm.create("items", code="FG", name="FG", kind="finished")
    firm.create("customers", code="C", name="C")
    firm.create("suppliers", code="S", name="S")
    firm.received("FG", 10, 100, "2026-01-02", "S")
    return firm


def order(firm, quantity):
    made = firm.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "FG", "quantity": quantity, "unit_price": 1}])
    return firm.act("sales-orders", made["id"], "confirm")


def held(firm, *orders):
    with unit_of_work(system_actor(firm.tenant)) as work:
        return [sum(line.held for line in reservations.held_for(work, one["id"])) // 10_000 for one in orders]


def test_two_orders_never_hold_the_same_pieces(shop):
    first, second, third = order(shop, 7), order(shop, 7), order(shop, 1)
    assert held(shop, first, second, third) == [7, 3, 0]
    with unit_of_work(shop.actor("sales")) as work:
        assert reservations.availability(work, "WH", ["FG", "NONE"]) == {"FG": {"on_hand": "10", "reserved": "15", "available": "-5"}}


def test_what_comes_in_or_is_given_back_goes_to_who_waits_longest(shop):
    first, second, third = order(shop, 7), order(shop, 7), order(shop, 1)
    shop.received("FG", 3, 100, "2026-01-03", "S")
    assert held(shop, first, second, third) == [7, 6, 0]
    shop.act("sales-orders", first["id"], "cancel", reason="changed his mind")
    assert held(shop, first, second, third) == [0, 7, 1]


def test_an_order_that_grows_waits_with_the_growth_and_one_that_shrinks_keeps_its_turn(shop):
    first, second = order(shop, 6), order(shop, 6)
    shop.act("sales-orders", first["id"], "amend", lines=[{"item": "FG", "quantity": 5, "unit_price": 1}])
    assert held(shop, first, second) == [5, 5]
    shop.act("sales-orders", first["id"], "amend", lines=[{"item": "FG", "quantity": 8, "unit_price": 1}])
    assert held(shop, first, second) == [4, 6]


def test_a_delivery_uses_up_its_own_promise_and_no_other(shop):
    first, second = order(shop, 6), order(shop, 6)
    note = shop.create("delivery-notes", sales_order=first["id"], effective_at=moment("2026-01-05").isoformat(), lines=[{"item": "FG", "quantity": 4}])
    shop.act("delivery-notes", note["id"], "post")
    assert held(shop, first, second) == [2, 4]


def test_orders_confirmed_at_the_same_moment_share_what_there_is(shop):
    drafts = [
        shop.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "FG", "quantity": 4, "unit_price": 1}]) for _ in range(6)
    ]
    threads = [threading.Thread(target=shop.act, args=("sales-orders", one["id"], "confirm")) for one in drafts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(held(shop, *drafts), reverse=True) == [4, 4, 2, 0, 0, 0]
