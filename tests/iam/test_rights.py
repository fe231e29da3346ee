"""Rights: declared defaults, what administrators change, scopes that mean the same in Python and in SQL, and the explainer."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, select
from sqlalchemy.dialects import postgresql

from erp_app.document.declare import Access
from erp_app.iam import explain, grants, matrix, page_access, resources, service
from erp_app.iam.resources import default_scope
from erp_app.kernel.access import SCOPES, may, scope_filter
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Forbidden, Invalid, Refused
from erp_app.kernel.uow import unit_of_work

RECORDS = Table(
    "scope_probe",
    MetaData(),
    Column("id", BigInteger),
    Column("created_by", BigInteger),
    Column("assignee_id", BigInteger),
    Column("department_id", BigInteger),
    Column("warehouse_id", BigInteger),
)
NUMBERS = st.one_of(st.none(), st.integers(1, 4))


@pytest.fixture(scope="module")
def probe(admin_url):
    """Every combination of owner, assignee, department and warehouse as a row."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE scope_probe AS SELECT row_number() OVER () AS id, a.x AS created_by, b.x AS assignee_id, c.x AS department_id, d.x AS warehouse_id"
            " FROM (VALUES (1::bigint), (2), (3)) a(x), (VALUES (1::bigint), (2), (NULL)) b(x), (VALUES (1::bigint), (2), (NULL)) c(x),"
            " (VALUES (1::bigint), (2), (NULL)) d(x)",
        )
        rows = conn.execute("SELECT id, created_by, assignee_id, department_id, warehouse_id FROM scope_probe ORDER BY id").fetchall()
        yield conn, [dict(zip(("id", "created_by", "assignee_id", "department_id", "warehouse_id"), row, strict=True)) for row in rows]
        conn.execute("DROP TABLE scope_probe")


