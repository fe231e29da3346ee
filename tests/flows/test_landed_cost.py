"""Landed cost follows the goods: step S06 of the month on what has documents, and what a preview says beforehand."""

from __future__ import annotations

import pytest

from erp_app.document import registry, service
from erp_app.kernel.errors import Conflict, Invalid, Refused
from tests.flows.firm import moment


@pytest.fixture
def tubes(firm):
    """Three receipts of the month: 100 x 50,000, 150 x 52,000, 80 x 55,500; 200 moved to another warehouse."""
    firm.create("items", code="TUBE", name="Tube", kind="raw")
    for code in ("PT Baja", "Ekspedisi Lancar"):
        firm.create("suppliers", code=code, name=code)
    firm.receipts = [
        firm.received("TUBE", quantity, price, day, "PT Baja")
        for quantity, price, day in ((100, 50000, "2026-01-02"), (150, 52000, "2026-01-05"), (80, 55500, "2026-01-09"))
    ]
    return firm


def landed(firm, **more):
    data = {"supplier": "Ekspedisi Lancar", "method": "quantity", "amount": 990000, "effective_at": moment("2026-01-17").isoformat()}
    return firm.create("landed-costs", **{**data, "receipts": [one["id"] for one in firm.receipts], **more})


def moved(firm):
    """200 tubes go to quarantine on 10 January."""
    day = moment("2026-01-10").isoformat()
    transfer = firm.create("stock-transfers", **{"from": "WH", "to": "QUAR", "effective_at": day, "lines": [{"item": "TUBE", "quantity": 200}]})
    firm.act("stock-transfers", transfer["id"], "receive")
    return transfer


def test_freight_by_quantity_is_300_450_and_240_thousand(tubes):
    cost = landed(tubes)
    assert [share["amount"] for share in cost["shares"]] == ["300000", "450000", "240000"]


def test_freight_by_value_adds_up(tubes):
    cost = landed(tubes, method="value")
    assert sum(int(share["amount"]) for share in cost["shares"]) == 990000


def test_freight_follows_the_goods_to_where_they_are(tubes):
    moved(tubes)
    cost = landed(tubes)
    shown = service.preview(tubes.actor(), registry.get("landed-costs"), cost["id"], "post")
    done = tubes.act("landed-costs", cost["id"], "post")
    assert done["state"] == "posted"
    assert tubes.journal(cost) == {"1-1310": 390000, "1-1360": 600000, "2-1130": -990000}
    assert {row["account"]: row["change"] for row in shown["effects"]["accounts"]} == {"1-1310": 390000, "1-1360": 600000, "2-1130": -990000}


def test_manual_shares_must_add_up(tubes):
    with pytest.raises(Invalid, match="add up to 100"):
        landed(tubes, method="manual", receipts=[], shares=[{"receipt": tubes.receipts[0]["id"], "amount": 100}])


def test_weight_without_weights_is_refused(tubes):
    with pytest.raises(Invalid, match="has a weight"):
        landed(tubes, method="weight")


def test_a_preview_is_kept_to_or_refused(tubes):
    cost = landed(tubes)
    shown = service.preview(tubes.actor(), registry.get("landed-costs"), cost["id"], "post")
    moved(tubes)
    with pytest.raises(Conflict) as refusal:
        tubes.act("landed-costs", cost["id"], "post", preview_token=shown["token"])
    assert refusal.value.code == "ERP-1411"
    assert tubes.get("landed-costs", cost["id"])["state"] == "draft"
    done = tubes.act("landed-costs", cost["id"], "post", preview_token=refusal.value.data["token"])
    assert done["state"] == "posted"
    assert tubes.journal(cost) == {"1-1310": 390000, "1-1360": 600000, "2-1130": -990000}


def test_a_late_receipt_is_previewed_with_the_documents_it_corrects(tubes):
    transfer = moved(tubes)
    late = tubes.create(
        "goods-receipts", supplier="PT Baja", warehouse="WH", effective_at=moment("2026-01-04").isoformat(),
        lines=[{"item": "TUBE", "quantity": 60, "unit_price": 48000}],
    )
    shown = service.preview(tubes.actor(), registry.get("goods-receipts"), late["id"], "post")
    corrected = [one for one in shown["effects"]["documents"] if one["kind"] == "correction"]
    assert [(one["number"], one["date"]) for one in corrected] == [(transfer["number"], "2026-01-10")]
    changes = {line["account"]: line["debit"] - line["credit"] for line in corrected[0]["lines"]}
    assert changes == {"1-1360": -240000, "1-1310": 240000}
    done = tubes.act("goods-receipts", late["id"], "post", preview_token=shown["token"])
    assert done["state"] == "posted"


def test_the_carrier_bills_the_landed_cost_once(tubes):
    cost = landed(tubes)
    tubes.act("landed-costs", cost["id"], "post")
    bill = tubes.create("supplier-bills", supplier="Ekspedisi Lancar", tax="none", landed_costs=[cost["id"]], effective_at=moment("2026-01-17").isoformat())
    posted = tubes.act("supplier-bills", bill["id"], "post")
    assert (posted["net"], posted["total"]) == ("990000", "990000")
    assert tubes.journal(bill) == {"2-1130": 990000, "2-1100": -990000}
    assert tubes.get("landed-costs", cost["id"])["state"] == "billed"
    with pytest.raises(Refused, match="billed once"):
        tubes.create("supplier-bills", supplier="Ekspedisi Lancar", tax="none", landed_costs=[cost["id"]])


def test_a_bill_above_the_receipt_follows_the_goods(tubes):
    receipt = tubes.receipts[0]
    bill = tubes.create("supplier-bills", supplier="PT Baja", receipts=[receipt["id"]], lines=[{"source_line": 1, "unit_price": 50600}])
    tubes.act("supplier-bills", bill["id"], "post")
    assert tubes.journal(bill) == {"2-1110": 5000000, "1-1310": 60000, "1-1500": 556600, "2-1100": -5616600}


def test_a_reversal_is_previewed_and_then_done_exactly_so(tubes):
    sent = tubes.create("stock-transfers", **{"from": "WH", "to": "WH2", "lines": [{"item": "TUBE", "quantity": 5}]})
    tubes.act("stock-transfers", sent["id"], "receive")
    shown = service.preview(tubes.actor(), registry.get("stock-transfers"), sent["id"], "reverse", {"reason": "-"})
    again = service.preview(tubes.actor(), registry.get("stock-transfers"), sent["id"], "reverse", {"reason": "-"})
    assert again["token"] == shown["token"]  # the reversal's own record has another id in every try
    done = tubes.act("stock-transfers", sent["id"], "reverse", reason="Entered twice", preview_token=shown["token"])
    assert done["state"] == "reversed"
