"""Late work and closed months: a month closes when nothing waits in it, and nothing is accepted whose corrections nobody would take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from erp_app.costing import repo_queue
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import JournalLine, Move, Posting, Revaluation
from erp_app.reports.integrity import prove
from tests.ledger.company import day, units
from tests.ledger.test_reversals import deliver, receive, reverse
from workers import costing


def close(company, code, state="locked"):
    with company.work() as work:
        work.run("UPDATE accounting_period SET state = %s WHERE code = %s", (state, code))


def work_off(company):
    """Do what the costing worker does."""
    while True:
        with company.work() as work:
            item = repo_queue.next_item(work)
        if item is None:
            return
        costing.replay(system_actor(company.tenant), str(item))


def person(company, *, finance):
    """Somebody who may post, into soft-locked months only as finance."""
    nobody = replace(system_actor(company.tenant), roles=frozenset(), user_id=7)
    return replace(nobody, grants={("periods", "post"): frozenset({"all"})} if finance else {})


@pytest.fixture
def company_with_two_months(company):
    receive(company, "GR-1", "2026-01-05", 10, 100)
    receive(company, "GR-2", "2026-01-10", 10, 130)
    deliver(company, "SJ-1", "2026-02-05", 14)
    return company


def test_a_month_is_not_locked_while_the_cost_of_a_late_document_waits(company_with_two_months):
    company = company_with_two_months
    assert deliver(company, "SJ-0", "2026-01-20", 2).pending
    with pytest.raises(Refused, match="2026-01 cannot be locked yet: the cost of FG is still being worked out because of") as refusal:
        close(company, "2026-01")
    assert refusal.value.code == "ERP-1222"
    work_off(company)
    close(company, "2026-01")


def test_a_late_document_whose_followers_lie_in_a_locked_month_is_refused_at_once(company_with_two_months):
    company = company_with_two_months
    close(company, "2026-02")
    before = company.balances()
    with pytest.raises(Refused, match="lies in the locked period 2026-02") as refusal:
        deliver(company, "SJ-0", "2026-01-20", 2)
    assert refusal.value.code == "ERP-1203"
    assert (company.balances(), company.on_hand("FG", "WH")) == (before, 6)


def test_what_finance_enters_late_into_a_soft_locked_month_is_settled_by_the_worker(company_with_two_months):
    company = company_with_two_months
    close(company, "2026-01", "soft")
    close(company, "2026-02", "soft")
    with company.work() as work:
        document = company.document(work, "SJ-0")
    move = Move(1, company.ids["FG"], company.ids["WH"], company.ids["TRANSIT"], units(2), to_lot=document)
    posting = Posting(document, day("2026-01-20"), [move])
    with pytest.raises(Refused, match="soft-locked"), unit_of_work(person(company, finance=False)) as work:
        service.post(work, posting)
    with unit_of_work(person(company, finance=True)) as work:
        assert service.post(work, posting).pending
    work_off(company)
    assert company.journal("SJ-1", "correction") == {"1-1340": -60, "1-1350": 60}
    with company.work() as work:
        assert prove(work)["ok"]


@pytest.mark.parametrize("finance", [True, False])
def test_a_landed_cost_in_a_soft_locked_month_is_for_finance_alone(company_with_two_months, finance):
    company = company_with_two_months
    close(company, "2026-02", "soft")
    with company.work() as work:
        freight = Revaluation(company.receipt_move(work, "GR-1"), 50, "landed_cost")
        lines = [JournalLine("landed_cost", 5), JournalLine("bank", 0, 5)]
        posting = Posting(company.document(work, "LC-1"), day("2026-02-10"), lines=lines, revaluations=[freight])

    def enter():
        with unit_of_work(person(company, finance=finance)) as work:
            service.post(work, posting)

    if finance:
        enter()
        assert company.journal("LC-1") == {"1-1350": 50, "2-1130": -45, "1-1110": -5}
    else:
        with pytest.raises(Refused, match="soft-locked"):
            enter()


def test_a_landed_cost_settles_first_what_finance_entered_late_into_a_soft_locked_month(company_with_two_months):
    company = company_with_two_months
    close(company, "2026-01", "soft")
    close(company, "2026-02", "soft")
    with company.work() as work:
        document = company.document(work, "SJ-0")
        freight = Revaluation(company.receipt_move(work, "GR-1"), 50, "landed_cost")
        landed = Posting(company.document(work, "LC-1"), day("2026-02-10"), revaluations=[freight])
    late = Move(1, company.ids["FG"], company.ids["WH"], company.ids["TRANSIT"], units(2), to_lot=document)
    for posting in (Posting(document, day("2026-01-20"), [late]), landed):
        with unit_of_work(person(company, finance=True)) as work:
            service.post(work, posting)
    assert company.journal("SJ-1", "correction") == {"1-1340": -60, "1-1350": 60}
    assert company.journal("LC-1") == {"1-1350": 50, "2-1130": -50}
    with company.work() as work:
        assert prove(work)["ok"]


def test_goods_of_a_closed_month_go_back_in_an_open_one_only(company_with_two_months):
    company = company_with_two_months
    close(company, "2026-01")
    with company.work() as work:
        source = company.receipt_move(work, "GR-2")
    back = [("FG", "WH", "SUPPLIER", 3, {"source_move_id": source, "to_account": "variance"})]
    with pytest.raises(Refused, match="locked period 2026-01"):
        company.post("PRET-1", "2026-01-31", back)
    company.post("PRET-1", "2026-02-10", back)
    with pytest.raises(Refused, match="locked period 2026-01"):
        reverse(company, "GR-2", "2026-01-31")
    with pytest.raises(Refused, match=r"10 of FG can no longer be taken back from GR-2: 3 fit\. SJ-1 already took from it"):
        reverse(company, "GR-2", "2026-02-20")
    assert company.layers("FG", "WH") == [["GR-2", 3, 390]]
