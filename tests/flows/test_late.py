"""A receipt entered weeks late: what was sold since is corrected, nothing earlier is rewritten, and yesterday's reports stay as they were."""

from __future__ import annotations

import pytest

from erp_app.document import registry, service
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue
from tests.flows.firm import moment
from workers.costing import replay


@pytest.fixture
def shop(firm):
    """100 FG at 50,000 on 2 January, 90 of them sold on the 14th and 15th, two damaged."""
    firm.item = firm.create("items", code="FG", name="FG", kind="finished")["id"]
    firm.create("suppliers", code="S", name="S")
    firm.create("customers", code="C", name="C")
    firm.first = firm.received("FG", 100, 50000, "2026-01-02", "S")
    dated = moment("2026-01-14").isoformat()
    order = firm.create("sales-orders", customer="C", warehouse="WH", effective_at=dated, lines=[{"item": "FG", "quantity": 90, "unit_price": 110000}])
    firm.act("sales-orders", order["id"], "confirm")
    firm.note = firm.post("delivery-notes", sales_order=order["id"], effective_at=dated)
    firm.check = firm.post("delivery-verifications", delivery_note=firm.note["id"], rejects_to="QUAR", effective_at=moment("2026-01-15").isoformat(),
                           lines=[{"item": "FG", "damaged": 2}])
    firm.delivery = firm.act("delivery-orders", firm.check["delivery_order"], "post")
    return firm


def ask(firm, name, **given):
    return catalogue.ask(firm.actor(), name, given)[1]


def late(firm, quantity=60, price=48000, day="2026-01-01"):
    return firm.create("goods-receipts", supplier="S", warehouse="WH", effective_at=moment(day).isoformat(),
                       lines=[{"item": "FG", "quantity": quantity, "unit_price": price}])


def journals(firm, plural, record):
    """Signed amounts by account of each journal, with its kind."""
    found = ask(firm, "document-journals", document=f"{plural}/{record['id']}")["journals"]
    return [(one["kind"], one["date"], {line["account"]: int(line["debit"]) - int(line["credit"]) for line in one["lines"]}) for one in found]


def test_what_was_sold_is_corrected_and_nothing_earlier_is_touched(shop):
    before = {plural: journals(shop, plural, record) for plural, record in (("delivery-notes", shop.note), ("delivery-orders", shop.delivery))}
    made = late(shop)
    posted = shop.act("goods-receipts", made["id"], "post")
    assert posted["pending"]
    replay(system_actor(shop.tenant), str(shop.item))
    assert journals(shop, "goods-receipts", made) == [("original", "2026-01-01", {"1-1340": 2880000, "2-1110": -2880000})]
    # 90 out of 60 x 48,000 and 30 x 50,000: 4,380,000 instead of 4,500,000; two of them, the first ones, are damaged.
    assert journals(shop, "delivery-notes", shop.note) == [*before["delivery-notes"], ("correction", "2026-01-14", {"1-1340": 120000, "1-1350": -120000})]
    assert journals(shop, "delivery-verifications", shop.check)[1:] == [("correction", "2026-01-15", {"1-1350": 4000, "1-1360": -4000})]
    assert journals(shop, "delivery-orders", shop.delivery)[1:] == [("correction", "2026-01-15", {"1-1350": 116000, "5-1000": -116000})]
    layers = ask(shop, "stock-layers")
    assert not layers["pending"]
    assert [(row["place"], row["quantity"], row["value"]) for row in layers["rows"]] == [("QUAR", "2", "96000"), ("WH", "70", "3500000")]
    assert ask(shop, "margin")["rows"][0]["cogs"] == str(60 * 48000 - 96000 + 30 * 50000)
    assert ask(shop, "integrity")["ok"]


def test_a_report_of_yesterday_stays_what_it_was(shop):
    questions = [("trial-balance", {}), ("stock-layers", {}), ("stock-card", {"item": "FG"}), ("margin", {}), ("balance-sheet", {"as_of": "2026-01-31"})]
    known = clock.now().isoformat()
    before = [ask(shop, name, known_on=known, **given) for name, given in questions]
    shop.act("goods-receipts", late(shop)["id"], "post")
    replay(system_actor(shop.tenant), str(shop.item))
    assert [ask(shop, name, known_on=known, **given) for name, given in questions] == before
    assert ask(shop, "trial-balance") != before[0]


def test_the_preview_shows_exactly_what_posting_and_worker_then_do(shop):
    made = late(shop)
    shown = service.preview(shop.actor(), registry.get("goods-receipts"), made["id"], "post")["effects"]
    assert {one["number"] for one in shown["documents"]} == {made["number"], shop.note["number"], shop.check["number"], shop.delivery["number"]}
    before = {row["account"]: int(row["debit"]) - int(row["credit"]) for row in ask(shop, "trial-balance")["rows"]}
    shop.act("goods-receipts", made["id"], "post")
    replay(system_actor(shop.tenant), str(shop.item))
    after = {row["account"]: int(row["debit"]) - int(row["credit"]) for row in ask(shop, "trial-balance")["rows"]}
    changes = {code: after.get(code, 0) - before.get(code, 0) for code in sorted({*before, *after}) if after.get(code, 0) != before.get(code, 0)}
    assert {one["account"]: one["change"] for one in shown["accounts"]} == changes


def test_a_late_delivery_that_would_leave_a_later_one_short_is_refused_with_what_fits(shop):
    order = shop.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "FG", "quantity": 20, "unit_price": 1}])
    shop.act("sales-orders", order["id"], "confirm")
    note = shop.create("delivery-notes", sales_order=order["id"], effective_at=moment("2026-01-10").isoformat(), lines=[{"item": "FG", "quantity": 11}])
    with pytest.raises(Refused) as refusal:
        shop.act("delivery-notes", note["id"], "post")
    assert refusal.value.code == "ERP-1201"
    assert shop.note["number"] in refusal.value.detail
    assert "10" in refusal.value.detail


def test_nothing_is_entered_into_a_locked_month(shop):
    shop.act("periods", "2026-01", "lock")
    with pytest.raises(Refused, match="1 Feb 2026"):
        shop.act("goods-receipts", late(shop)["id"], "post")


def test_the_books_of_another_item_are_not_touched(shop):
    shop.create("items", code="BOX", name="BOX", kind="packaging")
    box = shop.received("BOX", 10, 100, "2026-01-20", "S")
    before = journals(shop, "goods-receipts", box)
    shop.act("goods-receipts", late(shop)["id"], "post")
    with unit_of_work(system_actor(shop.tenant)) as work:
        assert {row["code"] for row in work.rows("SELECT DISTINCT i.code FROM hpp_queue q JOIN item i ON i.id = q.item_id")} == {"FG"}
    replay(system_actor(shop.tenant), str(shop.item))
    assert journals(shop, "goods-receipts", box) == before
