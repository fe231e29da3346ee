"""What looks wrong is found once, has an owner and a due time, and is settled with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from erp_app.anomaly import service
from erp_app.document import registry
from erp_app.document import service as documents
from erp_app.i18n import refusals
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import dashboard
from erp_app.reports.integrity import prove
from tests.anomaly.spoiled import spoil


def received(firm, *, price=50000, quantity=10, days_ago=0):
    at = (clock.now() - timedelta(days=days_ago)).isoformat()
    return firm.post("goods-receipts", supplier="PT Baja", warehouse="WH", effective_at=at, lines=[{"item": "TUBE", "quantity": quantity, "unit_price": price}])


def scanned(firm) -> dict[str, list[dict]]:
    """Run all rules and return the open findings by kind."""
    with unit_of_work(system_actor(firm.tenant)) as work:
        service.scan(work)
        rows = work.rows("SELECT id, kind, title, detail, document_number, amount, due_at, item_id, number FROM anomaly WHERE state = 'open' ORDER BY id")
    kinds: dict[str, list[dict]] = {}
    for row in rows:
        assert refusals.finding(row["title"], "id") != row["title"], "a finding without Indonesian in erp_app/i18n/refusals.id.json"
        assert refusals.finding(row["detail"], "id") != row["detail"] or row["kind"] == "negative_attempt"  # what somebody was refused
        kinds.setdefault(row["kind"], []).append(row)
    return kinds


def test_a_receipt_recorded_five_days_late_is_found_once(firm):
    receipt = received(firm, days_ago=5)
    found = scanned(firm)["late_input"]
    assert [row["document_number"] for row in found] == [receipt["number"]]
    assert found[0]["amount"] == 500000
    assert len(scanned(firm)["late_input"]) == 1


def test_a_receipt_recorded_at_once_is_no_finding(firm):
    received(firm)
    assert "late_input" not in scanned(firm)


def test_a_price_a_third_higher_is_found_and_one_a_tenth_higher_is_not(firm):
    received(firm, price=50000)
    received(firm, price=55000)
    assert "price_jump" not in scanned(firm)
    dear = received(firm, price=73000)
    found = scanned(firm)["price_jump"]
    assert [(row["document_number"], row["title"]) for row in found] == [(dear["number"], "Price up 33 %")]


def test_goods_without_cost_are_found(firm):
    gift = received(firm, price=0)
    assert [row["document_number"] for row in scanned(firm)["zero_cost"]] == [gift["number"]]


def test_an_attempt_to_take_more_than_there_is_leaves_a_trace(firm):
    received(firm, quantity=10)
    transfer = firm.create("stock-transfers", **{"from": "WH", "to": "WH2", "lines": [{"item": "TUBE", "quantity": 11}]})
    with pytest.raises(Refused):
        firm.act("stock-transfers", transfer["id"], "send")
    found = scanned(firm)["negative_attempt"]
    assert len(found) == 1
    assert "TUBE at WH goes short by 1" in found[0]["detail"]


def test_a_receipt_nobody_billed_for_two_weeks_is_found(firm):
    receipt = received(firm, days_ago=15)
    assert [row["document_number"] for row in scanned(firm)["receipt_without_bill"]] == [receipt["number"]]


def test_goods_that_passed_no_gate_are_found_and_those_with_a_gate_event_are_not(firm):
    with_gate = received(firm, days_ago=2)
    without = received(firm, days_ago=2)
    event = firm.create("gate-events", direction="in", plate="B 1234 XYZ", paper=with_gate["number"])
    assert event["state"] == "matched"
    assert [row["document_number"] for row in scanned(firm)["missing_gate"]] == [without["number"]]


def test_a_quantity_far_beyond_what_is_usual_is_found(firm):
    for _ in range(10):
        received(firm, quantity=10)
    huge = received(firm, quantity=1000)
    assert [row["document_number"] for row in scanned(firm)["quantity_outlier"]] == [huge["number"]]


def test_a_rule_is_tried_over_the_past_without_storing_anything(firm):
    received(firm, days_ago=30)
    tried = firm.act("anomaly-rules", "late_input", "try", days=60)
    assert tried["found"] == 1
    assert "late_input" not in {row["kind"] for row in _stored(firm)}
    with pytest.raises(Invalid):
        firm.act("anomaly-rules", "late_input", "try", days=5000)


def test_a_finding_is_ignored_only_with_a_reason(firm):
    received(firm, price=0)
    finding = scanned(firm)["zero_cost"][0]
    with pytest.raises(Invalid):
        firm.act("anomalies", finding["id"], "ignore")
    settled = firm.act("anomalies", finding["id"], "ignore", reason="A sample, free of charge")
    assert (settled["state"], settled["reason"]) == ("ignored", "A sample, free of charge")
    assert "zero_cost" not in scanned(firm)


def test_repairing_an_item_in_order_changes_nothing_and_says_so(firm):
    received(firm, price=0)
    finding = scanned(firm)["zero_cost"][0]
    shown = documents.preview(firm.actor(), registry.get("anomalies"), finding["id"], "repair", {"reason": "-"})
    assert (shown["effects"]["documents"], shown["differences"]) == ([], [])
    with pytest.raises(Invalid):
        firm.act("anomalies", finding["id"], "repair")
    done = firm.act("anomalies", finding["id"], "repair", reason="To be sure", preview_token=shown["token"])
    assert (done["state"], done["reason"].partition("\n")[0]) == ("fixed", "To be sure")
    assert (done["repair"]["pieces"], done["repair"]["documents"]) == (0, 0)


def _stored(firm):
    with unit_of_work(system_actor(firm.tenant)) as work:
        return work.rows("SELECT kind FROM anomaly")


def test_a_wrong_piece_is_found_as_an_anomaly_of_its_item_previewed_approved_and_corrected_by_a_linked_journal(firm):
    received(firm, quantity=10, price=50000)
    transfer = firm.create("stock-transfers", **{"from": "WH", "to": "WH2", "lines": [{"item": "TUBE", "quantity": 4}]})
    firm.act("stock-transfers", transfer["id"], "receive")
    spoil(firm.tenant, transfer["id"], 777)
    findings = {row["item_id"]: row for row in scanned(firm)["integrity"]}
    finding = next(row for item, row in findings.items() if item is not None)
    shown = documents.preview(firm.actor(), registry.get("anomalies"), finding["id"], "repair", {"reason": "-"})
    assert {(one["document"], one["change"]) for one in shown["differences"]} == {(transfer["number"], -777)}
    assert _integrity(firm)
    done = firm.act("anomalies", finding["id"], "repair", reason="Wrong by 777", preview_token=shown["token"])
    assert done["repair"]["pieces"] == 1
    assert _integrity(firm) == []
    with unit_of_work(system_actor(firm.tenant)) as work:
        assert work.value("SELECT count(*) FROM record_link WHERE from_id = %s AND to_id = %s", (finding["id"], transfer["id"])) == 1
        assert work.value("SELECT state FROM stock_fix_queue WHERE cause_document_id = %s", (finding["id"],)) == "done"


def _integrity(firm):
    with unit_of_work(system_actor(firm.tenant)) as work:
        return [(check["name"], check["offenders"]) for check in prove(work)["checks"] if check["violations"]]


def test_a_finding_waits_for_whoever_it_was_given_to_and_for_nobody_else(firm):
    receipt = received(firm, days_ago=5)
    (finding,) = scanned(firm)["late_input"]

    def waits_for(role):
        with unit_of_work(firm.actor(role)) as work:
            return [row["number"] for row in dashboard.waiting(work)]

    assert finding["number"] not in waits_for("admin")
    firm.act("anomalies", finding["id"], "assign", assignee=firm.actor("manager").username)
    assert waits_for("manager")[0] == finding["number"]
    assert finding["number"] not in waits_for("admin")
    assert receipt["number"] not in waits_for("manager")
