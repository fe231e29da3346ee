"""The textbook month by the REST API: S01 to the rupiah, then S04 on received goods, refusals as problems, one effect per key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from erp_app.kernel import bus
from tests.flows.caller import log_in

MONTH = json.loads((Path(__file__).parents[1] / "scenarios" / "month.json").read_text(encoding="utf-8"))["steps"]
S01 = MONTH["S01"]
CUSTOMER = "Toko Sumber Rejeki"


@pytest.fixture
def api(firm):
    bus.client().flushdb()  # the count of requests of a minute
    caller = log_in(firm, "admin")
    for code, kind in (("TUBE", "raw"), ("BOX", "packaging"), ("FG", "finished")):
        caller.post("items", code=code, name=code, kind=kind, unit="pcs")
    for code in ("PT Baja", "UD Kemasan"):
        caller.post("suppliers", code=code, name=code)
    caller.post("customers", code=CUSTOMER, name=CUSTOMER)
    return caller


def journal(api, resource, record):
    """Signed amounts by account of the document's original journals."""
    found = api.get(f"reports/document-journals?document={resource}/{record['id']}")["journals"]
    amounts = {}
    for one in found:
        for line in one["lines"] if one["kind"] == "original" else ():
            amounts[line["account"]] = amounts.get(line["account"], 0) + int(line["debit"]) - int(line["credit"])
    return amounts


def play_first_step(api):
    """Post every document of S01; return the resource and record of each by its name in the month."""
    posted, suppliers = {}, {}
    for one in S01["documents"]:
        if one["kind"] == "journal entry":
            lines = [{"account": MONTH_ACCOUNTS[name], "debit" if amount > 0 else "credit": abs(amount)} for name, amount in one["lines"].items()]
            posted[one["id"]] = ("journal-entries", api.posted("journal-entries", effective_at=one["date"], lines=lines))
        elif one["kind"] == "goods receipt":
            suppliers[one["id"]] = "UD Kemasan" if one["item"] == "BOX" else "PT Baja"
            lines = [{"item": one["item"], "quantity": one["qty"], "unit_price": one["price"]}]
            data = {"supplier": suppliers[one["id"]], "warehouse": "WH", "effective_at": one["date"], "lines": lines, "reference": one["id"]}
            posted[one["id"]] = ("goods-receipts", api.posted("goods-receipts", **data))
        else:
            source = posted[one["of"]][1]["id"]
            data = {"supplier": one["vendor"], "supplier_number": one["id"], "receipts": [source], "effective_at": one["date"], "tax": "ppn"}
            posted[one["id"]] = ("supplier-bills", api.posted("supplier-bills", **data))
    return posted


MONTH_ACCOUNTS = json.loads((Path(__file__).parents[1] / "scenarios" / "month.json").read_text(encoding="utf-8"))["accounts"]


def test_the_first_week_by_the_api_has_the_journals_layers_and_balances_of_the_book(api):
    posted = play_first_step(api)
    assert {name: journal(api, *one) for name, one in posted.items()} == S01["expected"]["journals"]
    trial = api.get("reports/trial-balance")
    assert {row["account"]: int(row["debit"]) - int(row["credit"]) for row in trial["rows"]} == S01["expected"]["balances"]
    names = {record["number"]: name for name, (_, record) in posted.items()}
    found = {
        f"{row['item']}@{row['place']}": {
            "qty": int(row["quantity"]), "value": int(row["value"]),
            "layers": [[names[layer["source"]], int(layer["quantity"]), int(layer["value"])] for layer in row["layers"]],
        }
        for row in api.get("reports/stock-layers")["rows"]
    }
    assert found == S01["expected"]["stock"]
    payable = api.get("reports/aged-payables")
    assert {row["party"]: int(row["total"]) for row in payable["rows"]} == S01["expected"]["payable"]
    assert api.get("reports/integrity")["ok"]


