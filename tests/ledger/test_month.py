"""S01 and S04 of the month, and the chain between them, at posting level: journals, layers and balances to the rupiah."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from erp_app.costing.settle import settle
from erp_app.kernel.errors import Refused
from erp_app.posting import service
from erp_app.posting.models import Posting, Revaluation, Transform
from erp_app.reports.integrity import prove
from tests.ledger.company import Company, day, units

MONTH = json.loads((Path(__file__).parents[1] / "scenarios" / "month.json").read_text(encoding="utf-8"))["steps"]
ITEMS = {"TUBE": "raw", "BOX": "packaging", "SF": "semi_finished", "FG": "finished"}


def vat(net):
    return (2 * net * 11 * 12 + 1200) // 2400


def bill(company, number, when, vendor, net, **extra):
    lines = {"grni": net, "vat_in": vat(net), f"ap/{vendor}": -net - vat(net)} | extra
    company.post(number, when, lines=lines)


def receipt(company, number, when, item, quantity, price):
    company.post(number, when, [(item, "SUPPLIER", "WH", quantity, {"value": quantity * price})])


def play_s01(company):
    company.post("CAP", "2026-01-01", lines={"bank": 200_000_000, "capital": -200_000_000})
    receipt(company, "GR-1", "2026-01-02", "TUBE", 100, 50_000)
    receipt(company, "GR-B", "2026-01-03", "BOX", 500, 1_250)
    receipt(company, "GR-2", "2026-01-05", "TUBE", 150, 52_000)
    receipt(company, "GR-3", "2026-01-09", "TUBE", 80, 55_500)
    bill(company, "BILL-1", "2026-01-09", "PT Baja", 5_000_000)
    bill(company, "BILL-2", "2026-01-09", "PT Baja", 7_800_000)
    bill(company, "BILL-3", "2026-01-09", "PT Baja", 4_440_000)
    bill(company, "BILL-B", "2026-01-09", "UD Kemasan", 625_000)


def play_s02(company):
    company.post("KIRIM-1", "2026-01-10", [("TUBE", "WH", "VENDOR", 200)])
    company.post("SETOR-1", "2026-01-12", [
        ("TUBE", "VENDOR", "PRODUCTION", 123, {"transform": True}),
        ("SF", "PRODUCTION", "WH", 120, {"transform": True, "weight": units(120)}),
    ], lines={"outsource_fee": -960_000}, transform=Transform(960_000))
    company.post("BILL-J1", "2026-01-12", lines={
        "outsource_fee": 960_000, "vat_in": vat(960_000), "withholding": -19_200, "ap/CV Bubut Jaya": -1_046_400,
    })


def play_s03(company):
    company.post("FIN-1", "2026-01-13", [
        ("SF", "WH", "PRODUCTION", 100, {"transform": True}),
        ("BOX", "WH", "PRODUCTION", 98, {"transform": True}),
        ("FG", "PRODUCTION", "WH", 98, {"transform": True, "weight": units(98)}),
    ], lines={"overhead": -441_000}, transform=Transform(441_000))


def play_s04(company):
    with company.work() as work:
        sj, do = company.document(work, "SJ-1"), company.document(work, "DO-1")
    assert sj != do
    company.post("SJ-1", "2026-01-14", [("FG", "WH", "TRANSIT:SJ-1", 90)])
    company.post("NC-1", "2026-01-15", [("FG", "TRANSIT:SJ-1", "QUAR", 2)])
    company.post("DO-1", "2026-01-15", [("FG", "TRANSIT:SJ-1", "CUSTOMER:DO-1", 88)])
    net = 9_680_000
    company.post("INV-1", "2026-01-15", lines={"ar/Toko Sumber Rejeki": net + vat(net), "sales": -net, "vat_out": -vat(net)})


def landed(company, number, when, shares):
    """A landed cost over receipts: {receipt: amount}."""
    with company.work() as work:
        document = company.document(work, number)
        amounts = [Revaluation(company.receipt_move(work, receipt), amount, "landed_cost") for receipt, amount in shares.items()]
        return service.post(work, Posting(document, day(when), revaluations=amounts))


def play_s06(company):
    landed(company, "LC-1", "2026-01-17", {"GR-1": 300_000, "GR-2": 450_000, "GR-3": 240_000})
    company.post("BILL-L1", "2026-01-17", lines={"landed_cost": 990_000, "ap/Ekspedisi Lancar": -990_000})


def play_s07(company):
    receipt(company, "GR-0", "2026-01-04", "TUBE", 60, 48_000)
    bill(company, "BILL-0", "2026-01-20", "PT Baja", 2_880_000)
    with company.work() as work:
        settle(work, company.ids["TUBE"])


def play_s08(company):
    net = 550_000
    company.post("SRET-1", "2026-01-21", [("FG", "CUSTOMER:DO-1", "WH", 5, {"keep_origin": False})],
                 lines={"sales_returns": net, "vat_out": vat(net), "ar/Toko Sumber Rejeki": -net - vat(net)})
    with company.work() as work:
        source = company.receipt_move(work, "GR-3")
    net = 555_000
    company.post("PRET-1", "2026-01-22", [("TUBE", "WH", "SUPPLIER", 10, {"source_move_id": source, "to_account": "variance"})],
                 lines={"ap/PT Baja": net + vat(net), "vat_in": -vat(net), "variance": -net})
    company.post("QRES-1", "2026-01-22", [("FG", "QUAR", "WH", 1, {"keep_origin": False}), ("FG", "QUAR", "SCRAP", 1)])


def check(company, step):
    """Compare journals, layers and balances with the month's expectation after a step."""
    expected = MONTH[step]["expected"]
    for number, lines in expected["journals"].items():
        assert company.journal(number) == lines, number
    for number, lines in expected.get("corrections", {}).items():
        assert company.journal(number, "correction") == lines, number
    for queue, stock in expected["stock"].items():
        item, place = queue.split("@")
        assert company.layers(item, place) == stock["layers"], queue
        assert company.on_hand(item, place) == stock["qty"]
    assert company.balances() == {code: amount for code, amount in expected["balances"].items() if amount}


