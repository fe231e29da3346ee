"""The rest of the month through the ledgers: to the closing of January, and a freight that comes in February (S09 to S11)."""

import hashlib

import pytest

from erp_app.kernel.errors import Refused
from tests.ledger import test_month as month
from tests.ledger.company import Company, units


def play_s09(company):
    company.post(
        "SETOR-2",
        "2026-01-23",
        [("TUBE", "VENDOR", "PRODUCTION", 77, {"transform": True}), ("SF", "PRODUCTION", "WH", 77, {"transform": True, "weight": units(77)})],
        lines={"outsource_fee": -616_000},
        transform=month.Transform(616_000),
    )
    tax = {"outsource_fee": 616_000, "vat_in": month.vat(616_000), "withholding": -12_320, "ap/CV Bubut Jaya": -671_440}
    company.post("BILL-J2", "2026-01-23", lines=tax)
    made = [
        ("SF", "WH", "PRODUCTION", 97, {"transform": True}),
        ("BOX", "WH", "PRODUCTION", 97, {"transform": True}),
        ("FG", "PRODUCTION", "WH", 97, {"transform": True, "weight": units(97)}),
    ]
    company.post("FIN-2", "2026-01-24", made, lines={"overhead": -436_500}, transform=month.Transform(436_500))
    deliver(company, 2, "2026-01-25", 32)


def deliver(company, number, day, quantity):
    with company.work() as work:
        company.document(work, f"SJ-{number}"), company.document(work, f"DO-{number}")
    company.post(f"SJ-{number}", day, [("FG", "WH", f"TRANSIT:SJ-{number}", quantity)])
    company.post(f"DO-{number}", day, [("FG", f"TRANSIT:SJ-{number}", f"CUSTOMER:DO-{number}", quantity)])
    net = quantity * 110_000
    company.post(f"INV-{number}", day, lines={"ar/Toko Sumber Rejeki": net + month.vat(net), "sales": -net, "vat_out": -month.vat(net)})


def play_s10(company):
    company.post("RCV-1", "2026-01-26", lines={"1-1110": 11_993_500, "6-1000": 6_500, "ar/Toko Sumber Rejeki": -12_000_000})
    company.post("PAY-1", "2026-01-27", lines={"ap/PT Baja": 15_000_000, "1-1110": -15_000_000})
    deliver(company, 3, "2026-01-28", 5)
    company.post("FINACT", "2026-01-30", lines={"5-1310": 900_000, "1-1110": -900_000})
    company.post("OPN-1", "2026-01-30", [("FG", "WH", "ADJUST", 1)])
    with company.work() as work:
        work.run("UPDATE accounting_period SET state = 'locked' WHERE code = '2026-01'")


def play_s11(company):
    month.landed(company, "LC-2", "2026-02-03", {"GR-2": 240_000})
    company.post("BILL-L2", "2026-02-03", lines={"landed_cost": 240_000, "ap/Ekspedisi Lancar": -240_000})


def january(company):
    """Return a hash of every row of the ledgers up to January, in the order they were stored."""
    with company.work() as work:
        rows = work.rows(
            "SELECT e::text AS row FROM journal_entry e WHERE date < '2026-02-01'"
            " UNION ALL SELECT l::text FROM journal_line l WHERE date < '2026-02-01'"
            " UNION ALL SELECT p::text FROM cost_piece p WHERE date < '2026-02-01' UNION ALL SELECT m::text FROM stock_move m ORDER BY 1",
        )
    return len(rows), hashlib.sha256("\n".join(row["row"] for row in rows).encode()).hexdigest()


@pytest.fixture(scope="module")
def company(admin_url):
    """The month up to S10, January locked."""
    company = Company.found(903, month.ITEMS)
    for play in (month.play_s01, month.play_s02, month.play_s03, month.play_s04, month.play_s06, month.play_s07, month.play_s08):
        play(company)
    for step, play in {"S09": play_s09, "S10": play_s10}.items():
        play(company)
        month.check(company, step)
    return company


def test_freight_in_february_goes_where_the_goods_are_and_january_stays_byte_for_byte(company):
    before = january(company)
    assert before[0] > 100
    play_s11(company)
    month.check(company, "S11")
    assert january(company) == before


def test_a_late_receipt_into_locked_january_is_refused_with_the_first_open_date(company):
    before = january(company)
    with pytest.raises(Refused) as refused:
        month.receipt(company, "GR-LATE", "2026-01-20", "TUBE", 1, 50_000)
    assert refused.value.code == "ERP-1203"
    assert "1 Feb 2026" in refused.value.detail
    assert january(company) == before