def test_ninety_go_out_two_come_back_damaged_and_eighty_eight_are_billed(api):
    goods = [{"item": "FG", "quantity": 98, "unit_price": "66600.3367"}]
    api.posted("goods-receipts", supplier="PT Baja", warehouse="WH", effective_at="2026-01-13", lines=goods)
    order = api.post("sales-orders", customer=CUSTOMER, warehouse="WH", effective_at="2026-01-14", tax="ppn",
                     lines=[{"item": "FG", "quantity": 120, "unit_price": 110000}])
    assert (order["state"], order["total"], order["version"]) == ("draft", "14652000", 1)
    api.act("sales-orders", order["number"], "confirm")
    too_many = api.post("delivery-notes", sales_order=order["number"], effective_at="2026-01-14", lines=[{"item": "FG", "quantity": 99}])
    refused = api.act("delivery-notes", too_many["id"], "post", 409)
    assert refused["code"] == "ERP-1201"
    assert "short" in refused["detail"]
    note = api.posted("delivery-notes", sales_order=order["id"], effective_at="2026-01-14", lines=[{"item": "FG", "quantity": 90}], vehicle="B 1", driver="U")
    assert journal(api, "delivery-notes", note) == {"1-1350": 5994030, "1-1340": -5994030}
    check = api.posted("delivery-verifications", delivery_note=note["number"], rejects_to="QUAR", effective_at="2026-01-15",
                       lines=[{"item": "FG", "accepted": 88, "damaged": 2, "short": 0, "extra": 0}])
    assert journal(api, "delivery-verifications", check) == {"1-1360": 133201, "1-1350": -133201}
    delivery = api.act("delivery-orders", check["delivery_order"], "post")
    assert journal(api, "delivery-orders", delivery) == {"5-1000": 5860829, "1-1350": -5860829}
    invoice = api.posted("sales-invoices", delivery_orders=[delivery["id"]], effective_at="2026-01-15")
    assert journal(api, "sales-invoices", invoice) == MONTH["S04"]["expected"]["journals"]["INV-1"]
    assert api.get("reports/aged-receivables")["total"]["total"] == "10744800"
    assert api.get(f"sales-orders/{order['id']}")["state"] == "partly_delivered"
    assert api.get("reports/margin?by=customer")["rows"][0]["margin"] == str(9680000 - 5860829)
    trace = api.get(f"reports/cost-trace?document=delivery-orders/{delivery['id']}")
    assert [one["value"] for one in trace["sources"]] == ["5860829"]
    assert len(trace["nodes"]) >= 2


def test_one_key_has_one_effect(api):
    data = {"supplier": "PT Baja", "warehouse": "WH", "lines": [{"item": "TUBE", "quantity": 1, "unit_price": 1}]}
    first, second = (api.call("POST", "goods-receipts", data, **{"Idempotency-Key": "abc"}).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert api.get("goods-receipts")["total"] == 1


def test_a_preview_shows_and_stores_nothing(api):
    made = api.post("goods-receipts", supplier="PT Baja", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1, "unit_price": 5}])
    shown = api.post(f"goods-receipts/{made['id']}/preview/post", 200)
    assert shown["after"]["state"] == "posted"
    assert api.get(f"goods-receipts/{made['id']}")["state"] == "draft"
    assert api.get("reports/trial-balance")["rows"] == []


def test_a_wrong_role_is_refused_and_sees_no_prices(firm, api):
    made = api.post("goods-receipts", supplier="PT Baja", warehouse="WH", lines=[{"item": "TUBE", "quantity": 1, "unit_price": 5}])
    sales, store = log_in(firm, "sales"), log_in(firm, "warehouse")
    assert sales.call("POST", f"goods-receipts/{made['id']}/actions/post", {}).status_code in (403, 404)
    assert sales.call("GET", "reports/trial-balance").status_code == 403
    seen = store.get(f"goods-receipts/{made['id']}")
    assert "total" not in seen
    assert "unit_price" not in seen["lines"][0]


def test_reports_come_as_files_and_wrong_questions_as_problems(api):
    for kind, start in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        answer = api.call("GET", f"reports/trial-balance?format={kind}")
        assert answer.content.startswith(start)
        assert "attachment" in answer.headers["content-disposition"]
    wrong = api.call("GET", "reports/stock-card?item=nothing")
    assert (wrong.status_code, wrong.json()["code"], set(wrong.json()["errors"])) == (422, "ERP-3401", {"item"})
    assert api.call("GET", "reports/nonsense").status_code == 404


def test_programs_learn_which_reports_they_may_ask(firm, api):
    assert {"trial-balance", "stock-layers", "integrity"} <= {one["name"] for one in api.get("reports")["items"]}
    seen = {one["name"] for one in log_in(firm, "warehouse").get("reports")["items"]}
    assert "stock-card" in seen
    assert "trial-balance" not in seen
