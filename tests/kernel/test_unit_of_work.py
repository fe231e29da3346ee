"""The unit of work commits once, refuses without a tenant, and chains its audit rows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from erp_app.kernel import audit, db
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Conflict, ErpError, Forbidden
from erp_app.kernel.idempotency import once
from erp_app.kernel.transaction import Statement, Transaction
from erp_app.kernel.uow import carry_out, unit_of_work


def test_rows_of_another_tenant_are_invisible(database):
    with unit_of_work(system_actor(1)) as work:
        work.emit("thing.happened", {"n": 1}, ["things"])
    with unit_of_work(system_actor(2)) as work:
        assert work.value("SELECT count(*) FROM outbox") == 0
    with unit_of_work(system_actor(1)) as work:
        assert work.value("SELECT count(*) FROM outbox") == 1


def test_a_query_without_a_tenant_is_an_error_not_an_empty_answer(database):
    with pytest.raises(psycopg.Error, match=r"app\.tenant|bigint"), db.connection() as conn:
        conn.execute("SELECT count(*) FROM outbox")


def test_an_exception_leaves_nothing(database):
    with pytest.raises(RuntimeError), unit_of_work(system_actor(3)) as work:
        work.emit("thing.happened", {})
        raise RuntimeError
    with unit_of_work(system_actor(3)) as work:
        assert work.value("SELECT count(*) FROM outbox") == 0


def test_a_connection_that_died_meanwhile_is_replaced(database, admin_url):
    with unit_of_work(system_actor(3)) as work:
        backend = work.value("SELECT pg_backend_pid()")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        assert admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,)).fetchone() == (True,)
    with unit_of_work(system_actor(3)) as work:
        assert work.value("SELECT pg_backend_pid()") != backend


def test_a_dry_run_leaves_nothing(database):
    with unit_of_work(system_actor(3), dry_run=True) as work:
        work.emit("thing.happened", {})
    with unit_of_work(system_actor(3)) as work:
        assert work.value("SELECT count(*) FROM outbox") == 0


def test_session_and_connection_share_one_transaction(database):
    from erp_app.document.models import NumberSeries

    with unit_of_work(system_actor(4)) as work:
        work.session.add(NumberSeries(tenant_id=4, series="X", last=7))
        assert work.value("SELECT last FROM number_series WHERE series = 'X'") == 7
    with unit_of_work(system_actor(4)) as work:
        found = work.session.get(NumberSeries, (4, "X"))
        assert found is not None
        assert found.last == 7


def test_audit_rows_cannot_be_changed_and_a_changed_one_is_found(database):
    with unit_of_work(system_actor(5)) as work:
        for n in range(5):
            work.audit("thing.changed", resource="things", record_id=n, after={"n": n})
    with unit_of_work(system_actor(5)) as work:
        assert audit.seal(work.conn, 5) == 5
        assert work.row("SELECT * FROM audit_verify(5)") is None
    with pytest.raises(Forbidden), unit_of_work(system_actor(5)) as work:
        work.run("UPDATE audit_event SET action = 'x'")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("ALTER TABLE audit_event DISABLE TRIGGER append_only")
        admin.execute("UPDATE audit_event SET after = '{\"n\": 9}' WHERE tenant_id = 5 AND record_id = 3")
        admin.execute("ALTER TABLE audit_event ENABLE TRIGGER append_only")
    with unit_of_work(system_actor(5)) as work:
        broken = work.row("SELECT * FROM audit_verify(5)")
        assert broken is not None
        assert broken["seq"] == 4


def test_a_key_has_one_effect_and_other_content_is_a_conflict(database):
    effects = []

    def effect():
        effects.append(1)
        return {"answer": 42}

    for _ in range(2):
        with unit_of_work(system_actor(6)) as work:
            assert once(work, "k1", {"a": 1}, effect) == {"answer": 42}
    assert len(effects) == 1
    with pytest.raises(Conflict, match="other content"), unit_of_work(system_actor(6)) as work:
        once(work, "k1", {"a": 2}, effect)


def test_two_who_wait_for_each_other_both_get_their_work_done(database):
    together, tries = threading.Barrier(2), {"ab": 0, "ba": 0}

    def take(names: str) -> str:
        def call(work) -> str:
            tries[names] += 1
            work.emit("thing.happened", {"who": names})
            work.lock(names[0], [1])
            if tries[names] == 1:
                together.wait(10)  # each holds its first lock: from here on they wait for each other
            work.lock(names[1], [1])
            return names

        return carry_out(system_actor(8), call)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(take, tries)) == ["ab", "ba"]
    assert sum(tries.values()) == 3
    with unit_of_work(system_actor(8)) as work:
        assert {row["payload"]["who"] for row in work.rows("SELECT payload FROM outbox")} == {"ab", "ba"}
        assert work.value("SELECT count(*) FROM outbox") == 2


FIRST = Statement("SELECT pg_backend_pid(), current_setting('app.tenant'), %s::int + 1")
SECOND = Statement("SELECT %s::text || '!'")


def asked(work):
    answer = work.ask(FIRST, ("41",))
    return [answer.get_value(0, column) for column in range(3)]


def test_nothing_is_begun_before_something_is_asked(database, monkeypatch):
    taken = []
    real = db.pool().getconn
    monkeypatch.setattr(db.pool(), "getconn", lambda: taken.append(1) or real())
    with unit_of_work(system_actor(3)) as work:
        assert taken == []
        assert asked(work)[1:] == [b"3", b"42"]
        assert work.now.tzinfo is not None
        assert asked(work)[1:] == [b"3", b"42"]
        assert taken == [1]
    with unit_of_work(system_actor(3)):
        pass
    assert taken == [1]


def test_what_a_connection_has_forgotten_is_prepared_again(database):
    def first(statement, value):
        one = Transaction(3, 1, lambda: conn, lambda _conn: None)
        answer = one.ask(statement, (value,))
        one.end(commit=True)
        return answer.get_value(0, 0)

    with db.connection() as conn:
        backend = first(FIRST, "1")
        conn.execute("DEALLOCATE ALL")
        assert first(FIRST, "1") == backend
        conn.execute("DEALLOCATE ALL")
        assert first(SECOND, "new here") == b"new here!"  # prepared before it is known that all others are gone
        assert first(FIRST, "1") == backend


def test_the_first_statement_finds_a_living_connection(database, admin_url):
    with unit_of_work(system_actor(3)) as work:
        backend = int(asked(work)[0])
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with unit_of_work(system_actor(3)) as work:
        assert int(asked(work)[0]) != backend
        work.emit("thing.happened", {})
    with unit_of_work(system_actor(3)) as work:
        assert work.value("SELECT count(*) FROM outbox") == 1


def test_a_first_statement_that_is_refused_is_told_and_leaves_a_connection_to_go_on_with(database):
    with pytest.raises(ErpError), unit_of_work(system_actor(3)) as work:
        work.ask(FIRST, ("not a number",))
    with unit_of_work(system_actor(3)) as work:
        assert asked(work)[1:] == [b"3", b"42"]
