"""A browser's session: opened by a right password, found for every event, gone at once when it must."""

from __future__ import annotations

import psycopg
import pytest

from erp_app.iam import repo, service, sessions
from erp_app.kernel.access import may
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Invalid, Refused, Throttled, Unauthorized
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD


def test_a_session_knows_user_company_and_rights(town):
    token = town.ours.log_in("admin")
    found = sessions.load(token)
    assert found is not None
    assert (found.actor.tenant_id, found.actor.user_id) == (town.ours.id, town.ours.users["admin"])
    assert found.company_code == town.ours.code
    assert may(found.actor, "users", "edit")
    assert sessions.load("x" * 43) is None
    assert sessions.load("") is None


def test_only_the_hash_of_a_token_is_stored(town, database):
    token = town.ours.log_in("staff")
    with psycopg.connect(database) as admin:
        tables = [row[0] for row in admin.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")]
        for table in tables:
            found = admin.execute(
                psycopg.sql.SQL("SELECT count(*) FROM {t} AS x WHERE x::text LIKE %s OR x::text LIKE %s").format(t=psycopg.sql.Identifier(table)),
                (f"%{token}%", f"%{PASSWORD}%"),
            ).fetchone()
            assert found == (0,), table
        assert admin.execute("SELECT count(*) FROM user_session WHERE token_sha256 = %s", (sessions.digest(token),)).fetchone() == (1,)


def test_a_hash_is_in_no_audit_row(town, database):
    town.ours.log_in("staff")
    with psycopg.connect(database) as admin:
        assert admin.execute("SELECT count(*) FROM audit_event AS x WHERE x::text LIKE '%$argon2%'").fetchone() == (0,)
        assert admin.execute("SELECT count(*) FROM user_password WHERE hash LIKE '$argon2id$%'").fetchone()[0] >= 8


def test_each_login_has_a_token_of_its_own_and_replaces_the_one_before(town):
    from erp_app.iam.login import open_session

    first = town.ours.log_in("staff")
    second = open_session(town.ours.name("staff"), PASSWORD, address="127.0.0.1", agent="test", before=first)
    assert second != first
    assert sessions.load(first) is None
    assert sessions.load(second) is not None


def test_logging_out_ends_the_session(town):
    token = town.ours.log_in("staff")
    sessions.end(token)
    assert sessions.load(token) is None


@pytest.mark.parametrize("change", ["seen_at = now() - interval '12 hours 1 second'", "created_at = now() - interval '15 days'", "ended_at = now()"])
def test_a_session_ends_by_idleness_age_or_revocation(town, database, change):
    token = town.ours.log_in("staff")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f"UPDATE user_session SET {change} WHERE token_sha256 = %s", (sessions.digest(token),))
    assert sessions.load(token) is None


def test_a_session_idle_for_just_under_twelve_hours_lives_and_is_refreshed(town, database):
    token = town.ours.log_in("staff")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE user_session SET seen_at = now() - interval '11 hours 59 minutes' WHERE token_sha256 = %s", (sessions.digest(token),))
        assert sessions.load(token) is not None
        fresh = admin.execute("SELECT seen_at > now() - interval '1 minute' FROM user_session WHERE token_sha256 = %s", (sessions.digest(token),)).fetchone()
    assert fresh == (True,)


def test_disabling_a_user_kills_all_sessions_at_once_and_enabling_revives_none(town):
    tokens = [town.ours.log_in("staff") for _ in range(3)]
    staff = town.ours.users["staff"]
    with unit_of_work(system_actor(town.ours.id)) as work:
        service.disable_user(work, staff, "left the company")
    assert [sessions.load(one) for one in tokens] == [None] * 3
    with pytest.raises(Unauthorized):
        town.ours.log_in("staff")
    with unit_of_work(system_actor(town.ours.id)) as work:
        work.run("UPDATE user_account SET active = true WHERE id = %s", (staff,))
    assert [sessions.load(one) for one in tokens] == [None] * 3
    assert town.ours.log_in("staff")


def test_a_company_that_is_switched_off_lets_nobody_in(town, database):
    token = town.ours.log_in("admin")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE tenant SET active = false WHERE id = %s", (town.ours.id,))
    assert sessions.load(token) is None
    with pytest.raises(Unauthorized):
        town.ours.log_in("admin")
    assert sessions.load(town.theirs.log_in("admin")) is not None


