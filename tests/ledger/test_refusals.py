"""What the ledgers refuse, and what they say then: shortness over time, locked periods, history that cannot be changed."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import errors as pg

from erp_app.accounting import repo
from erp_app.kernel import db, roles
from erp_app.kernel.errors import Conflict, ErpError, Forbidden, Invalid, Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import JournalLine, Move, Posting
from tests.ledger.company import day, units

LEDGERS = ("stock_move", "cost_piece", "cost_revaluation", "cost_transform", "journal_entry", "journal_line", "journal_number")


def receive(company, number, when, quantity, price=100, item="FG"):
    return company.post(number, when, [(item, "SUPPLIER", "WH", quantity, {"value": quantity * price})])


def deliver(company, number, when, quantity, item="FG"):
    with company.work() as work:
        company.document(work, number)
    return company.post(number, when, [(item, "WH", f"TRANSIT:{number}", quantity)])


def test_a_late_issue_that_would_starve_a_later_one_names_that_one_and_what_fits(company):
    receive(company, "GR-1", "2026-01-05", 100)
    deliver(company, "SJ-1", "2026-01-20", 60)
    receive(company, "GR-2", "2026-01-25", 50)
    with pytest.raises(Refused) as refusal:
        deliver(company, "SJ-2", "2026-01-10", 41)
    assert refusal.value.code == "ERP-1201"
    assert refusal.value.detail == "FG at WH goes short by 1 on 20 Jan 2026 with SJ-1: 40 fit."
    assert refusal.value.data == {"item": "FG", "place": "WH", "short": "1", "date": "2026-01-20", "document": "SJ-1", "fits": "40"}
    posted = deliver(company, "SJ-2", "2026-01-10", 40)
    assert posted.pending
    assert company.on_hand("FG", "WH") == 50


def test_an_issue_before_the_goods_came_is_refused_though_there_is_plenty_today(company):
    receive(company, "GR-1", "2026-01-05", 100)
    with pytest.raises(Refused, match=r"FG at WH goes short by 3 on 4 Jan 2026 with SJ-1: 0 fit\."):
        deliver(company, "SJ-1", "2026-01-04", 3)


def test_lines_of_one_document_cannot_together_take_more_than_there_is(company):
    receive(company, "GR-1", "2026-01-05", 10)
    with pytest.raises(Refused, match=r"FG at WH goes short by 2 on 6 Jan 2026 with SJ-1: 10 fit\."):
        company.post("SJ-1", "2026-01-06", [("FG", "WH", "VENDOR", 6), ("FG", "WH", "WH2", 6)])
    assert company.on_hand("FG", "WH") == 10


def test_a_document_is_posted_once_for_each_step(company):
    receive(company, "GR-1", "2026-01-05", 10)
    with pytest.raises(Conflict) as refusal:
        receive(company, "GR-1", "2026-01-05", 10)
    assert refusal.value.code == "ERP-1004"
    assert company.on_hand("FG", "WH") == 10


def test_a_service_is_never_stored_and_a_place_must_exist(company):
    with company.work() as work:
        company.ids["WORK"] = work.value(
            "INSERT INTO item (tenant_id, code, name, kind) VALUES (%s, 'WORK', 'WORK', 'service') RETURNING id", (company.tenant,),
        )
    with pytest.raises(Refused) as refusal:
        receive(company, "GR-1", "2026-01-05", 1, item="WORK")
    assert refusal.value.code == "ERP-1202"


def test_an_unknown_account_and_a_missing_party_are_named(company):
    with pytest.raises(Refused, match=r"no account nowhere"):
        company.post("JE-1", "2026-01-05", lines={"bank": 5, "nowhere": -5})
    with pytest.raises(Refused, match=r"1-1200 needs the customer"):
        company.post("JE-1", "2026-01-05", lines={"ar": 5, "sales": -5})
    with pytest.raises(Invalid, match=r"differ by 1"):
        company.post("JE-1", "2026-01-05", lines={"bank": 5, "sales": -4})


def test_a_locked_month_takes_nothing_and_names_the_first_open_date(company):
    receive(company, "GR-1", "2026-01-05", 10)
    receive(company, "GR-2", "2026-02-05", 10)
    with company.work() as work:
        work.run("UPDATE accounting_period SET state = 'locked' WHERE code IN ('2026-01', '2026-02')")
    with pytest.raises(Refused) as refusal:
        receive(company, "GR-3", "2026-01-31", 10)
    assert refusal.value.code == "ERP-1203"
    assert refusal.value.detail == "31 Jan 2026 lies in the locked period 2026-01. The first open date is 1 Mar 2026."
    assert refusal.value.data == {"period": "2026-01", "first_open": "2026-03-01"}
    receive(company, "GR-3", "2026-03-01", 10)
    assert company.on_hand("FG", "WH") == 30


def test_the_day_ends_at_the_tenants_midnight(company):
    receive(company, "GR-1", datetime(2026, 1, 31, 16, 59, tzinfo=UTC), 1)
    receive(company, "GR-2", datetime(2026, 1, 31, 17, 0, tzinfo=UTC), 1)
    with company.work() as work:
        found = work.rows("SELECT date::text FROM journal ORDER BY effective_at")
    assert [row["date"] for row in found] == ["2026-01-31", "2026-02-01"]


def test_a_soft_locked_month_takes_postings_of_finance_only(company):
    from dataclasses import replace

    from erp_app.kernel.actor import system_actor

    receive(company, "GR-1", "2026-01-05", 10)
    with company.work() as work:
        work.run("UPDATE accounting_period SET state = 'soft' WHERE code = '2026-01'")
        document = company.document(work, "GR-2")
    posting = Posting(document, day("2026-01-06"), [Move(1, company.ids["FG"], company.ids["SUPPLIER"], company.ids["WH"], units(1), value=5)])
    clerk = replace(system_actor(company.tenant), user_id=7, roles=frozenset({"warehouse"}), grants={("goods-receipts", "*"): frozenset({"all"})})
    with pytest.raises(Refused) as refusal, unit_of_work(clerk) as work:
        service.post(work, posting)
    assert refusal.value.code == "ERP-1204"
    finance = replace(clerk, grants={("periods", "post"): frozenset({"all"})})
    with unit_of_work(finance) as work:
        service.post(work, posting)
    assert company.on_hand("FG", "WH") == 11


def test_history_cannot_be_changed_by_the_application_nor_by_the_owner(company, database):
    receive(company, "GR-1", "2026-01-05", 10)
    with company.work() as work:
        repo.give_numbers(work)
    for table in LEDGERS:
        for statement in (f"UPDATE {table} SET tenant_id = tenant_id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            for url in (roles.url_for(database, roles.APP), roles.url_for(database, roles.OWNER)):
                with psycopg.connect(url) as conn:
                    conn.execute("SELECT set_config('app.tenant', %s, false)", (str(company.tenant),))
                    before = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
                    if not before[0] and not statement.startswith("TRUNCATE"):
                        continue
                    conn.commit()
                    conn.execute("SELECT set_config('app.tenant', %s, false)", (str(company.tenant),))
                    with pytest.raises(pg.InsufficientPrivilege):
                        conn.execute(statement)
    assert company.on_hand("FG", "WH") == 10


def test_a_balance_cannot_be_written_past_its_movements(company):
    receive(company, "GR-1", "2026-01-05", 10)
    with pytest.raises(Forbidden), company.work() as work:
        work.run("UPDATE stock_balance SET on_hand = on_hand + 10000")
    with pytest.raises(Forbidden), company.work() as work:
        work.run("DELETE FROM stock_balance")


def test_a_journal_that_does_not_balance_cannot_be_stored_in_sql_either(company):
    with company.work() as work:
        document = company.document(work, "JE-1")
    for amounts in ((5, 4), (5, None)):
        with pytest.raises(Refused) as refusal, company.work() as work:
            entry = work.value(
                "INSERT INTO journal_entry (tenant_id, document_id, date, effective_at) VALUES (%s, %s, '2026-01-05', '2026-01-05') RETURNING id",
                (company.tenant, document),
            )
            for number, (column, amount) in enumerate(zip(("debit", "credit"), amounts, strict=True), 1):
                if amount:
                    work.run(
                        f"INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, {column}, date)"
                        " VALUES (%s, %s, %s, (SELECT id FROM account WHERE code = '1-1110'), %s, '2026-01-05')",
                        (company.tenant, entry, number, amount),
                    )
        assert refusal.value.code == "ERP-1207"


def test_a_stored_journal_takes_no_more_lines(company):
    receive(company, "GR-1", "2026-01-05", 10)
    with pytest.raises(Refused, match="no further lines"), company.work() as work:
        work.run(
            "INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, debit, date)"
            " SELECT tenant_id, id, 9, (SELECT id FROM account WHERE code = '1-1110'), 1, date FROM journal_entry LIMIT 1",
        )


def test_journals_are_numbered_without_gaps_though_some_were_refused(company):
    for number in range(1, 6):
        receive(company, f"GR-{number}", "2026-01-05", 10)
        with pytest.raises(ErpError):
            company.post(f"JE-{number}", "2026-01-06", lines={"ar": 5, "sales": -5})
    receive(company, "GR-9", "2025-12-31", 10)
    with company.work() as work:
        assert work.value("SELECT count(*) FROM journal WHERE number IS NULL") == 6
        assert repo.give_numbers(work) == 6
        assert repo.give_numbers(work) == 0
        found = work.rows("SELECT number FROM journal ORDER BY number")
    assert [row["number"] for row in found] == ["JE-2025-000001", *(f"JE-2026-{n:06}" for n in range(1, 6))]


def test_a_movement_written_past_the_posting_keeps_the_balance_true_and_the_month_closed(company):
    receive(company, "GR-1", "2026-01-05", 10)
    copy = (
        "INSERT INTO stock_move (tenant_id, document_id, step, line_no, item_id, from_place_id, to_place_id, quantity, effective_at,"
        " from_account_id, to_account_id) SELECT tenant_id, document_id, 9, 1, item_id, to_place_id, from_place_id, %s, %s::timestamptz,"
        " to_account_id, from_account_id FROM stock_move LIMIT 1"
    )
    with company.work(dry_run=True) as work:
        work.run(copy, (units(4), "2026-01-06"))
        assert work.value("SELECT on_hand FROM stock_balance") == units(6)
    with pytest.raises(Invalid, match="never_negative"), company.work() as work:
        work.run(copy, (units(11), "2026-01-06"))
    with company.work() as work:
        work.run("UPDATE accounting_period SET state = 'locked'")
    with pytest.raises(Refused, match="locked period"), company.work() as work:
        work.run(copy, (units(4), "2026-01-06"))


def test_goods_that_moved_keep_their_kind(company):
    receive(company, "GR-1", "2026-01-05", 10)
    for table, code in (("item", "FG"), ("place", "WH")):
        with pytest.raises(Refused, match="cannot change any more"), company.work() as work:
            work.run(f"UPDATE {table} SET kind = %s WHERE code = %s", ("raw" if table == "item" else "vendor", code))


def test_a_preview_stores_nothing_and_says_what_it_would(company):
    from erp_app.kernel.actor import system_actor

    receive(company, "GR-1", "2026-01-05", 10, price=7)
    with company.work() as work:
        document = company.document(work, "SJ-1")
    posting = Posting(document, day("2026-01-06"), [company.move(1, "FG", "WH", "TRANSIT:SJ-1", 3)], [JournalLine("bank", debit=0)])
    seen = service.preview(system_actor(company.tenant), posting)
    assert seen.posted.value == 21
    assert [(one["account"], one["debit"], one["credit"]) for one in seen.lines] == [("1-1350", 21, 0), ("1-1340", 0, 21)]
    assert company.on_hand("FG", "WH") == 10
    with db.connection() as conn:
        conn.execute("SELECT set_config('app.tenant', %s, true)", (str(company.tenant),))
        assert conn.execute("SELECT count(*) FROM stock_move").fetchone() == (1,)
