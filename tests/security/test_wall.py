"""The wall between tenants stands in the database: proved for every table, policy, function and foreign key in the catalogue."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg import errors, sql

from erp_app.kernel import roles
from erp_app.kernel.actor import system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.uow import unit_of_work
from tests.security.rows import fill, tables

OURS, THEIRS = 9_000_001, 9_000_002
WITHOUT_TENANT = {"alembic_version", "sql_state"}
# Beside the wall itself: logging in looks up one exact value; the relay delivers events, lists companies and knows which have an
# audit chain; the owner's search functions keep the tenant themselves. (table, policy, roles, command)
OTHER_POLICIES = {
    ("user_account", "lookup", "{erp_app}", "SELECT"),
    ("tenant", "lookup", "{erp_app}", "SELECT"),
    ("user_session", "lookup", "{erp_app}", "SELECT"),
    ("user_token", "lookup", "{erp_app}", "SELECT"),
    ("tenant", "relay_lists", "{erp_relay}", "SELECT"),
    ("outbox", "relay_reads", "{erp_relay}", "ALL"),
    ("event_done", "relay_reads", "{erp_relay}", "SELECT"),
    ("event_delivery", "relay_delivers", "{erp_relay}", "ALL"),
    ("audit_event", "relay_reads", "{erp_relay}", "SELECT"),
    ("record_ref", "owner_searches", "{erp_owner}", "SELECT"),
}
# Run as the owner; each keeps the tenant itself.
DEFINERS = {"record_search", "record_search_similar", "post_plain", "cost_correct", "journal_correct", "stock_balance_follow"}
RELAY_READS = {"outbox", "event_done", "event_delivery", "tenant", "audit_event"}


@pytest.fixture(scope="module")
def full(admin_url):
    """A database in which both tenants have a row in every table."""
    fill(admin_url, (OURS, THEIRS))
    return admin_url


@pytest.fixture(scope="module")
def catalogue(full):
    with psycopg.connect(full) as conn:
        return tables(conn)


def as_app(tenant_id=None):
    """A connection of the application's role, with a tenant or without."""
    conn = psycopg.connect(settings().app_url, autocommit=True)
    conn.execute("SELECT set_config('app.user', '0', false)")
    if tenant_id is not None:
        conn.execute("SELECT set_config('app.tenant', %s, false)", (str(tenant_id),))
    return conn


def refused(conn, statement, params=None):
    """Whether a statement touches nothing: an error, or no row."""
    try:
        with conn.transaction():
            return conn.execute(statement, params).rowcount == 0
    except psycopg.Error:
        return True


def test_every_table_belongs_to_tenants_except_two(catalogue):
    assert {table.name for table in catalogue if not table.tenant} <= WITHOUT_TENANT
    assert len(catalogue) > 30


def test_row_level_security_is_on_and_forced_everywhere(full, catalogue):
    with psycopg.connect(full) as conn:
        rows = conn.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        ).fetchall()
    tenant = {table.name for table in catalogue if table.tenant}
    assert [name for name, on, forced in rows if name in tenant and not (on and forced)] == []


def test_every_table_has_the_wall_and_no_policy_that_is_not_listed(full, catalogue):
    with psycopg.connect(full) as conn:
        rows = conn.execute(
            "SELECT tablename, policyname, qual, with_check, cmd, permissive, roles::text FROM pg_policies WHERE schemaname = 'public'"
        ).fetchall()
    walls = {row[0]: row for row in rows if row[1] == "tenant_wall"}
    assert set(walls) == {table.name for table in catalogue if table.tenant}
    for _, _, qual, check, command, permissive, _ in walls.values():
        assert "current_setting('app.tenant'::text)" in qual  # the form with one argument: it raises when nothing is set
        assert check == qual
        assert (command, permissive) == ("ALL", "PERMISSIVE")
    assert {(row[0], row[1], row[6], row[4]) for row in rows if row[1] != "tenant_wall"} <= OTHER_POLICIES


def test_the_applications_roles_own_nothing_and_pass_no_wall(full):
    with psycopg.connect(full) as conn:
        for role in (roles.APP, roles.RELAY):
            assert (
                conn.execute("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s", (role,)).fetchone() == (False,) * 4
            )
            owned = conn.execute(
                "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid WHERE r.rolname = %s AND d.deptype = 'o'", (role,)
            ).fetchone()
            assert owned == (0,)
            assert conn.execute("SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s", (role,)).fetchone() == (0,)
        bypass = conn.execute("SELECT rolbypassrls, rolsuper FROM pg_roles WHERE rolname = %s", (roles.OWNER,)).fetchone()
        assert bypass == (False, False)


def test_functions_and_views_do_not_go_round_the_wall(full):
    with psycopg.connect(full) as conn:
        definer = conn.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT coalesce(array_to_string(proconfig, ',') LIKE '%search_path=%', false)"
        ).fetchall()
        known = conn.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef").fetchall()
        views = conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'"
            " AND NOT coalesce(array_to_string(reloptions, ',') LIKE '%security_invoker=true%', false)"
        ).fetchall()
        stored_views = conn.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'm'").fetchall()
    assert definer == []
    assert {row[0] for row in known} <= DEFINERS
    assert views == []
    assert stored_views == []