def test_a_new_password_ends_all_other_sessions(town):
    here, there = town.ours.log_in("staff"), town.ours.log_in("staff")
    identity = sessions.load(here)
    assert identity is not None
    with pytest.raises(Invalid, match="old password"), unit_of_work(identity.actor) as work:
        service.change_password(work, "wrong", "another good password")
    with unit_of_work(identity.actor) as work:
        service.change_password(work, PASSWORD, "another good password")
    assert sessions.load(here) is not None
    assert sessions.load(there) is None
    with pytest.raises(Unauthorized):
        town.ours.log_in("staff")


def test_the_last_administrator_stays(town):
    with pytest.raises(Refused, match="administrator must remain"), unit_of_work(system_actor(town.ours.id)) as work:
        service.disable_user(work, town.ours.users["admin"], "mistake")
    town.ours.hire("second", "admin")
    with unit_of_work(system_actor(town.ours.id)) as work:
        service.disable_user(work, town.ours.users["admin"], "left")


def test_nobody_but_an_administrator_makes_an_administrator(town):
    manager = service.actor_of(town.ours.id, town.ours.users["manager"])
    admin = service.actor_of(town.ours.id, town.ours.users["admin"])
    with unit_of_work(system_actor(town.ours.id)) as work:
        role = repo.role_ids(work)["admin"]
    query = "UPDATE user_account SET roles = jsonb_build_array(%s::bigint) WHERE id = %s"
    with pytest.raises(Refused, match="Only an administrator"), unit_of_work(manager) as work:
        work.run(query, (role, town.ours.users["manager"]))
    with unit_of_work(admin) as work:
        work.run(query, (role, town.ours.users["manager"]))
    assert "admin" in service.actor_of(town.ours.id, town.ours.users["manager"]).roles


def test_usernames_are_unique_over_all_companies(town):
    from erp_app.kernel.errors import Conflict

    with pytest.raises(Conflict), unit_of_work(system_actor(town.theirs.id)) as work:
        service.create_user(work, town.ours.name("staff"), "Twin", roles=["staff"])


def test_my_sessions_are_listed_and_the_others_can_be_ended(town):
    here = town.ours.log_in("staff")
    there = town.ours.log_in("staff", address="127.0.0.9")
    identity = sessions.load(here)
    assert identity is not None
    with unit_of_work(identity.actor) as work:
        listed = sessions.mine(work)
        assert [one["current"] for one in listed].count(True) == 1
        assert len(listed) == 2
        assert sessions.end_others(work) == 1
    assert sessions.load(here) is not None
    assert sessions.load(there) is None


def test_a_wrong_old_password_counts_like_a_failed_login_and_is_audited(town, database):
    town.ours.hire("guessed", "staff")
    token = town.ours.log_in("guessed")
    actor = sessions.load(token).actor
    for _ in range(5):
        with pytest.raises(Invalid, match="old password"), unit_of_work(actor) as work:
            service.change_password(work, "wrong", "another good password")
    with pytest.raises(Throttled), unit_of_work(actor) as work:
        service.change_password(work, PASSWORD, "another good password")
    with psycopg.connect(database) as admin:
        counted = "SELECT count(*) FROM audit_event WHERE action = 'user.password_refused' AND user_id = %s"
        assert admin.execute(counted, (town.ours.users["guessed"],)).fetchone() == (5,)


def test_a_weak_or_the_same_password_is_no_change(town):
    actor = sessions.load(town.ours.log_in("manager")).actor
    for new in ("short", PASSWORD, town.ours.name("manager")):
        with pytest.raises(Invalid) as refusal, unit_of_work(actor) as work:
            service.change_password(work, PASSWORD, new)
        assert set(refusal.value.errors) == {"new_password"}


def test_a_person_ends_own_sessions_and_nobody_elses(town):
    here, there, other = town.ours.log_in("warehouse"), town.ours.log_in("warehouse"), town.ours.log_in("admin")
    actor = sessions.load(here).actor
    with unit_of_work(actor) as work:
        assert sessions.end_mine(work, int(sessions.load(other).session_id)) == 0
        assert sessions.end_mine(work, int(actor.session_id)) == 0
        assert sessions.end_mine(work, int(sessions.load(there).session_id)) == 1
    assert (sessions.load(there), sessions.load(here) is None, sessions.load(other) is None) == (None, False, False)
