"""A locked month is opened again by two people, whoever they are and whatever program they use."""

from __future__ import annotations

import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Forbidden, Refused
from erp_app.kernel.uow import unit_of_work


@pytest.fixture
def books(firm):
    with unit_of_work(system_actor(firm.tenant)) as work:
        work.run("SELECT period_open(%s, '2026-01-10')", [firm.tenant])
    firm.act("periods", "2026-01", "lock")
    return firm


def test_one_person_alone_cannot_open_a_locked_month(books):
    with pytest.raises(Refused, match="Nobody has asked to reopen 2026-01") as refusal:
        books.act("periods", "2026-01", "reopen", reason="a late bill")
    assert refusal.value.code == "ERP-3320"
    books.act("periods", "2026-01", "ask-reopen", reason="a late bill")
    with pytest.raises(Refused, match="is not reopened by one person"):
        books.act("periods", "2026-01", "reopen", reason="a late bill")
    assert books.get("periods", "2026-01")["state"] == "locked"


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
    with pytest.raises(Refused, match="Nobody has asked"):
        books.act("periods", "2026-01", "reopen", reason="again")


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