def test_the_owners_search_functions_find_records_of_the_asking_tenant_only(full):
    for tenant_id in (OURS, THEIRS):
        with as_app(tenant_id) as conn:
            assert conn.execute("SELECT * FROM record_search(NULL, ARRAY['%'], 100)").fetchall() == [(tenant_id,)]
            assert conn.execute("SELECT * FROM record_search_similar(%s, 100)", (str(THEIRS + OURS - tenant_id),)).fetchall() in ([], [(tenant_id,)])
    with as_app() as conn:
        for query in ("SELECT * FROM record_search(NULL, ARRAY['%'], 100)", "SELECT * FROM record_search_similar('x', 100)"):
            assert refused(conn, query)


def test_a_tenant_sees_its_own_rows_only(full, catalogue):
    for tenant_id in (OURS, THEIRS):
        with as_app(tenant_id) as conn:
            for table in catalogue:
                if table.tenant:
                    seen = conn.execute(sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(sql.Identifier(table.name))).fetchall()
                    assert seen == [(tenant_id,)], table.name


def test_a_tenant_changes_removes_and_inserts_nothing_of_another(full, catalogue):
    open_doors = []
    with as_app(THEIRS) as conn:
        for table in [one for one in catalogue if one.tenant]:
            name = sql.Identifier(table.name)
            attempts = {
                "update": sql.SQL("UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = {}").format(name, OURS),
                "delete": sql.SQL("DELETE FROM {} WHERE tenant_id = {}").format(name, OURS),
                "insert": table.insert(OURS),
                "give away": sql.SQL("UPDATE {} SET tenant_id = {}").format(name, OURS),
                "truncate": sql.SQL("TRUNCATE {} CASCADE").format(name),
            }
            open_doors += [(table.name, what) for what, statement in attempts.items() if not refused(conn, statement)]
    assert open_doors == []
    with psycopg.connect(full) as admin:
        for table in [one for one in catalogue if one.tenant]:
            counted = admin.execute(sql.SQL("SELECT count(*) FROM {} WHERE tenant_id = {}").format(sql.Identifier(table.name), OURS)).fetchone()
            assert counted == (1,), table.name


def test_without_a_tenant_every_table_is_an_error(full, catalogue):
    with as_app() as conn:
        for table in catalogue:
            if table.tenant:
                with pytest.raises(psycopg.Error), conn.transaction():
                    conn.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table.name)))


def test_no_foreign_key_can_refer_to_another_tenant(full, catalogue):
    tenant = {table.name for table in catalogue if table.tenant}
    with psycopg.connect(full) as conn:
        rows = conn.execute(
            "SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.conname,"
            " (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)),"
            " (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey))"
            " FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"
        ).fetchall()
    loose = [
        (source, name)
        for source, target, name, own, other in rows
        if source in tenant and target in tenant and not ("tenant_id" in own and "tenant_id" in other)
    ]
    assert loose == []
    assert len(rows) > 20


def test_lookups_before_the_tenant_is_known_find_one_exact_value(full):
    with as_app(0) as conn:
        for table, value in (("user_account", str(OURS)), ("tenant", str(OURS)), ("user_session", str(OURS)), ("user_token", str(OURS))):
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            conn.execute("SELECT set_config('app.lookup', '', false)")
            assert conn.execute(count).fetchone() == (0,), table
            conn.execute("SELECT set_config('app.lookup', %s, false)", (value,))
            assert conn.execute(count).fetchone() == (1,), table
            conn.execute("SELECT set_config('app.lookup', '%', false)")
            assert conn.execute(count).fetchone() == (0,), table
            conn.execute("SELECT set_config('app.lookup', %s, false)", (value,))
            assert refused(conn, sql.SQL("UPDATE {} SET tenant_id = tenant_id").format(sql.Identifier(table))), table


def test_the_relay_reads_events_and_the_list_of_companies_and_nothing_else(full, catalogue):
    readable = []
    with psycopg.connect(settings().relay_url, autocommit=True) as conn:
        for table in catalogue:
            try:
                conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name)))
                readable.append(table.name)
            except errors.InsufficientPrivilege:
                continue
        assert set(readable) - WITHOUT_TENANT <= RELAY_READS
        for statement in (
            "UPDATE outbox SET payload = '{}'",
            "DELETE FROM outbox",
            "UPDATE tenant SET name = 'x'",
            "SELECT address FROM tenant",
            "SELECT after FROM audit_event",
            "INSERT INTO outbox (tenant_id, name, payload) VALUES (1, 'x', '{}')",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                conn.execute(statement)


def test_a_thousand_turns_of_two_tenants_on_shared_connections_leak_nothing(full):
    wrong = []

    def turn(tenant_id):
        for _ in range(250):
            with unit_of_work(system_actor(tenant_id)) as work:
                if work.rows("SELECT DISTINCT tenant_id FROM outbox") != [{"tenant_id": tenant_id}]:
                    wrong.append(tenant_id)

    threads = [threading.Thread(target=turn, args=(one,)) for one in (OURS, THEIRS, OURS, THEIRS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
