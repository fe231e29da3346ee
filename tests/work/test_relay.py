"""Every stored event reaches the screens and has its effect once, whatever is lost between database and queue."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest
import redis

from erp_app.kernel import bus, delivery, outbox
from erp_app.kernel.actor import system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.uow import unit_of_work
from tests.work import ledger
from workers import dispatch, queues
from workers.relay import Relay, forward, resend


def overdue_now(admin_url):
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("UPDATE event_delivery SET next_at = clock_timestamp()")


def test_each_event_has_one_effect_and_leaves_no_debt(relay, work_off):
    ledger.happen(1, 20)
    assert len(forward(relay)) == 20
    work_off()
    assert ledger.books(1) == {"events": 20, "effects": 20, "wrong": 0, "debts": 0, "unsent": 0}


def test_screens_are_told_topics_event_and_payload(relay):
    with bus.client().pubsub() as screens:
        screens.subscribe(bus.live_channel(1))
        screens.get_message(timeout=1)
        ledger.happen(1, item="7")
        forward(relay)
        told = json.loads(screens.get_message(timeout=1)["data"])
    assert (told["topics"], told["event"], told["payload"]) == (["stock"], "test.happened", {"item": "7"})


def test_a_thousand_events_of_a_key_need_one_job(relay, work_off):
    ledger.happen_at_once(1, 1000, item="5")
    assert len(forward(relay)) == delivery.BATCH
    assert len(forward(relay)) == delivery.BATCH
    assert queues.queue("hpp").count == 1
    assert queues.queue("default").count == 1000 / dispatch.EVENTS_A_JOB
    work_off()
    with unit_of_work(system_actor(1)) as work:
        assert work.row("SELECT total, runs FROM test_sum") == {"total": 1000, "runs": 1}
    assert ledger.books(1)["debts"] == 0


def test_what_redis_lost_is_sent_again(relay, work_off, ledgers):
    ledger.happen(1, 10)
    forward(relay)
    queues.connection().flushall()
    work_off()
    assert ledger.books(1)["effects"] == 0
    overdue_now(ledgers)
    assert resend(relay) == 20
    work_off()
    assert ledger.books(1) == {"events": 10, "effects": 10, "wrong": 0, "debts": 0, "unsent": 0}


def test_a_job_that_was_taken_and_lost_is_not_believed_to_wait(relay, work_off, ledgers):
    ledger.happen(1, item="9")
    forward(relay)
    for name in ("hpp", "default"):
        queues.connection().delete(queues.queue(name).key)  # popped by a worker that died before it could say so
    ledger.happen(1, item="9")
    forward(relay)
    work_off()
    overdue_now(ledgers)
    resend(relay)
    work_off()
    assert ledger.books(1) == {"events": 2, "effects": 2, "wrong": 0, "debts": 0, "unsent": 0}


def test_an_event_sent_again_while_its_job_waits_gets_no_second_job(relay, ledgers):
    ledger.happen(1, 3)
    forward(relay)
    before = queues.queue("default").count, queues.queue("hpp").count
    overdue_now(ledgers)
    resend(relay)
    assert (queues.queue("default").count, queues.queue("hpp").count) == before


def test_a_job_run_twice_has_one_effect(relay, work_off):
    ledger.happen(1)
    event = forward(relay)[0]
    queue = queues.queue("default")
    for n in range(3):
        queue.enqueue(dispatch.ENTRY, args=("test.row", 1, "", [event.id]), job_id=f"again{n}")
    work_off()
    assert ledger.books(1)["effects"] == 1


def test_a_debt_entered_again_after_its_effect_has_no_second_one(relay, work_off, ledgers):
    ledger.happen(1)
    event = forward(relay)[0]
    work_off()
    with psycopg.connect(ledgers, autocommit=True) as admin:
        admin.execute("INSERT INTO event_delivery (tenant_id, event_id, consumer, key, next_at) VALUES (1, %s, 'test.row', '', now())", [event.id])
    resend(relay)
    work_off()
    assert ledger.books(1) == {"events": 1, "effects": 1, "wrong": 0, "debts": 0, "unsent": 0}


def test_an_event_in_work_is_not_sent_again(relay, ledgers):
    ledger.happen(1)
    event = forward(relay)[0]
    overdue_now(ledgers)
    with unit_of_work(system_actor(1)) as work:
        assert delivery.take(work.conn, 1, "test.row", event_id=event.id)
        assert [one.consumer for one in delivery.overdue(relay)] == ["test.sum"]


def test_a_failing_event_is_visible_with_its_reason_and_holds_up_nobody(relay, work_off):
    with unit_of_work(system_actor(1)) as work:
        work.emit("test.poison", {})
    ledger.happen(1)
    forward(relay)
    work_off()
    with unit_of_work(system_actor(1)) as work:
        debts = work.rows("SELECT consumer, error, given_up FROM event_delivery")
    assert debts == [{"consumer": "test.poison", "error": "RuntimeError: nobody can handle this", "given_up": False}]
    assert queues.queue("default").failed_job_registry.count == 1
    assert ledger.books(1)["wrong"] == 0


def test_after_many_failures_a_person_has_to_look_and_can_send_it_again(relay, ledgers):
    with unit_of_work(system_actor(1)) as work:
        work.emit("test.poison", {})
    event = forward(relay)[0]
    for _ in range(delivery.ATTEMPTS):
        overdue_now(ledgers)
        assert len(delivery.overdue(relay)) == 1
        with unit_of_work(system_actor(1)) as work:
            delivery.note_failure(work.conn, "test.poison", event, "no")
    overdue_now(ledgers)
    assert delivery.overdue(relay) == []
    with unit_of_work(system_actor(1)) as work:
        assert delivery.revive(work.conn, 1) == 1
    assert len(delivery.overdue(relay)) == 1


def test_what_only_waits_is_sent_again_less_and_less_often_but_never_given_up(relay, ledgers):
    ledger.happen(1)
    forward(relay)
    with psycopg.connect(ledgers, autocommit=True) as admin:
        for minutes in range(1, 40):
            admin.execute("UPDATE event_delivery SET next_at = clock_timestamp(), created_at = clock_timestamp() - make_interval(mins => %s)", (minutes,))
            assert len(delivery.overdue(relay)) == 2
            wait = admin.execute("SELECT extract(epoch FROM max(next_at) - clock_timestamp())::float FROM event_delivery").fetchone()
            assert wait[0] == pytest.approx(min(minutes * 60, delivery.LONGEST_SECONDS), abs=2)


def test_without_redis_nothing_is_marked_as_sent(relay, monkeypatch):
    ledger.happen(1)
    monkeypatch.setattr(bus, "client", lambda: redis.Redis(unix_socket_path="/nowhere.sock"))
    with pytest.raises(redis.RedisError):
        forward(relay)
    assert ledger.books(1)["unsent"] == 1


def test_two_relays_share_the_work_and_send_nothing_twice(relay):
    ledger.happen_at_once(1, 400)
    sent: list[int] = []

    def serve() -> None:
        with psycopg.connect(settings().relay_url or "", autocommit=True) as conn:
            while batch := forward(conn):
                sent.extend(one.id for one in batch)

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(sent) == len(set(sent)) == 400


def test_the_relay_wakes_at_a_commit_and_seals_the_audit_chain(relay, ledgers):
    stop = threading.Event()
    thread = threading.Thread(target=Relay(stop.is_set).run)
    with bus.client().pubsub() as screens:
        screens.subscribe(bus.live_channel(3))
        screens.get_message(timeout=1)
        thread.start()
        try:
            with unit_of_work(system_actor(3)) as work:
                work.audit("thing.done", resource="things")
                work.emit("test.quiet", {}, topics=["stock"])
            assert screens.get_message(timeout=5) is not None
            for _ in range(40):
                with unit_of_work(system_actor(3)) as work:
                    sealed = work.value("SELECT count(*) FROM audit_chain")
                if sealed:
                    break
                threading.Event().wait(0.1)
            assert sealed == 1
        finally:
            stop.set()
            thread.join()


def test_a_writer_who_saw_the_relay_awake_keeps_it_from_going_to_sleep(relay):
    with unit_of_work(system_actor(1)) as work:
        work.emit("test.quiet", {})
        assert not outbox.doze(relay)
    assert outbox.doze(relay)
    assert len(forward(relay)) == 1


def test_writers_ring_for_a_relay_that_sleeps_and_for_no_other(relay):
    outbox.listen(relay)
    with psycopg.connect(settings().relay_url or "", autocommit=True) as second:
        assert outbox.doze(relay)
        assert outbox.doze(second)
        ledger.happen(1)
        assert len(list(relay.notifies(timeout=5, stop_after=1))) == 1
        outbox.awake(relay)
        ledger.happen(1)
        assert outbox.doze(relay)
        ledger.happen(1)
        assert len(list(relay.notifies(timeout=0.5, stop_after=2))) == 1
