"""What lies in the warehouse belongs to the orders in the order they were confirmed: no piece is promised to two as held."""

from __future__ import annotations

import threading

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Forbidden, Refused
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


def order(firm, quantity, customer="C"):
    made = firm.create("sales-orders", customer=customer, warehouse="WH", lines=[{"item": "FG", "quantity": quantity, "unit_price": 1}])
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


def keep(firm, one, **by):
    return firm.act("sales-orders", one["id"], "keep", **by)


def delivery(firm, one, quantity):
    made = firm.create("delivery-notes", sales_order=one["id"], effective_at=moment("2026-01-05").isoformat(), lines=[{"item": "FG", "quantity": quantity}])
    return lambda: firm.act("delivery-notes", made["id"], "post")


def transfer(firm, quantity):
    when = moment("2026-01-05").isoformat()
    made = firm.create("stock-transfers", **{"from": "WH"}, to="WH2", effective_at=when, lines=[{"item": "FG", "quantity": quantity}])
    return lambda: firm.act("stock-transfers", made["id"], "send")


def test_goods_kept_for_an_order_leave_for_nobody_else_until_it_shares_them(shop):
    first, second = order(shop, 7), order(shop, 6)
    assert keep(shop, second)["goods"] == "kept"
    assert held(shop, first, second) == [4, 6]  # whoever is kept for comes first
    too_much = delivery(shop, first, 5)
    for attempt in (too_much, transfer(shop, 5)):
        with pytest.raises(Refused) as refused:
            attempt()
        assert (refused.value.code, refused.value.data["fits"], refused.value.data["kept_for"]) == ("ERP-3114", "4", second["number"])
        assert second["number"] in refused.value.detail
    assert delivery(shop, first, 4)()["state"] == "posted"
    assert delivery(shop, second, 2)()["state"] == "posted"
    with pytest.raises(Refused, match="kept for"):
        delivery(shop, first, 1)()
    assert shop.act("sales-orders", second["id"], "share")["goods"] == "shared"
    assert delivery(shop, first, 3)()["state"] == "posted"
    assert held(shop, first, second) == [0, 1]


def test_of_two_that_are_kept_for_the_earlier_comes_first_and_new_lines_are_kept_as_well(shop):
    first, second = order(shop, 7), order(shop, 7)
    keep(shop, second), keep(shop, first)
    assert held(shop, first, second) == [7, 3]
    assert delivery(shop, first, 7)()["state"] == "posted"
    with pytest.raises(Refused, match="goes short"):  # there is no more: the ledger says so
        delivery(shop, second, 4)()
    shop.create("items", code="FG2", name="FG2", kind="finished")
    shop.received("FG2", 2, 100, "2026-01-03", "S")
    shop.act("sales-orders", second["id"], "amend", lines=[{"item": "FG2", "quantity": 2, "unit_price": 1}])
    third = shop.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "FG2", "quantity": 1, "unit_price": 1}])
    shop.act("sales-orders", third["id"], "confirm")
    note = shop.create("delivery-notes", sales_order=third["id"], effective_at=moment("2026-01-05").isoformat(), lines=[{"item": "FG2", "quantity": 1}])
    with pytest.raises(Refused, match="FG2 at WH is kept for"):
        shop.act("delivery-notes", note["id"], "post")


def test_deliveries_at_the_same_moment_do_not_take_what_is_kept(shop):
    kept = order(shop, 6)
    keep(shop, kept)
    others = [shop.create("customers", code=f"C{number}", name="C")["code"] for number in range(4)]  # one customer's, and one order's, wait for each other
    attempts, done, refused = [delivery(shop, order(shop, 2, one), 2) for one in others], [], []

    def run(attempt):
        try:
            done.append(attempt())
        except Refused as error:
            refused.append(error.code)

    threads = [threading.Thread(target=run, args=(one,)) for one in attempts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(done), refused) == (2, ["ERP-3114", "ERP-3114"])
    assert held(shop, kept) == [6]


def test_only_who_may_approve_orders_keeps_goods_and_only_where_something_is_owed(shop):
    one = order(shop, 2)
    with pytest.raises(Forbidden):
        keep(shop, one, as_="sales")
    keep(shop, one)
    with pytest.raises(Refused):
        keep(shop, one)  # it is
    delivery(shop, one, 2)()
    with pytest.raises(Refused):
        shop.act("sales-orders", one["id"], "share")
