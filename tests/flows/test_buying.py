"""Buying: ordered, received, billed. Step S01 of the month to the rupiah, and everything that is refused on the way."""

from __future__ import annotations

import pytest

from erp_app.kernel.errors import Conflict, Invalid, Refused
from erp_app.reports import catalogue
from tests.flows.firm import moment


@pytest.fixture
def shop(firm):
    """The firm with TUBE, BOX and two suppliers."""
    for code, kind in (("TUBE", "raw"), ("BOX", "packaging")):
        firm.create("items", code=code, name=code, kind=kind)
    for code in ("PT Baja", "UD Kemasan"):
        firm.create("suppliers", code=code, name=code)
    return firm


def bill(firm, receipt, supplier="PT Baja", day="2026-01-09", **more):
    return firm.post("supplier-bills", supplier=supplier, receipts=[receipt["id"]], effective_at=moment(day).isoformat(), **more)


def order(firm, quantity=100, price=50000):
    made = firm.create("purchase-orders", supplier="PT Baja", warehouse="WH", lines=[{"item": "TUBE", "quantity": quantity, "unit_price": price}])
    return firm.act("purchase-orders", made["id"], "send")


def test_the_first_week_of_the_month_comes_out_to_the_rupiah(shop):
    first = shop.received("TUBE", 100, 50000, "2026-01-02", "PT Baja")
    boxes = shop.received("BOX", 500, 1250, "2026-01-03", "UD Kemasan")
    second = shop.received("TUBE", 150, 52000, "2026-01-05", "PT Baja")
    third = shop.received("TUBE", 80, 55500, "2026-01-09", "PT Baja")
    assert shop.journal(first) == {"1-1310": 5000000, "2-1110": -5000000}
    bills = [bill(shop, one) for one in (first, second, third)] + [bill(shop, boxes, "UD Kemasan")]
    assert [one["vat"] for one in bills] == ["550000", "858000", "488400", "68750"]
    assert shop.journal(bills[0]) == {"2-1110": 5000000, "1-1500": 550000, "2-1100": -5550000}
    assert shop.balances() == {"1-1310": 17865000, "1-1500": 1965150, "2-1100": -19830150}
    assert shop.get("goods-receipts", first["id"])["state"] == "billed"


def test_a_receipt_takes_supplier_lines_and_price_from_its_order(shop):
    ordered = order(shop)
    received = shop.create("goods-receipts", purchase_order=ordered["number"])
    assert received["supplier"] == "PT Baja"
    assert received["lines"] == [received["lines"][0] | {"item": "TUBE", "quantity": "100", "unit_price": "50000", "amount": "5000000"}]


def test_an_order_follows_its_receipts_and_bills(shop):
    ordered = order(shop)
    part = shop.post("goods-receipts", purchase_order=ordered["id"], lines=[{"item": "TUBE", "quantity": 40}])
    assert shop.get("purchase-orders", ordered["id"])["state"] == "partly_received"
    rest = shop.post("goods-receipts", purchase_order=ordered["id"])
    assert rest["lines"][0]["quantity"] == "60"
    assert shop.get("purchase-orders", ordered["id"])["state"] == "received"
    shop.post("supplier-bills", supplier="PT Baja", receipts=[part["number"], rest["number"]])
    after = shop.get("purchase-orders", ordered["id"])
    assert (after["state"], after["lines"][0]["billed"]) == ("billed", "100")


def test_more_than_ordered_is_refused_with_the_quantity_that_fits(shop):
    ordered = order(shop)
    shop.post("goods-receipts", purchase_order=ordered["id"], lines=[{"item": "TUBE", "quantity": 70}])
    with pytest.raises(Refused) as refusal:
        shop.post("goods-receipts", purchase_order=ordered["id"], lines=[{"item": "TUBE", "quantity": 31}])
    assert refusal.value.code == "ERP-3013"
    assert refusal.value.data == {"document": ordered["number"], "item": "TUBE", "fits": "30"}


def test_goods_are_not_received_for_an_order_that_is_not_sent(shop):
    made = shop.create("purchase-orders", supplier="PT Baja", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1, "unit_price": 1}])
    with pytest.raises(Refused, match="is draft"):
        shop.post("goods-receipts", purchase_order=made["id"])


def test_a_receipt_without_an_order_needs_supplier_warehouse_and_price(shop):
    with pytest.raises(Invalid) as refusal:
        shop.create("goods-receipts", lines=[{"item": "TUBE", "quantity": 1}])
    assert set(refusal.value.errors) == {"supplier", "warehouse", "lines.1.unit_price"}


def test_goods_are_billed_once(shop):
    received = shop.received("TUBE", 10, 100, "2026-01-02", "PT Baja")
    early = shop.create("supplier-bills", supplier="PT Baja", receipts=[received["id"]])
    first = bill(shop, received)
    with pytest.raises(Refused, match=f"billed by {first['number']}; 0 of it"):
        shop.create("supplier-bills", supplier="PT Baja", receipts=[received["id"]])
    with pytest.raises(Refused, match=f"billed by {first['number']}; 0 of it"):
        shop.act("supplier-bills", early["id"], "post")


