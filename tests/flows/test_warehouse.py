"""Moving and counting goods of ours."""

from __future__ import annotations

import pytest

from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.reports import catalogue
from tests.flows.firm import moment


@pytest.fixture
def shop(firm):
    """The firm with 100 FG at 50,000 in WH."""
    firm.create("items", code="FG", name="FG", kind="finished")
    firm.create("suppliers", code="PT Baja", name="PT Baja")
    firm.received("FG", 100, 50000, "2026-01-02", "PT Baja")
    return firm


def transfer(firm, quantity, source="WH", target="WH2"):
    return firm.create("stock-transfers", **{"from": source, "to": target}, effective_at=moment("2026-01-05").isoformat(),
                       lines=[{"item": "FG", "quantity": quantity}])


def count(firm, counted, as_="warehouse"):
    return firm.create("stock-counts", as_, place="WH", effective_at=moment("2026-01-30").isoformat(), lines=[{"item": "FG", "counted": counted}])


def test_what_holds_goods_and_goods_that_are_somewhere_stay_in_use(shop):
    for resource, code, said in (("places", "WH", "WH still holds 100 FG"), ("items", "FG", r"FG still lies at WH \(100\)")):
        with pytest.raises(Refused, match=said) as refusal:
            shop.update(resource, code, active=False)
        assert refusal.value.code == "ERP-1224"
    shop.act("stock-transfers", transfer(shop, 100)["id"], "receive")
    assert shop.update("places", "WH", active=False)["active"] is False


def test_goods_are_in_transit_until_they_arrive(shop):
    made = transfer(shop, 40)
    shop.act("stock-transfers", made["id"], "send")
    assert shop.balances()["1-1350"] == 2000000
    done = shop.act("stock-transfers", made["id"], "receive")
    assert done["state"] == "received"
    assert shop.balances() == {"1-1340": 5000000, "2-1110": -5000000}


def test_receiving_a_transfer_that_was_not_sent_does_both(shop):
    assert shop.act("stock-transfers", transfer(shop, 40)["id"], "receive")["state"] == "received"
    shop.act("stock-transfers", transfer(shop, 40, "WH2", "QUAR")["id"], "receive")
    assert shop.balances()["1-1360"] == 2000000


def test_goods_arrive_when_people_say_or_at_the_transfers_date(shop):
    made = transfer(shop, 10)
    shop.act("stock-transfers", made["id"], "send")
    with pytest.raises(Invalid, match="cannot arrive before"):
        shop.act("stock-transfers", made["id"], "receive", effective_at="2026-01-04T00:00:00+07:00")
    shop.act("stock-transfers", made["id"], "receive", effective_at="2026-01-07T10:00:00+07:00")
    card = catalogue.ask(shop.actor(), "stock-card", {"item": "FG", "place": "WH2"})[1]["rows"]
    assert [row["effective_at"][:10] for row in card] == ["2026-01-07"]


def test_goods_without_a_date_move_when_they_are_posted(shop):
    made = shop.create("stock-transfers", **{"from": "WH", "to": "WH2"}, lines=[{"item": "FG", "quantity": 10}])
    sent = shop.act("stock-transfers", made["id"], "send")
    assert sent["effective_at"] > made["effective_at"]
    shop.act("stock-transfers", made["id"], "receive")
    assert shop.balances() == {"1-1340": 5000000, "2-1110": -5000000}


def test_more_than_is_there_is_not_transferred(shop):
    with pytest.raises(Refused, match="100"):
        shop.act("stock-transfers", transfer(shop, 101)["id"], "send")


def test_goods_are_not_transferred_to_where_they_are_nor_to_a_customer(shop):
    for target in ("WH", "CUSTOMER", "CUSTOMERS"):
        with pytest.raises(Invalid):
            transfer(shop, 1, "WH", target)


def test_a_transfer_on_its_way_can_be_brought_back(shop):
    made = transfer(shop, 40)
    shop.act("stock-transfers", made["id"], "send")
    shop.act("stock-transfers", made["id"], "reverse", reason="road closed")
    assert shop.balances() == {"1-1340": 5000000, "2-1110": -5000000}


def test_a_count_is_blind_until_somebody_else_approves_it(shop):
    made = count(shop, 99)
    assert made["lines"][0]["expected"] is None
    approved = shop.act("stock-counts", made["id"], "approve", "manager")
    assert approved["lines"][0] | {"expected": "100", "difference": "-1"} == approved["lines"][0]
    shop.act("stock-counts", made["id"], "post", "manager")
    assert shop.journal(made) == {"5-1200": 50000, "1-1340": -50000}


def test_who_counted_does_not_approve(shop):
    made = count(shop, 99, "manager")
    with pytest.raises(Forbidden, match="Somebody else"):
        shop.act("stock-counts", made["id"], "approve", "manager")


def test_goods_found_come_in_at_the_last_known_cost(shop):
    made = count(shop, 103)
    shop.act("stock-counts", made["id"], "post", "manager")
    assert shop.journal(made) == {"1-1340": 150000, "5-1200": -150000}


def test_a_count_that_agrees_books_nothing(shop):
    made = count(shop, 100)
    assert shop.act("stock-counts", made["id"], "post", "manager")["state"] == "posted"
    assert shop.journal(made) == {}


def test_an_item_is_counted_once_in_a_count(shop):
    with pytest.raises(Invalid, match="counted above"):
        shop.create("stock-counts", place="WH", lines=[{"item": "FG", "counted": 1}, {"item": "FG", "counted": 2}])


def test_a_recount_is_blind_again(shop):
    made = count(shop, 90)
    shop.act("stock-counts", made["id"], "approve", "manager")
    again = shop.act("stock-counts", made["id"], "recount", "manager")
    assert (again["state"], again["lines"][0]["expected"]) == ("draft", None)


def test_a_received_transfer_and_a_posted_count_can_be_undone(shop):
    made = transfer(shop, 40)
    shop.act("stock-transfers", made["id"], "receive")
    counted = count(shop, 50)
    shop.act("stock-counts", counted["id"], "post", "manager")
    assert shop.journal(counted) == {"5-1200": 500000, "1-1340": -500000}
    shop.act("stock-counts", counted["id"], "reverse", "manager", reason="counted the wrong shelf")
    shop.act("stock-transfers", made["id"], "reverse", reason="wrong warehouse")
    assert shop.balances() == {"1-1340": 5000000, "2-1110": -5000000}
    layers = catalogue.ask(shop.actor(), "stock-layers", {})[1]["rows"]
    assert sorted((row["place"], row["quantity"]) for row in layers) == [("WH", "100")]
    assert catalogue.ask(shop.actor(), "integrity", {})[1]["ok"]
