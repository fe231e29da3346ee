"""What happens now and then without anybody asking: delivered events and read notifications are forgotten, everything else stays."""

from __future__ import annotations

import psycopg

from erp_app.iam import service as iam
from erp_app.kernel.actor import system_actor
from erp_app.kernel.limits import EVENTS_KEPT_DAYS, NOTIFICATIONS_KEPT_DAYS
from erp_app.kernel.uow import unit_of_work
from erp_app.notify import service as notify
from tests.work import ledger
from workers import queues, schedule
from workers.relay import forward


def age(admin_url, table, column, days):
    query = psycopg.sql.SQL("UPDATE {} SET {} = {} - make_interval(days => %s)").format(
        psycopg.sql.Identifier(table), psycopg.sql.Identifier(column), psycopg.sql.Identifier(column),
    )  # fmt: skip
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(query, (days,))


def test_settled_events_are_forgotten_and_owed_ones_are_not(relay, ledgers, work_off):
    ledger.happen(1, 3)
    forward(relay)
    work_off()
    ledger.happen(1, 2)
    forward(relay)
    age(ledgers, "outbox", "sent_at", EVENTS_KEPT_DAYS + 1)
    assert schedule.forget_old_events(1) == 3
    assert ledger.books(1)["debts"] == 4
    work_off()
    assert ledger.books(1)["debts"] == 0
    assert schedule.forget_old_events(1) == 2


def test_read_notifications_are_forgotten_and_unread_ones_are_not(ledgers):
    tenant = iam.create_tenant("OLD", "Old company")
    with unit_of_work(system_actor(tenant)) as work:
        user = iam.create_user(work, "hana", "Hana", roles=["staff"])
        notify.tell(work, [user], "import_finished", {"label": "one"})
    with unit_of_work(iam.actor_of(tenant, user)) as work:
        notify.mark_read(work)
    with unit_of_work(system_actor(tenant)) as work:
        notify.tell(work, [user], "import_finished", {"label": "two"})
    assert schedule.forget_read_notifications(tenant) == 0
    age(ledgers, "notification", "read_at", NOTIFICATIONS_KEPT_DAYS + 1)
    assert schedule.forget_read_notifications(tenant) == 1
    with unit_of_work(iam.actor_of(tenant, user)) as work:
        assert [one["read"] for one in notify.mine(work)] == [False]


def test_a_task_runs_when_its_time_has_come_for_every_company(relay, ledgers):
    ran: list[int] = []

    def note(tenant: int) -> int:
        ran.append(tenant)
        return 0

    with unit_of_work(system_actor(41)) as work:
        work.audit("thing.done", resource="things")
    often, rarely = schedule.Task("often", 0.0, note), schedule.Task("rarely", 3600.0, note)
    assert schedule.Schedule((often, rarely)).tick(relay) == 1
    assert 41 in ran
    assert len(ran) == len(set(ran))


def test_the_anomaly_rules_run_in_a_worker_once_for_any_number_of_reminders(relay, work_off):
    tenant = iam.create_tenant("ODD", "Odd company")
    while forward(relay):
        pass
    work_off()
    for _ in range(3):
        schedule.ask_for_anomalies(tenant)
    forward(relay)
    assert queues.queue("default").count == 1
    work_off()
    with unit_of_work(system_actor(tenant)) as work:
        assert work.value("SELECT count(*) FROM event_done WHERE consumer = 'anomalies'") == 3
        assert work.value("SELECT count(*) FROM event_delivery") == 0