def test_the_same_number_of_a_supplier_is_refused_within_a_year(shop):
    one, two = (shop.received("TUBE", 10, 100, "2026-01-02", "PT Baja") for _ in range(2))
    first = bill(shop, one, supplier_number="INV 77")
    with pytest.raises(Conflict, match=first["number"]):
        bill(shop, two, supplier_number="inv77")
    bill(shop, two, supplier_number="INV 78")


def test_a_receipt_billed_in_two_parts_is_cleared_exactly(shop):
    received = shop.received("TUBE", 3, "33.3333", "2026-01-02", "PT Baja")
    for part in (1, 2):
        bill(shop, received, lines=[{"source_line": 1, "quantity": part}], tax="none")
    assert shop.balances() == {"1-1310": 100, "2-1100": -100}


def test_withholding_is_taken_off_what_is_owed(shop):
    received = shop.received("TUBE", 120, 8000, "2026-01-12", "PT Baja")
    billed = bill(shop, received, withholding="pph23")
    assert shop.journal(billed) == {"2-1110": 960000, "1-1500": 105600, "2-1210": -19200, "2-1100": -1046400}


def test_a_price_above_the_receipt_needs_approval_by_somebody_entitled(shop):
    received = shop.received("TUBE", 10, 100, "2026-01-02", "PT Baja")
    made = shop.create("supplier-bills", "finance", supplier="PT Baja", receipts=[received["id"]], lines=[{"source_line": 1, "unit_price": 110}])
    assert made["matching"] == "mismatch"
    with pytest.raises(Refused, match="difference of 100"):
        shop.act("supplier-bills", made["id"], "post", "finance")


def test_a_reversed_receipt_takes_the_goods_out_and_the_order_waits_again(shop):
    ordered = order(shop)
    received = shop.post("goods-receipts", purchase_order=ordered["id"])
    back = shop.act("goods-receipts", received["id"], "reverse", reason="wrong warehouse")
    assert back["state"] == "reversed"
    assert shop.balances() == {}
    assert shop.get("purchase-orders", ordered["id"])["state"] == "sent"
    shop.post("goods-receipts", purchase_order=ordered["id"])


def test_a_billed_receipt_cannot_be_reversed_before_its_bill(shop):
    received = shop.received("TUBE", 10, 100, "2026-01-02", "PT Baja")
    billed = bill(shop, received)
    with pytest.raises(Refused):
        shop.act("goods-receipts", received["id"], "reverse", reason="x")
    shop.act("supplier-bills", billed["id"], "reverse", reason="wrong supplier number")
    shop.act("goods-receipts", received["id"], "reverse", reason="x")
    assert shop.balances() == {}


def test_an_order_is_closed_short_with_a_reason(shop):
    ordered = order(shop)
    with pytest.raises(Refused, match="100 TUBE"):
        shop.act("purchase-orders", ordered["id"], "close")
    assert shop.act("purchase-orders", ordered["id"], "close", reason="supplier stopped")["state"] == "closed"


def test_a_dearer_bill_follows_the_goods_into_stock_and_what_was_sold(shop):
    shop.create("items", code="FG", name="FG", kind="finished")
    shop.create("customers", code="C", name="C")
    received = shop.received("FG", 10, 100, "2026-01-02", "PT Baja")
    when = moment("2026-01-05").isoformat()
    order = shop.create("sales-orders", customer="C", warehouse="WH", effective_at=when, lines=[{"item": "FG", "quantity": 4, "unit_price": 500}])
    shop.act("sales-orders", order["id"], "confirm")
    note = shop.post("delivery-notes", sales_order=order["id"], effective_at=when)
    check = shop.post("delivery-verifications", delivery_note=note["id"], effective_at=when)
    delivery = shop.act("delivery-orders", check["delivery_order"], "post")
    billed = bill(shop, received, lines=[{"source_line": 1, "unit_price": 110}])
    assert shop.journal(billed) == {"2-1110": 1000, "1-1340": 60, "5-1000": 40, "1-1500": 121, "2-1100": -1221}
    assert shop.journal(delivery) == {"5-1000": 400, "1-1350": -400}
    assert "2-1110" not in shop.balances()
    layers = catalogue.ask(shop.actor(), "stock-layers", {"item": "FG"})[1]
    assert [(row["quantity"], row["value"]) for row in layers["rows"]] == [("6", "660")]
    margin = catalogue.ask(shop.actor(), "margin", {})[1]["rows"][0]
    assert (margin["cogs"], margin["margin"]) == ("440", str(2000 - 440))
    assert catalogue.ask(shop.actor(), "integrity", {})[1]["ok"]
