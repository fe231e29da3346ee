"""A locked month is opened again by two people, whoever they are and whatever program they use."""

from __future__ import annotations

import pytest
from psycopg import sql

from erp_app.document import registry, service
from erp_app.iam import service as iam
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.kernel.uow import unit_of_work


@pytest.fixture
def books(firm):
    with unit_of_work(system_actor(firm.tenant)) as work:
        work.run("SELECT period_open(%s, '2026-01-10')", [firm.tenant])
    firm.act("periods", "2026-01", "lock")
    return firm


@pytest.mark.parametrize("how", ["ask-reopen", "reopen"])
def test_one_person_alone_cannot_open_a_locked_month(books, how):
    assert books.act("periods", "2026-01", how, reason="a late bill")["state"] == "locked"
    with pytest.raises(Refused, match="is not reopened by one person") as refusal:
        books.act("periods", "2026-01", "reopen", reason="a late bill")
    assert refusal.value.code == "ERP-3320"
    assert books.get("periods", "2026-01")["state"] == "locked"


def test_a_program_has_a_month_reopened_by_two_people_with_one_verb(books):
    with unit_of_work(system_actor(books.tenant)) as work:
        other = iam.create_user(work, f"other.{books.tenant}", "Other", roles=["finance_manager"])
    asked = books.act("periods", "2026-01", "reopen")
    assert (asked["state"], bool(asked["reopen_asked_by"])) == ("locked", True)
    with unit_of_work(iam.actor_of(books.tenant, other)) as work:
        assert service.act(work, registry.get("periods"), "2026-01", "reopen")["state"] == "open"


def test_a_month_nothing_was_posted_into_is_named_and_locked(books):
    made = books.create("periods", "finance", code="2025-02")
    assert (made["state"], made["starts_on"], made["ends_on"]) == ("open", "2025-02-01", "2025-02-28")
    assert books.create("periods", code="2025-02")["id"] == made["id"]
    books.act("periods", "2025-02", "lock")
    entry = books.create("journal-entries", effective_at="2025-02-03", lines=[{"account": "6-1000", "debit": 5}, {"account": "1-1110", "credit": 5}])
    with pytest.raises(Refused, match="locked period 2025-02"):
        books.act("journal-entries", entry["id"], "post")
    for wrong in ({"code": "2025-13"}, {"code": 7}, {}, {"code": "2025-03", "state": "locked"}):
        with pytest.raises(Invalid, match="a month like"):
            books.create("periods", **wrong)
    with pytest.raises(Forbidden):
        books.create("periods", "warehouse", code="2025-04")


@pytest.mark.parametrize("change", [{"code": "2030-01"}, {"starts_on": "2030-01-01"}, {"ends_on": "2026-01-02"}])
def test_a_locked_month_cannot_slip_away_under_another_name(books, change):
    with pytest.raises(Invalid, match="cannot be given"):
        books.update("periods", "2026-01", **change)
    column, value = next(iter(change.items()))
    with pytest.raises(Refused, match="that month for ever"), unit_of_work(books.actor()) as work:
        work.run(sql.SQL("UPDATE accounting_period SET {} = {} WHERE code = '2026-01'").format(sql.Identifier(column), sql.Literal(value)))


@pytest.mark.parametrize("change", [{"type": "asset"}, {"needs_party": True}])
def test_an_account_with_journals_stays_what_it_is(books, change):
    books.post("journal-entries", effective_at="2026-03-03", lines=[{"account": "6-1000", "debit": 5}, {"account": "1-1110", "credit": 5}])
    with pytest.raises(Refused, match="cannot change any more") as refusal:
        books.update("accounts", "6-1000", **change)
    assert refusal.value.code == "ERP-3324"
    assert books.update("accounts", "5-1500", type="income")["type"] == "income"


def test_one_asks_with_a_reason_and_another_agrees(books):
    books.act("periods", "2026-01", "ask-reopen", "finance", reason="a late bill")
    asked = books.get("periods", "2026-01")
    assert (asked["state"], asked["reopen_reason"]) == ("locked", "a late bill")
    assert asked["reopen_asked_by"].startswith("finance.")
    with pytest.raises(Forbidden):
        books.act("periods", "2026-01", "reopen", "finance", reason="mine")
    assert books.act("periods", "2026-01", "reopen", reason="agreed")["state"] == "open"
    assert books.get("periods", "2026-01")["reopen_asked_by"] is None
    with unit_of_work(system_actor(books.tenant)) as work:
        told = work.rows("SELECT action, user_id, reason FROM audit_event WHERE resource = 'periods' AND action LIKE '%%reopen' ORDER BY id")
    assert [(one["action"].rpartition(".")[2], one["user_id"], one["reason"]) for one in told] == [
        ("ask-reopen", books.users["finance"], "a late bill"), ("reopen", books.users["admin"], "agreed"),
    ]


def test_what_was_asked_before_the_month_was_locked_again_does_not_count(books):
    books.act("periods", "2026-01", "ask-reopen", "finance", reason="a late bill")
    books.act("periods", "2026-01", "reopen", reason="agreed")
    books.act("periods", "2026-01", "lock")
    assert books.act("periods", "2026-01", "reopen", reason="again")["state"] == "locked"


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"exponent": 2}, {"tz": "Asia/Tokyo"}])
def test_what_amounts_and_days_mean_stays_once_there_are_journals(books, change):
    name = next(iter(change))
    before = books.get("companies", books.tenant)
    assert books.update("companies", books.tenant, **change)[name] == change[name]
    books.update("companies", books.tenant, **{name: before[name]})
    books.post("journal-entries", effective_at="2026-03-03", lines=[{"account": "6-1000", "debit": 5}, {"account": "1-1110", "credit": 5}])
    with pytest.raises(Refused, match="its currency and time zone cannot change") as refusal:
        books.update("companies", books.tenant, **change)
    assert refusal.value.code == "ERP-3326"
    assert books.update("companies", books.tenant, name="PT Baru")["name"] == "PT Baru"


def test_a_soft_lock_is_lifted_by_one(books):
    books.act("periods", "2026-01", "ask-reopen", "finance", reason="a late bill")
    books.act("periods", "2026-01", "reopen", reason="agreed")
    books.act("periods", "2026-01", "soft-lock", "finance")
    assert books.act("periods", "2026-01", "reopen", reason="too early")["state"] == "open"


def test_the_database_holds_both_people_to_it(books):
    with pytest.raises(Refused, match="Nobody has asked"), unit_of_work(books.actor()) as work:
        work.run("UPDATE accounting_period SET state = 'open' WHERE code = '2026-01'")
    with pytest.raises(Refused, match="does not approve it"), unit_of_work(books.actor()) as work:
        work.run("UPDATE accounting_period SET reopen_asked_by_id = %s, reopen_asked_at = now() WHERE code = '2026-01'", [books.users["admin"]])
        work.run("UPDATE accounting_period SET state = 'soft' WHERE code = '2026-01'")


def test_a_locked_month_has_its_items_sealed_as_they_lay_at_its_end(books):
    with unit_of_work(system_actor(books.tenant)) as work:
        told = work.value("SELECT payload FROM outbox WHERE name = 'period.locked' AND tenant_id = %s", [books.tenant])
    assert told == {"period": "2026-01", "last_day": "2026-01-31"}