@pytest.fixture(scope="module")
def played(admin_url):
    """The month up to S08, each step checked as it was played."""
    company = Company.found(901, ITEMS)
    steps = {"S01": play_s01, "S02": play_s02, "S03": play_s03, "S04": play_s04, "S06": play_s06, "S07": play_s07, "S08": play_s08}
    for step, play in steps.items():
        play(company)
        check(company, step)
    return company


def test_the_month_up_to_the_returns_is_right_to_the_rupiah(played):
    assert played.journal("SJ-1") == {"1-1350": 5_994_030, "1-1340": -5_994_030}
    assert played.balances()["5-1000"] == 5_674_632


def test_the_month_is_proved_by_the_integrity_report(played):
    with played.work() as work:
        answer = prove(work)
    assert [(check["name"], check["offenders"]) for check in answer["checks"] if check["violations"]] == []
    assert answer["ok"]
    empty = ("sealed", "handed on", "stuck", "whole", "movements say", "of each party")
    assert all(check["rows_checked"] for check in answer["checks"] if not check["name"].endswith(empty))


def test_a_delivery_of_99_out_of_98_is_refused_short_by_one(played):
    company = Company.found(902, ITEMS)
    receipt(company, "GR-9", "2026-01-13", "FG", 98, 66_600)
    with pytest.raises(Refused) as refusal:
        company.post("SJ-9", "2026-01-14", [("FG", "WH", "TRANSIT", 99)])
    assert refusal.value.code == "ERP-1201"
    assert refusal.value.detail == "FG at WH goes short by 1 on 14 Jan 2026 with SJ-9: 98 fit."
    assert refusal.value.data["fits"] == "98"
    assert company.on_hand("FG", "WH") == 98
