"""Reversals: everything a document did is undone by a linked one, or refused with the document that stands in the way."""

from __future__ import annotations

import pytest

from erp_app.costing.settle import settle
from erp_app.kernel.errors import Refused
from erp_app.posting import service
from erp_app.posting.models import Posting, Revaluation, Transform
from tests.ledger.company import day, units


def receive(company, number, when, quantity, price=100, item="FG"):
    return company.post(number, when, [(item, "SUPPLIER", "WH", quantity, {"value": quantity * price})])


def deliver(company, number, when, quantity):
    with company.work() as work:
        company.document(work, number)
    return company.post(number, when, [("FG", "WH", f"TRANSIT:{number}", quantity)])


def reverse(company, number, when):
    with company.work() as work:
        posted = service.reverse(work, company.document(work, number), day(when))
        name = work.value("SELECT number FROM record_ref WHERE id = %s", (posted.document_id,))
    company.ids[name] = posted.document_id
    return name


def test_a_reversed_receipt_leaves_nothing_on_hand_nothing_in_money_and_both_papers(company):
    receive(company, "GR-1", "2026-01-05", 10)
    name = reverse(company, "GR-1", "2026-01-07")
    assert company.balances() == {}
    assert company.on_hand("FG", "WH") == 0
    assert company.layers("FG", "WH") == []
    assert company.journal(name, "reversal") == {"2-1110": 1000, "1-1340": -1000}
    with company.work() as work:
        assert work.value("SELECT count(*) FROM record_link WHERE from_id = %s AND to_id = %s", (company.ids["GR-1"], company.ids[name])) == 1
    with pytest.raises(Refused, match=f"GR-1 is already reversed by {name}"):
        reverse(company, "GR-1", "2026-01-08")


def test_a_receipt_that_was_used_is_not_reversed_and_the_user_of_it_is_named(company):
    receive(company, "GR-1", "2026-01-05", 10)
    receive(company, "GR-2", "2026-01-06", 10)
    deliver(company, "SJ-1", "2026-01-07", 4)
    with pytest.raises(Refused) as refusal:
        reverse(company, "GR-1", "2026-01-08")
    assert refusal.value.code == "ERP-1209"
    assert refusal.value.detail == "10 of FG can no longer be taken back from GR-1: 6 fit. SJ-1 already took from it; reverse that first."
    reverse(company, "GR-2", "2026-01-08")
    assert company.layers("FG", "WH") == [["GR-1", 6, 600]]


def test_a_reversed_delivery_comes_back_with_the_origin_it_had(company):
    receive(company, "GR-1", "2026-01-05", 10, 100)
    receive(company, "GR-2", "2026-01-06", 10, 130)
    deliver(company, "SJ-1", "2026-01-07", 14)
    reverse(company, "SJ-1", "2026-01-08")
    assert company.layers("FG", "WH") == [["GR-2", 6, 780], ["GR-1", 10, 1000], ["GR-2", 4, 520]]
    assert company.on_hand("FG", "TRANSIT") == 0
    assert company.balances() == {"1-1340": 2300, "2-1110": -2300}


def test_a_verified_delivery_is_not_reversed(company):
    receive(company, "GR-1", "2026-01-05", 10)
    deliver(company, "SJ-1", "2026-01-07", 5)
    company.post("NC-1", "2026-01-08", [("FG", "TRANSIT:SJ-1", "QUAR", 2)])
    with pytest.raises(Refused, match=r"5 of FG can no longer be taken back from SJ-1: 3 fit\. NC-1 already took from it"):
        reverse(company, "SJ-1", "2026-01-09")


def test_a_transfer_in_two_steps_goes_back_in_two_steps(company):
    receive(company, "GR-1", "2026-01-05", 10)
    with company.work() as work:
        company.document(work, "TR-1")
    company.post("TR-1", "2026-01-06", [("FG", "WH", "TRANSIT:TR-1", 4)], step=1)
    company.post("TR-1", "2026-01-07", [("FG", "TRANSIT:TR-1", "WH2", 4)], step=2)
    reverse(company, "TR-1", "2026-01-08")
    assert (company.on_hand("FG", "WH"), company.on_hand("FG", "WH2"), company.on_hand("FG", "TRANSIT")) == (10, 0, 0)
    assert company.balances() == {"1-1340": 1000, "2-1110": -1000}