@settings(max_examples=300, deadline=None)
@given(
    held=st.sets(st.sampled_from(SCOPES)),
    user=st.integers(1, 4),
    departments=st.frozensets(st.integers(1, 3)),
    warehouses=st.frozensets(st.integers(1, 3)),
    key=st.sampled_from([("things", "view"), ("things", "*"), ("*", "view"), ("*", "*"), ("other", "view")]),
)
def test_a_scope_reaches_the_same_records_in_python_and_in_sql(probe, held, user, departments, warehouses, key):
    conn, rows = probe
    actor = Actor(1, user, "x", grants={key: frozenset(held)} if held else {}, departments=departments, warehouses=warehouses)
    query = select(RECORDS.c.id).where(scope_filter(actor, "things", RECORDS)).order_by(RECORDS.c.id)
    text = str(query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    by_sql = [row[0] for row in conn.execute(text).fetchall()]
    assert by_sql == [row["id"] for row in rows if may(actor, "things", "view", row)]


def test_declared_defaults_speak_of_roles_scopes_and_everybody():
    access = Access(view=("*:own", "manager"), create=("staff:department", "sales"))
    assert default_scope(access, "admin", "view") == "all"
    assert default_scope(access, "staff", "view") == "own"
    assert default_scope(access, "staff", "create") == "department"
    assert default_scope(access, "sales", "create") == "all"
    assert default_scope(access, "gate", "create") == "none"


def test_roles_add_up_and_a_stored_row_replaces_the_default():
    stored = (("hr", "departments", "edit", "none"), ("staff", "departments", "edit", "own"))
    held = grants.merge(["hr", "staff"], stored)
    assert held["departments", "edit"] == {"own"}
    assert held["departments", "create"] == {"all"}
    assert ("users", "edit") not in held
    assert grants.merge(["admin", "staff"], stored) == grants.ALL
    assert grants.merge([], stored) == {}


def test_a_declaration_may_combine_scopes():
    access = Access(view=("staff:own+department",))
    assert default_scope(access, "staff", "view") == "own+department"
    probe = resources.declare("scope-probe", "Probe", "Test", access)
    try:
        assert grants.merge(["staff"], ())["scope-probe", "view"] == {"own", "department"}
    finally:
        resources._declared.pop(probe.name)


def test_every_declared_scope_is_one_there_is():
    import erp_app.domains  # noqa: F401 - all declarations

    found = {
        scope
        for one in resources.every()
        for action in one.actions
        for role in ("staff", "manager", "sales", "warehouse", "gate", "hr")
        for scope in default_scope(one.access, role, action).split("+")
    }
    assert found <= {"none", *SCOPES}


def admin_of(company):
    return service.actor_of(company.id, company.users["admin"])


def test_the_matrix_shows_and_changes_what_a_role_may_do(town):
    with unit_of_work(admin_of(town.ours)) as work:
        assert {"admin", "manager", "staff", "gate"} <= {row["code"] for row in matrix.roles(work)}
        matrix.put_right(work, "staff", "departments", "edit", "own")
        cell = next(cell for row in matrix.rights(work, "staff") if row["resource"] == "departments" for cell in row["cells"] if cell["action"] == "edit")
        assert cell == {"action": "edit", "scope": "own", "default": "none", "changed": True, "offered": True}
    staff = service.actor_of(town.ours.id, town.ours.users["staff"])
    assert may(staff, "departments", "edit", {"created_by": staff.user_id})
    assert not may(staff, "departments", "edit", {"created_by": staff.user_id + 1})
    assert not may(service.actor_of(town.theirs.id, town.theirs.users["staff"]), "departments", "edit")
    with unit_of_work(admin_of(town.ours)) as work:
        matrix.put_right(work, "staff", "departments", "edit", "none")
        assert work.value("SELECT count(*) FROM role_permission") == 0
        assert work.value("SELECT count(*) FROM audit_event WHERE action = 'permission.changed'") == 2
    assert not may(service.actor_of(town.ours.id, town.ours.users["staff"]), "departments", "edit")


def test_every_resource_and_action_is_in_the_matrix(town):
    with unit_of_work(admin_of(town.ours)) as work:
        rows = matrix.rights(work, "manager")
    assert [row["resource"] for row in rows] == [one.name for one in resources.every()]
    assert all(len(row["cells"]) == 8 for row in rows)


@pytest.mark.parametrize("wrong", [("staff", "nothing", "edit", "all"), ("staff", "users", "fly", "all"), ("staff", "users", "edit", "everywhere")])
def test_the_matrix_refuses_what_does_not_exist(town, wrong):
    with pytest.raises(Invalid), unit_of_work(admin_of(town.ours)) as work:
        matrix.put_right(work, *wrong)


def test_the_administrators_rights_stay_and_others_may_not_change_rights(town):
    with pytest.raises(Refused, match="holds all rights"), unit_of_work(admin_of(town.ours)) as work:
        matrix.put_right(work, "admin", "users", "edit", "none")
    manager = service.actor_of(town.ours.id, town.ours.users["manager"])
    for call in (
        lambda work: matrix.put_right(work, "manager", "users", "edit", "all"),
        lambda work: matrix.put_page(work, "manager", "/users", allowed=True),
        lambda work: matrix.rights(work, "manager"),
        matrix.roles,
        lambda work: matrix.pages(work, "manager"),
    ):
        with pytest.raises(Forbidden), unit_of_work(manager) as work:
            call(work)


def test_pages_follow_the_right_to_view_until_somebody_says_otherwise(town):
    staff, manager = (service.actor_of(town.ours.id, town.ours.users[one]) for one in ("staff", "manager"))
    assert page_access.may_open(staff.pages, "/departments/7")
    assert not page_access.may_open(staff.pages, "/users")
    assert page_access.may_open(manager.pages, "/users")
    assert page_access.may_open(frozenset(), "/")
    assert not page_access.may_open(manager.pages, "/users-and-more")
    with unit_of_work(admin_of(town.ours)) as work:
        matrix.put_page(work, "manager", "/users", allowed=False)
        matrix.put_page(work, "staff", "/users", allowed=True)
    staff, manager = (service.actor_of(town.ours.id, town.ours.users[one]) for one in ("staff", "manager"))
    assert not page_access.may_open(manager.pages, "/users")
    assert page_access.may_open(staff.pages, "/users")
    assert not may(staff, "users", "view")
    with unit_of_work(admin_of(town.ours)) as work:
        matrix.put_page(work, "manager", "/users", None)
        row = next(row for row in matrix.pages(work, "manager") if row["path"] == "/users")
    assert row["open"]
    assert not row["changed"]


def test_the_explainer_says_why(town):
    staff = town.ours.name("staff")
    with unit_of_work(admin_of(town.ours)) as work:
        answer = explain.explain(work, staff, "users", "edit")
        assert not answer["allowed"]
        assert answer["summary"] == f"{staff} may not edit Users: none of the roles staff gives it."
        matrix.put_right(work, "staff", "users", "edit", "own")
        answer = explain.explain(work, staff, "users", "edit", {"created_by": 1})
        assert not answer["allowed"]
        assert answer["steps"] == [
            {
                "role": "staff",
                "scope": "own",
                "source": "stored",
                "text": "Role staff reaches records they made or are assigned to (an administrator has set this).",
            },
        ]
        assert "this record is not among them" in answer["summary"]
        assert explain.explain(work, staff, "users", "edit", {"created_by": town.ours.users["staff"]})["allowed"]
        assert explain.explain(work, town.ours.name("admin"), "users", "edit")["allowed"]
        service.disable_user(work, town.ours.users["staff"], "left")
        assert "switched off" in explain.explain(work, staff, "users", "edit")["summary"]


def test_everybody_may_ask_about_himself_and_only_administrators_about_others(town):
    manager = service.actor_of(town.ours.id, town.ours.users["manager"])
    with unit_of_work(manager) as work:
        assert explain.explain(work, town.ours.name("manager"), "users", "view")["allowed"]
    with pytest.raises(Forbidden), unit_of_work(manager) as work:
        explain.explain(work, town.ours.name("staff"), "users", "view")
