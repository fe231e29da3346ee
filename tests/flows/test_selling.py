"""Selling: order, delivery note, verification, delivery order, invoice. Step S04 of the month on received goods, and its refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from erp_app.kernel import clock
from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.reports import catalogue
from tests.flows.firm import moment

CUSTOMER = "Toko Sumber Rejeki"


@pytest.fixture
def shop(firm):
    """The firm with 98 FG worth 6,526,833 in its warehouse, and a customer."""
    firm.create("items", code="FG", name="FG", kind="finished")
    firm.create("suppliers", code="PT Baja", name="PT Baja")
    firm.create("customers", code=CUSTOMER, name=CUSTOMER)
    made = firm.post(
        "goods-receipts", supplier="PT Baja", warehouse="WH", effective_at=moment("2026-01-13").isoformat(),
        lines=[{"item": "FG", "quantity": 98, "unit_price": "66600.3367"}],
    )
    assert made["total"] == "6526833"
    return firm


def ordered(firm, quantity=120, price=110000, **more):
    made = firm.create(
        "sales-orders", customer=CUSTOMER, warehouse="WH", effective_at=moment("2026-01-14").isoformat(),
        lines=[{"item": "FG", "quantity": quantity, "unit_price": price}], **more,
    )
    return firm.act("sales-orders", made["id"], "confirm")


def sent(firm, order, quantity, day="2026-01-14"):
    lines = [{"item": "FG", "quantity": quantity}]
    return firm.post("delivery-notes", sales_order=order["id"], effective_at=moment(day).isoformat(), lines=lines, vehicle="B 1234 XYZ", driver="Udin")


def verified(firm, note, as_="admin", day="2026-01-15", **line):
    lines = [{"item": "FG", **line}] if line else []
    return firm.post("delivery-verifications", as_, delivery_note=note["id"], effective_at=moment(day).isoformat(), rejects_to="QUAR", lines=lines)


def delivered(firm, order, quantity, **line):
    check = verified(firm, sent(firm, order, quantity), **line)
    return firm.act("delivery-orders", check["delivery_order"], "post")


def test_ninety_sent_two_damaged_eighty_eight_sold(shop):
    order = ordered(shop)
    note = sent(shop, order, 90)
    assert shop.journal(note) == {"1-1350": 5994030, "1-1340": -5994030}
    check = verified(shop, note, accepted=88, damaged=2, short=0, extra=0)
    assert shop.journal(check) == {"1-1360": 133201, "1-1350": -133201}
    delivery = shop.act("delivery-orders", check["delivery_order"], "post")
    assert shop.journal(delivery) == {"5-1000": 5860829, "1-1350": -5860829}
    invoice = shop.post("sales-invoices", delivery_orders=[delivery["id"]], effective_at=moment("2026-01-15").isoformat())
    assert (invoice["net"], invoice["vat"], invoice["total"]) == ("9680000", "1064800", "10744800")
    assert shop.journal(invoice) == {"1-1200": 10744800, "4-1000": -9680000, "2-1200": -1064800}
    after = shop.get("sales-orders", order["id"])
    assert (after["state"], after["lines"][0]["delivered"], after["lines"][0]["billed"]) == ("partly_delivered", "88", "88")
    assert shop.get("delivery-notes", note["id"])["state"] == "closed"
    assert shop.get("delivery-orders", delivery["id"])["state"] == "invoiced"


def test_more_than_is_in_stock_is_refused_with_what_is_short(shop):
    order = ordered(shop)
    with pytest.raises(Refused) as refusal:
        sent(shop, order, 99)
    assert refusal.value.code == "ERP-1201"
    assert "98" in refusal.value.detail
    assert "short 1" in refusal.value.detail or refusal.value.data.get("short") == "1"


def test_more_than_is_ordered_is_refused(shop):
    order = ordered(shop, 10)
    sent(shop, order, 7)
    with pytest.raises(Refused, match="3 would fit"):
        sent(shop, order, 4)


def test_an_order_that_is_not_confirmed_is_not_delivered(shop):
    made = shop.create("sales-orders", customer=CUSTOMER, warehouse="WH", lines=[{"item": "FG", "quantity": 1, "unit_price": 1}])
    with pytest.raises(Refused, match="is draft"):
        sent(shop, made, 1)


def test_a_service_is_ordered_with_the_goods_but_does_not_travel(shop):
    shop.create("items", code="FIT", name="Fitting", kind="service")
    lines = [{"item": "FG", "quantity": 2, "unit_price": 100}, {"item": "FIT", "quantity": 1, "unit_price": 50}]
    order = shop.create("sales-orders", customer=CUSTOMER, warehouse="WH", lines=lines)
    shop.act("sales-orders", order["id"], "confirm")
    assert [line["item"] for line in shop.post("delivery-notes", sales_order=order["id"])["lines"]] == ["FG"]


def test_what_nobody_lists_is_the_rest_of_the_order_and_all_accepted(shop):
    order = ordered(shop, 50)
    note = shop.post("delivery-notes", sales_order=order["id"], effective_at=moment("2026-01-14").isoformat())
    assert note["lines"][0]["quantity"] == "50"
    check = verified(shop, note)
    assert check["lines"][0]["accepted"] == "50"
    assert shop.get("delivery-orders", check["delivery_order"])["lines"][0]["quantity"] == "50"


def test_delivery_notes_are_numbered_by_warehouse_and_month_without_gaps(shop):
    order = ordered(shop, 10)
    numbers = [sent(shop, order, 1, day)["number"] for day in ("2026-01-14", "2026-01-20", "2026-02-01")]
    assert numbers == ["SJ-WH-202601-0001", "SJ-WH-202601-0002", "SJ-WH-202602-0001"]


def test_a_verification_adds_up_to_what_was_sent(shop):
    note = sent(shop, ordered(shop, 10), 10)
    with pytest.raises(Invalid, match="is not the 10 sent"):
        verified(shop, note, accepted=8, damaged=1)


def test_short_goods_are_a_stock_difference_and_owed_again(shop):
    order = ordered(shop, 98)
    check = verified(shop, sent(shop, order, 98), short=1)
    assert set(shop.journal(check)) == {"5-1200", "1-1350"}
    assert shop.get("sales-orders", order["id"])["lines"][0]["delivered"] == "97"


def test_extra_goods_are_sold_as_far_as_the_order_has_room(shop):
    order = ordered(shop, 11)
    note = sent(shop, order, 10)
    check = shop.create("delivery-verifications", delivery_note=note["id"], lines=[{"item": "FG", "extra": 2}])
    with pytest.raises(Refused, match="room for 1 extra"):
        shop.act("delivery-verifications", check["id"], "post")
    shop.update("delivery-verifications", check["id"], lines=[{"item": "FG", "extra": 1}])
    done = shop.act("delivery-verifications", check["id"], "post")
    assert shop.get("delivery-orders", done["delivery_order"])["lines"][0]["quantity"] == "11"


def test_rejects_need_the_sales_manager(shop):
    note = sent(shop, ordered(shop, 10), 10)
    check = shop.create("delivery-verifications", "sales", delivery_note=note["id"], lines=[{"item": "FG", "damaged": 1}])
    with pytest.raises(Forbidden, match="sales manager"):
        shop.act("delivery-verifications", check["id"], "post", "sales")
    shop.act("delivery-verifications", check["id"], "post", "sales_manager")


def test_a_delivery_is_verified_once(shop):
    note = sent(shop, ordered(shop, 10), 10)
    check = verified(shop, note)
    with pytest.raises(Refused, match="is verified"):
        verified(shop, note)
    assert check["state"] == "posted"


def test_a_delivery_is_billed_once(shop):
    delivery = delivered(shop, ordered(shop, 10), 10)
    early = shop.create("sales-invoices", delivery_orders=[delivery["id"]])
    first = shop.post("sales-invoices", delivery_orders=[delivery["id"]])
    with pytest.raises(Refused, match=f"billed by {first['number']}; 0 of it"):
        shop.create("sales-invoices", delivery_orders=[delivery["id"]])
    with pytest.raises(Refused, match=f"billed by {first['number']}; 0 of it"):
        shop.act("sales-invoices", early["id"], "post")


def test_one_delivery_in_two_invoices_and_two_deliveries_in_one(shop):
    order = ordered(shop, 30)
    one, two = delivered(shop, order, 10), delivered(shop, order, 20)
    shop.post("sales-invoices", delivery_orders=[one["id"]], lines=[{"item": "FG", "quantity": 4}])
    both = shop.post("sales-invoices", delivery_orders=[one["number"], two["number"]])
    assert [line["quantity"] for line in both["lines"]] == ["6", "20"]
    assert shop.get("sales-orders", order["id"])["state"] == "billed"


def test_vat_is_eleven_twelfths_of_twelve_percent_rounded_half_up(shop):
    for net, vat in ((333333, "36667"), (4, "0"), (5, "1")):
        made = shop.create("sales-invoices", customer=CUSTOMER, lines=[{"description": "service", "quantity": 1, "unit_price": net}])
        assert made["vat"] == vat


def test_an_old_document_keeps_the_vat_of_its_day(shop):
    lines = [{"description": "service", "quantity": 1, "unit_price": 1000000}]
    rates = {day: shop.create("sales-invoices", customer=CUSTOMER, effective_at=moment(day).isoformat(), lines=lines)["vat"]
             for day in ("2022-03-31", "2022-04-01", "2025-01-01")}
    assert rates == {"2022-03-31": "100000", "2022-04-01": "110000", "2025-01-01": "110000"}


def test_a_rule_of_the_company_goes_before_the_statutory_one_from_its_date(shop):
    shop.create("tax-rates", code="PPN-2026", name="PPN 12%", tax="ppn", valid_from="2026-02-01", base_numerator=1, base_denominator=1, percent=12)
    lines = [{"description": "service", "quantity": 1, "unit_price": 1000000}]
    for day, vat in (("2026-01-31", "110000"), ("2026-02-01", "120000")):
        assert shop.create("sales-invoices", customer=CUSTOMER, effective_at=moment(day).isoformat(), lines=lines)["vat"] == vat


def test_an_order_is_amended_in_place_but_never_below_what_is_delivered(shop):
    order = ordered(shop, 50)
    sent(shop, order, 20)
    with pytest.raises(Refused, match="20 FG are delivered"):
        shop.act("sales-orders", order["id"], "amend", lines=[{"item": "FG", "quantity": 19, "unit_price": 100000}])
    after = shop.act("sales-orders", order["id"], "amend", lines=[{"item": "FG", "quantity": 20, "unit_price": 100000}])
    assert (after["state"], after["net"], after["total"]) == ("delivered", "2000000", "2220000")


def test_an_order_over_the_limit_is_held_with_the_amount_and_released_by_the_sales_manager(shop):
    shop.create("customer-grades", code="B", name="Grade B", credit_limit=15000000)
    shop.update("customers", CUSTOMER, grade="B")
    order = ordered(shop, 120)
    delivery = delivered(shop, order, 90, damaged=2)
    shop.post("sales-invoices", delivery_orders=[delivery["id"]])
    exposure = catalogue.ask(shop.actor(), "credit-exposure", {"customer": CUSTOMER})[1]["rows"][0]
    assert (exposure["orders"], exposure["delivered"], exposure["invoices"], exposure["exposure"]) == ("3907200", "0", "10744800", "14652000")
    second = ordered(shop, 5)
    assert second["state"] == "credit_hold"
    assert second["over_limit_by"] == "262500"
    with pytest.raises(Refused, match="credit hold"):
        sent(shop, second, 5)
    with pytest.raises(Forbidden):
        shop.act("sales-orders", second["id"], "release", "sales")
    assert shop.act("sales-orders", second["id"], "release", "sales_manager", reason="pays tomorrow")["state"] == "confirmed"
    sent(shop, second, 5)


def test_a_reversed_delivery_note_brings_the_goods_back_and_the_order_owes_them(shop):
    order = ordered(shop, 98)
    note = sent(shop, order, 98)
    shop.act("delivery-notes", note["id"], "reverse", reason="truck broke down")
    assert shop.get("sales-orders", order["id"])["lines"][0]["delivered"] == "0"
    assert shop.balances() == {"1-1340": 6526833, "2-1110": -6526833}
    sent(shop, order, 98, (clock.today("Asia/Jakarta") + timedelta(days=2)).isoformat())


def test_a_verified_delivery_is_not_reversed(shop):
    note = sent(shop, ordered(shop, 10), 10)
    verified(shop, note)
    with pytest.raises(Refused):
        shop.act("delivery-notes", note["id"], "reverse", reason="too late")


def test_a_reversed_invoice_lets_the_delivery_be_billed_again(shop):
    delivery = delivered(shop, ordered(shop, 10), 10)
    invoice = shop.post("sales-invoices", delivery_orders=[delivery["id"]])
    shop.act("sales-invoices", invoice["id"], "reverse", reason="wrong date")
    assert shop.get("delivery-orders", delivery["id"])["state"] == "posted"
    shop.post("sales-invoices", delivery_orders=[delivery["id"]])


def test_an_order_closed_short_needs_a_reason_and_frees_its_goods(shop):
    order = ordered(shop, 10)
    with pytest.raises(Refused, match="10 FG"):
        shop.act("sales-orders", order["id"], "close")
    assert shop.act("sales-orders", order["id"], "close", reason="customer gave up")["state"] == "closed"


def test_a_verification_happens_after_the_departure(shop):
    note = sent(shop, ordered(shop, 10), 10, "2026-01-14")
    check = shop.create("delivery-verifications", delivery_note=note["id"], effective_at="2026-01-13")
    with pytest.raises(Invalid, match="left later"):
        shop.act("delivery-verifications", check["id"], "post")
    shop.update("delivery-verifications", check["id"], effective_at="2026-01-14")
    done = shop.act("delivery-verifications", check["id"], "post")
    assert done["effective_at"] == note["effective_at"]


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_without_a_quantity_is_refused_at_its_field(shop, quantity):
    lines = [{"item": "FG", "quantity": quantity, "unit_price": 1}]
    for plural, data in (
        ("sales-orders", {"customer": CUSTOMER, "warehouse": "WH"}), ("purchase-orders", {"supplier": "PT Baja", "warehouse": "WH"}),
        ("goods-receipts", {"supplier": "PT Baja", "warehouse": "WH"}), ("sales-invoices", {"customer": CUSTOMER}),
    ):
        with pytest.raises(Invalid) as refusal:
            shop.create(plural, lines=lines, **data)
        assert refusal.value.errors == {"lines.1.quantity": "must be above zero"}