def test_an_invoice_is_undone_with_tax_and_party(company):
    company.post("INV-1", "2026-01-05", lines={"ar/Toko": 1110, "sales": -1000, "vat_out": -110})
    name = reverse(company, "INV-1", "2026-01-06")
    assert company.balances() == {}
    with company.work() as work:
        assert work.value("SELECT sum(debit - credit)::bigint FROM journal_line WHERE party_id = %s", (company.ids["Toko"],)) == 0
    assert company.journal(name, "reversal") == {"1-1200": -1110, "4-1000": 1000, "2-1200": 110}


def test_production_is_undone_and_its_input_lies_there_again(company):
    receive(company, "GR-1", "2026-01-05", 10, 100, "SF")
    company.post("FIN-1", "2026-01-06", [
        ("SF", "WH", "PRODUCTION", 7, {"transform": True}), ("FG", "PRODUCTION", "WH", 6, {"transform": True, "weight": units(6)}),
    ], lines={"overhead": -90}, transform=Transform(90))
    assert company.journal("FIN-1") == {"1-1340": 790, "1-1330": -700, "5-1300": -90}
    reverse(company, "FIN-1", "2026-01-07")
    assert company.on_hand("FG", "WH") == 0
    assert company.layers("SF", "WH") == [["GR-1", 3, 300], ["GR-1", 7, 700]]
    assert company.balances() == {"1-1330": 1000, "2-1110": -1000}


def test_a_count_that_took_goods_off_is_undone_and_they_come_back_at_their_cost(company):
    receive(company, "GR-1", "2026-01-05", 3, 100)
    company.post("OPN-1", "2026-01-06", [("FG", "WH", "ADJUST", 1)])
    assert company.balances()["5-1200"] == 100
    reverse(company, "OPN-1", "2026-01-07")
    assert company.balances() == {"1-1340": 300, "2-1110": -300}
    assert company.layers("FG", "WH") == [["GR-1", 2, 200], ["GR-1", 1, 100]]


def test_a_revalued_receipt_goes_back_at_what_it_booked_and_the_rest_is_variance(company):
    receive(company, "GR-1", "2026-01-05", 10, 100)
    with company.work() as work:
        document = company.document(work, "LC-1")
        freight = Revaluation(company.receipt_move(work, "GR-1"), 50, "landed_cost")
        service.post(work, Posting(document, day("2026-01-06"), revaluations=[freight]))
    reverse(company, "GR-1", "2026-01-07")
    assert company.balances() == {"2-1130": -50, "5-1100": 50}


def test_a_landed_cost_is_undone_wherever_the_goods_went(company):
    receive(company, "GR-1", "2026-01-05", 10, 100)
    deliver(company, "SJ-1", "2026-01-06", 4)
    before = company.balances()
    with company.work() as work:
        document = company.document(work, "LC-1")
        freight = Revaluation(company.receipt_move(work, "GR-1"), 50, "landed_cost")
        service.post(work, Posting(document, day("2026-01-07"), revaluations=[freight]))
    assert company.journal("LC-1") == {"1-1340": 30, "1-1350": 20, "2-1130": -50}
    name = reverse(company, "LC-1", "2026-01-08")
    assert company.journal(name, "reversal") == {"1-1340": -30, "1-1350": -20, "2-1130": 50}
    assert company.balances() == before


def test_a_document_whose_cost_is_pending_waits_for_it(company):
    receive(company, "GR-1", "2026-01-05", 10)
    deliver(company, "SJ-1", "2026-01-10", 4)
    assert deliver(company, "SJ-2", "2026-01-09", 2).pending
    with pytest.raises(Refused, match="cost of SJ-2 is still being worked out"):
        reverse(company, "SJ-2", "2026-01-11")
    with company.work() as work:
        settle(work, company.ids["FG"])
    reverse(company, "SJ-2", "2026-01-11")
    assert company.on_hand("FG", "WH") == 6
    assert company.balances() == {"1-1340": 600, "1-1350": 400, "2-1110": -1000}
