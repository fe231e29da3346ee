"""Steps S06, S07 and S11 of the month with the documents entered by the REST API: journals, layers, balances and corrections to the rupiah."""

from __future__ import annotations

import pytest

from erp_app.kernel import bus
from tests.flows.caller import log_in
from tests.flows.firm import Firm
from tests.flows.month import STEPS, Month


@pytest.fixture(scope="module")
def month(admin_url):
    """The month up to S11, checked at each step that is about costs over time; reports of the end of January are kept on the way."""
    assert admin_url
    bus.client().flushdb()  # the count of requests of a minute
    firm = Firm()
    played = Month(log_in(firm, "admin"), firm.tenant, log_in(firm, "manager"))
    played.prepare()
    return played


def right(month: Month, step: str) -> None:
    """Compare everything with what the book says after a step."""
    expected = STEPS[step]["expected"]
    bus.client().flushdb()
    assert {name: month.journal(name) for name in expected["journals"]} == expected["journals"]
    assert {name: month.journal(name, "correction") for name in expected.get("corrections", {})} == expected.get("corrections", {})
    assert month.stock() == expected["stock"]
    assert month.balances() == expected["balances"]
    assert month.api.get("reports/integrity")["ok"]


def test_freight_after_the_goods_were_used_and_sold_follows_them_everywhere(month):
    month.play("S01", "S02", "S03", "S04")
    right(month, "S04")
    month.play("S06")
    right(month, "S06")


def test_a_receipt_entered_sixteen_days_late_is_previewed_and_makes_exactly_the_corrections_of_the_book(month):
    late, bill = STEPS["S07"]["documents"]
    draft = month.api.post("goods-receipts", supplier="PT Baja", warehouse="WH", effective_at=late["date"],
                           lines=[{"item": "TUBE", "quantity": late["qty"], "unit_price": late["price"]}])
    shown = month.api.post(f"goods-receipts/{draft['id']}/preview/post", 200)
    expected = STEPS["S07"]["expected"]["corrections"]
    names = {record["number"]: name for name, (_, record) in month.posted.items()}
    found: dict[str, dict[str, int]] = {}
    for one in shown["effects"]["documents"]:
        if one["number"] != draft["number"]:
            lines = found.setdefault(names[one["number"]], {})
            for line in one["lines"]:
                lines[line["account"]] = lines.get(line["account"], 0) + line["debit"] - line["credit"]
    assert found == expected
    assert {one["document"]: one["cogs_change"] for one in shown["effects"]["margins"]} == {month.posted["DO-1"][1]["number"]: -120475}
    done = month.api.act("goods-receipts", draft["id"], "post", preview_token=shown["token"])
    month.posted["GR-0"] = ("goods-receipts", done)
    month.enter(bill)
    right(month, "S07")


def test_freight_in_february_leaves_locked_january_byte_for_byte_and_its_reports_as_printed(month):
    for step in ("S08", "S09", "S10"):
        month.play(step)
        month.settle()
        right(month, step)
    month.api.act("periods", "2026-01", "lock")
    before = month.january()
    printed = month.balances(as_of="2026-01-31")
    month.play("S11")
    right(month, "S11")
    assert month.january() == before
    assert month.balances(as_of="2026-01-31") == printed


def test_the_sources_of_what_was_sold_add_up_to_its_hpp(month):
    for name in ("DO-1", "DO-2", "DO-3"):
        trace = month.api.get(f"reports/cost-trace?document=delivery-orders/{month.id_of(name)}")
        assert trace["proof"]["ok"], name
        assert sum(int(one["value"]) for one in trace["proof"]["sources"]) == int(trace["proof"]["hpp"])


def test_each_unit_sold_has_its_own_sources_and_they_add_up_to_the_line(month):
    path = f"reports/cost-trace?document=delivery-orders/{month.id_of('DO-3')}"
    whole, units = month.api.get(path), [month.api.get(f"{path}&line=1&unit={number}") for number in range(1, 6)]
    assert sum(int(one["proof"]["hpp"]) for one in units) == int(whole["proof"]["hpp"])
    assert all(one["proof"]["ok"] for one in units)
    assert {one["proof"]["quantity"] for one in units} == {"1"}
    assert month.api.call("GET", f"{path}&line=1&unit=6").status_code == 422


def test_what_flows_into_a_document_is_what_flows_out_of_it(month):
    trace = month.api.get(f"reports/cost-trace?document=sales-invoices/{month.id_of('INV-1')}")
    hpp, invoice = int(trace["proof"]["hpp"]), month.id_of("INV-1")
    ends = {one["id"]: int(one.get("value", 0)) for one in trace["nodes"] if one["id"] > 0}
    for node, bought in ends.items():
        into = sum(int(one["value"]) for one in trace["edges"] if one["to"] == node) + bought
        out = sum(int(one["value"]) for one in trace["edges"] if one["from"] == node)
        assert into == (hpp if node == invoice else out), node
    assert {one["number"] for one in trace["nodes"] if one["id"] < 0} == {"2-1120 Outsource fee not billed", "5-1300 Finishing overhead applied"}
