"""Every report has two dates, and what was known on a day is shown the same for ever, whatever is corrected later."""

from __future__ import annotations

import json

import pytest

from erp_app.kernel import bus, clock
from erp_app.reports.catalogue import REPORTS
from tests.flows.caller import log_in
from tests.flows.firm import Firm
from tests.flows.month import STEPS, Month

ASKED = {"stock-card": "item=TUBE&", "general-ledger": "account=1-1310&", "cost-trace": "document={DO-1}&", "document-journals": "document={DO-1}&"}
DATED = sorted(name for name, one in REPORTS.items() if one.dated)


@pytest.fixture(scope="module")
def printed(admin_url):
    """All reports as printed before the receipt of S07 came late, the moment of printing, and the month after it."""
    assert admin_url
    firm = Firm()
    month = Month(log_in(firm, "admin"), firm.tenant, log_in(firm, "manager"))
    month.prepare()
    month.play("S01", "S02", "S03", "S04", "S06")
    moment = clock.now().isoformat()
    before = {name: answer(month, name, f"known_on={moment}") for name in DATED}
    late, bill = STEPS["S07"]["documents"]
    draft = month.api.post("goods-receipts", supplier="PT Baja", warehouse="WH", effective_at=late["date"],
                           lines=[{"item": "TUBE", "quantity": late["qty"], "unit_price": late["price"]}])
    shown = month.api.post(f"goods-receipts/{draft['id']}/preview/post", 200)
    month.posted["GR-0"] = ("goods-receipts", month.api.act("goods-receipts", draft["id"], "post", preview_token=shown["token"]))
    month.enter(bill)
    return month, moment, before


def answer(month, name, when):
    bus.client().flushdb()
    asked = ASKED.get(name, "").replace("{DO-1}", f"delivery-orders/{month.id_of('DO-1')}")
    return month.api.get(f"reports/{name}?{asked}{when}".replace("+", "%2B"))


@pytest.mark.parametrize("name", DATED)
def test_a_report_printed_before_a_late_receipt_is_reproduced_after_it(printed, name):
    month, moment, before = printed
    assert answer(month, name, f"known_on={moment}") == before[name]


@pytest.mark.parametrize("name", sorted({*DATED} - {"aged-receivables"}))  # what customers owe is not changed by what goods cost
def test_the_same_report_as_known_today_says_something_else(printed, name):
    month, _, before = printed
    assert json.dumps(answer(month, name, "")) != json.dumps(before[name])


def test_stock_of_a_day_is_what_lay_there_then_at_what_it_was_worth_then(printed):
    month, moment, _ = printed
    rows = {(one["item"], one["place"]): (one["on_hand"], one["value"]) for one in answer(month, "stock", "as_of=2026-01-11")["rows"]}
    assert rows["TUBE", "VENDOR"] == ("200", str(60 * 48000 + 100 * 50000 + 40 * 52000))
    then = {(one["item"], one["place"]): (one["on_hand"], one["value"]) for one in answer(month, "stock", f"as_of=2026-01-11&known_on={moment}")["rows"]}
    assert then["TUBE", "VENDOR"] == ("200", "10200000")
