"""Reports: the figures of the month's first week, as of any day and as known on any day; files; who may see what."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Forbidden, Invalid, NotFound
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service as posting
from erp_app.posting.models import JournalLine, Posting
from erp_app.reports import catalogue, files
from tests.flows.caller import log_in
from tests.flows.firm import moment

MONTH = json.loads((Path(__file__).parents[1] / "scenarios" / "month.json").read_text(encoding="utf-8"))
S01 = MONTH["steps"]["S01"]["expected"]


@pytest.fixture
def shop(firm):
    """The firm after S01: capital, four receipts, four bills."""
    for code, kind in (("TUBE", "raw"), ("BOX", "packaging")):
        firm.create("items", code=code, name=code, kind=kind)
    for code in ("PT Baja", "UD Kemasan"):
        firm.create("suppliers", code=code, name=code)
    with unit_of_work(system_actor(firm.tenant)) as work:
        lines = [JournalLine("bank", debit=200000000), JournalLine("capital", credit=200000000)]
        paper = work.value(
            "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
            " VALUES (%s, nextval('record_id_seq'), 'papers', 'CAP', '', '', '') RETURNING id", [firm.tenant],
        )
        posting.post(work, Posting(paper, moment("2026-01-01"), lines=lines))
    firm.receipts = {
        "GR-1": firm.received("TUBE", 100, 50000, "2026-01-02", "PT Baja"), "GR-B": firm.received("BOX", 500, 1250, "2026-01-03", "UD Kemasan"),
        "GR-2": firm.received("TUBE", 150, 52000, "2026-01-05", "PT Baja"), "GR-3": firm.received("TUBE", 80, 55500, "2026-01-09", "PT Baja"),
    }
    for key, receipt in firm.receipts.items():
        supplier = "UD Kemasan" if key == "GR-B" else "PT Baja"
        firm.post("supplier-bills", supplier=supplier, receipts=[receipt["id"]], effective_at=moment("2026-01-09").isoformat())
    return firm


def ask(firm, name, as_="admin", **given):
    return catalogue.ask(firm.actor(as_), name, {key: str(value) for key, value in given.items()})[1]


def signed(answer):
    return {row["account"]: int(row["debit"]) - int(row["credit"]) for row in answer["rows"]}


def test_trial_balance_of_the_first_week(shop):
    answer = ask(shop, "trial-balance")
    assert signed(answer) == S01["balances"]
    assert answer["total_debit"] == answer["total_credit"] == str(219830150)


def test_trial_balance_as_of_a_day_counts_that_whole_day(shop):
    assert signed(ask(shop, "trial-balance", as_of="2026-01-04"))["1-1310"] == 5625000
    assert signed(ask(shop, "trial-balance", as_of="2026-01-05"))["1-1310"] == 13425000


@pytest.mark.parametrize("question", [{}, {"as_of": "2026-01-31"}, {"known_on": "2999-01-01"}])
def test_stock_layers_of_the_first_week_from_cache_and_from_history(shop, question):
    numbers = {receipt["number"]: key for key, receipt in shop.receipts.items()}
    answer = ask(shop, "stock-layers", **question)
    found = {
        f"{row['item']}@{row['place']}": {
            "qty": int(row["quantity"]), "value": int(row["value"]),
            "layers": [[numbers[layer["source"]], int(layer["quantity"]), int(layer["value"])] for layer in row["layers"]],
        }
        for row in answer["rows"]
    }
    assert found == S01["stock"]


def test_layers_of_an_earlier_day_are_cut_as_they_were_then(shop):
    made = shop.create("stock-transfers", **{"from": "WH", "to": "WH2"}, effective_at=moment("2026-01-10").isoformat(),
                       lines=[{"item": "TUBE", "quantity": 120}])
    shop.act("stock-transfers", made["id"], "receive")
    before = ask(shop, "stock-layers", as_of="2026-01-09", item="TUBE")
    after = ask(shop, "stock-layers", item="TUBE")
    assert [(row["place"], row["quantity"]) for row in before["rows"]] == [("WH", "330")]
    assert [(row["place"], row["quantity"], row["value"]) for row in after["rows"]] == [("WH", "210", "11200000"), ("WH2", "120", "6040000")]
    assert before["total"] == after["total"]
    assert ask(shop, "stock-layers", as_of="2026-01-10", item="TUBE")["rows"] == after["rows"]


def test_what_was_not_known_yet_does_not_count(shop):
    known = clock.now().isoformat()
    shop.received("TUBE", 10, 1000, "2026-01-09", "PT Baja")
    assert signed(ask(shop, "trial-balance", known_on=known)) == S01["balances"]
    assert signed(ask(shop, "trial-balance"))["1-1310"] == S01["balances"]["1-1310"] + 10000
    assert ask(shop, "stock-layers", known_on=known, item="TUBE")["total"] == "17240000"


def test_stock_card_runs_in_the_order_of_events(shop):
    shop.received("TUBE", 5, 1000, "2026-01-04", "PT Baja")
    answer = ask(shop, "stock-card", item="TUBE", place="WH")
    assert [(row["in"], row["balance"]) for row in answer["rows"]] == [("100", "100"), ("5", "105"), ("150", "255"), ("80", "335")]
    assert (answer["balance"], answer["value"]) == ("335", "17245000")


def test_document_journals_show_original_and_reversal(shop):
    made = shop.received("TUBE", 5, 1000, "2026-01-04", "PT Baja")
    shop.act("goods-receipts", made["id"], "reverse", reason="typed twice")
    journals = ask(shop, "document-journals", document=f"goods-receipts/{made['id']}")["journals"]
    assert [one["kind"] for one in journals] == ["original", "reversal"]
    assert [(line["account"], line["debit"]) for line in journals[0]["lines"]] == [("1-1310", "5000"), ("2-1110", "0")]


def test_aged_payables_equal_the_ledger_and_age_by_due_date(shop):
    answer = ask(shop, "aged-payables", as_of="2026-02-10")
    assert {row["party"]: int(row["total"]) for row in answer["rows"]} == S01["payable"]
    assert answer["total"] | {"days_1_30": "19830150", "not_due": "0"} == answer["total"]
    assert ask(shop, "aged-payables", as_of="2026-01-09")["total"]["not_due"] == "19830150"
    assert len(answer["open"]) == 4


def test_a_reversed_bill_is_no_longer_open(shop):
    made = shop.received("TUBE", 5, 1000, "2026-01-04", "PT Baja")
    bill = shop.post("supplier-bills", supplier="PT Baja", receipts=[made["id"]])
    shop.act("supplier-bills", bill["id"], "reverse", reason="wrong")
    assert {row["party"]: int(row["total"]) for row in ask(shop, "aged-payables")["rows"]} == S01["payable"]


def test_general_ledger_runs_to_the_balance(shop):
    answer = ask(shop, "general-ledger", account="1-1310", **{"from": "2026-01-03"})
    assert (answer["opening"], answer["closing"], len(answer["rows"])) == ("5000000", "17865000", 3)


def test_general_ledger_of_all_accounts_runs_each_to_its_balance(shop):
    answer = ask(shop, "general-ledger", **{"from": "2026-01-03"})
    last = {row["account"]: int(row["balance"]) for row in answer["rows"]}
    standing = shop.balances()
    assert {account: amount for account, amount in last.items() if amount} == {account: standing[account] for account in last if account in standing}
    assert [row["account"] for row in answer["rows"]] == sorted(row["account"] for row in answer["rows"])
    assert (answer["closing"], "1-1310" in last) == ("0", True)


def test_moments_carry_the_offset_of_the_company(shop):
    card = ask(shop, "stock-card", item="TUBE")["rows"][0]
    layer = ask(shop, "stock-layers", item="TUBE")["rows"][0]["layers"][0]
    made = ask(shop, "cost-trace", document=f"goods-receipts/{shop.receipts['GR-1']['id']}")["nodes"][0]
    assert card["effective_at"] == layer["effective_at"] == made["effective_at"] == "2026-01-02T09:00:00+07:00"
    assert card["recorded_at"].endswith("+07:00")


def test_balance_sheet_balances_and_profit_is_what_was_earned(shop):
    sheet = ask(shop, "balance-sheet")
    assert sheet["balanced"]
    assert sheet["assets"] == "219830150"
    shown = catalogue.REPORTS["balance-sheet"].rows_of(sheet)
    assert next(row["amount"] for row in shown if row["name"] == "Total") == shown[-1]["amount"] == sheet["assets"]
    assert ask(shop, "profit-and-loss", **{"from": "2026-01-01"})["profit"] == "0"


def test_cost_trace_leads_from_a_transfer_back_to_receipts(shop):
    made = shop.create("stock-transfers", **{"from": "WH", "to": "WH2"}, effective_at=moment("2026-01-10").isoformat(),
                       lines=[{"item": "TUBE", "quantity": 120}])
    shop.act("stock-transfers", made["id"], "receive")
    answer = ask(shop, "cost-trace", document=f"stock-transfers/{made['number']}")
    names = {receipt["number"]: key for key, receipt in shop.receipts.items()}
    sources = [(names.get(one["source"]), one["quantity"], one["value"]) for one in answer["sources"]]
    assert sources == [("GR-1", "100", "5000000"), ("GR-2", "20", "1040000")]
    assert {node["number"] for node in answer["nodes"]} == {made["number"], shop.receipts["GR-1"]["number"], shop.receipts["GR-2"]["number"]}


def test_stock_at_a_glance_knows_reserved_goods(shop):
    shop.create("customers", code="C", name="C")
    order = shop.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "BOX", "quantity": 30, "unit_price": 1}])
    shop.act("sales-orders", order["id"], "confirm")
    row = next(row for row in ask(shop, "stock")["rows"] if row["item"] == "BOX")
    assert (row["on_hand"], row["reserved"], row["available"], row["value"]) == ("500", "30", "470", "625000")


def test_ageing_by_the_day_the_goods_came(shop):
    row = next(row for row in ask(shop, "stock-ageing", as_of="2026-02-05")["rows"] if row["item"] == "TUBE")
    assert (row["days_0_30"], row["days_31_60"]) == ("4440000", "12800000")


def test_who_may_not_see_costs_gets_quantities_only(shop):
    row = ask(shop, "stock", "warehouse")["rows"][0]
    assert "on_hand" in row
    assert "value" not in row
    assert "value" not in json.dumps(ask(shop, "stock-layers", "warehouse"))


def test_reports_have_rights_of_their_own(shop):
    with pytest.raises(Forbidden):
        ask(shop, "trial-balance", "warehouse")


def test_a_wrong_question_names_the_parameter(shop):
    with pytest.raises(Invalid) as refusal:
        ask(shop, "stock-card", item="NOTHING", as_of="yesterday", colour="red")
    assert set(refusal.value.errors) == {"item", "as_of", "colour"}
    with pytest.raises(Invalid, match="is required"):
        ask(shop, "stock-card")
    with pytest.raises(NotFound):
        ask(shop, "nonsense")


@pytest.mark.parametrize("name", sorted(catalogue.REPORTS))
def test_every_report_is_also_a_file_in_three_formats(shop, name):
    given = {"item": "TUBE"} if name == "stock-card" else {}
    if name in ("document-journals", "cost-trace"):
        given = {"document": f"goods-receipts/{shop.receipts['GR-1']['id']}"}
    report, answer = catalogue.ask(shop.actor(), name, given)
    with unit_of_work(shop.actor()) as work:
        made = {kind: files.make(work, report, answer, kind, set()) for kind in files.MEDIA}
    rows = list(csv.reader(io.StringIO(made["csv"].decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(made["xlsx"])).active
    assert rows[0] == [cell.value for cell in sheet[1]] == [column.label for column in report.columns]
    assert len(rows) == sheet.max_row == len(report.rows_of(answer)) + 1
    assert made["pdf"].startswith(b"%PDF")


def test_a_cell_of_a_file_never_runs(shop):
    shop.create("items", code="=1+1", name="@SUM(A1)", kind="raw")
    shop.received("=1+1", 1, 1, "2026-01-09", "PT Baja")
    report, answer = catalogue.ask(shop.actor(), "stock", {})
    with unit_of_work(shop.actor()) as work:
        text = files.make(work, report, answer, "csv", set()).decode("utf-8-sig")
    assert "'=1+1,'@SUM(A1)" in text


def test_a_day_further_on_is_no_different(shop):
    assert ask(shop, "trial-balance", as_of=(clock.today("Asia/Jakarta") + timedelta(days=1)).isoformat()) == ask(shop, "trial-balance")


def test_a_file_says_of_which_day_it_is_and_as_of_when_it_was_known(shop):
    api = log_in(shop, "admin")
    answer = api.call("GET", "reports/trial-balance?format=xlsx&as_of=2026-01-31")
    name = answer.headers["content-disposition"]
    assert re.search(r'filename="trial-balance_2026-01-31_known-\d{4}-\d\d-\d\dT\d{4}\.xlsx"', name), name
    about = {row[0].value: row[1].value for row in openpyxl.load_workbook(io.BytesIO(answer.content))["About"]}
    assert about["As of"] == "2026-01-31"
    path = "reports/trial-balance?format=csv&as_of=2026-01-31"
    printed = path + f"&known_on={about['As known on']}".replace("+", "%2B")
    before = api.call("GET", printed).content
    shop.received("TUBE", 1, 1, "2026-01-09", "PT Baja")
    assert api.call("GET", printed).content == before
    assert api.call("GET", path).content != before
