"""Users, roles and departments are document types: the generated screens and the API administer them, within the same rules."""

from __future__ import annotations

import pytest

import erp_app.domains  # noqa: F401 - all types that users refer to
from erp_app.document import registry, service
from erp_app.iam import login, sessions
from erp_app.iam import service as iam
from erp_app.kernel.errors import Conflict, ErpError, Forbidden, Invalid, Refused
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD

USERS, ROLES = registry.get("users"), registry.get("roles")


def admin_of(company):
    return iam.actor_of(company.id, company.users["admin"])


def test_an_administrator_makes_a_user_and_invites(town):
    with unit_of_work(admin_of(town.ours)) as work:
        made = service.create(work, USERS, {"code": f"new.{town.ours.code}", "name": "New Person", "roles": ["sales"], "lang": "en"})
        answer = service.act(work, USERS, made["id"], "invite", {})
    assert "hash" not in str(made)
    username = iam.accept_invitation(answer["link"].partition("token=")[2], PASSWORD)
    person = login.check(username, PASSWORD, address="127.0.0.1", via="web")
    assert iam.actor_of(town.ours.id, person.user_id).roles == {"sales"}


def test_switching_a_user_off_on_the_form_ends_the_sessions(town):
    token = town.ours.log_in("staff")
    with unit_of_work(admin_of(town.ours)) as work:
        user = service.get(work, USERS, town.ours.users["staff"])
        service.update(work, USERS, user["id"], {"active": False}, user["version"])
    assert sessions.load(token) is None


def test_log_out_everywhere(town):
    token = town.ours.log_in("staff")
    with unit_of_work(admin_of(town.ours)) as work:
        assert service.act(work, USERS, town.ours.users["staff"], "log_out", {})["ended"] == 1
    assert sessions.load(token) is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "Has Blanks"}, Invalid),
        ({"requests_per_minute": 0}, Invalid),
        ({"requests_per_minute": 10_001}, Invalid),
        ({"roles": ["no such role"]}, ErpError),
    ],
)
def test_malformed_users_are_refused(town, change, error):
    with pytest.raises(error), unit_of_work(admin_of(town.ours)) as work:
        service.create(work, USERS, {"code": f"bad.{town.ours.code}", "name": "Bad", "roles": ["staff"]} | change)


def test_a_manager_sees_users_and_changes_none(town):
    with unit_of_work(iam.actor_of(town.ours.id, town.ours.users["manager"])) as work:
        assert service.get(work, USERS, town.ours.users["staff"])["name"] == "Staff"
        with pytest.raises(Forbidden):
            service.create(work, USERS, {"code": f"x.{town.ours.code}", "name": "X"})
    with pytest.raises(Forbidden), unit_of_work(iam.actor_of(town.ours.id, town.ours.users["staff"])) as work:
        service.get(work, USERS, town.ours.users["admin"])


def test_removing_a_user_switches_off_and_the_last_administrator_stays(town):
    admin, token = admin_of(town.ours), town.ours.log_in("staff")
    with unit_of_work(admin) as work:
        service.remove(work, USERS, town.ours.users["staff"], 1)
    assert sessions.load(token) is None
    with unit_of_work(admin) as work:
        assert service.get(work, USERS, town.ours.users["staff"])["active"] is False
    with pytest.raises(Refused, match="administrator must remain"), unit_of_work(admin) as work:
        service.update(work, USERS, town.ours.users["admin"], {"active": False}, 1)


def test_the_role_admin_keeps_its_name(town):
    with unit_of_work(admin_of(town.ours)) as work:
        role = service.get(work, ROLES, "admin")
    for change in ({"code": "boss"}, {"active": False}):
        with pytest.raises(Refused, match="role admin"), unit_of_work(admin_of(town.ours)) as work:
            service.update(work, ROLES, role["id"], change, role["version"])
    with pytest.raises(ErpError), unit_of_work(admin_of(town.ours)) as work:
        service.remove(work, ROLES, role["id"], role["version"])


def test_a_username_taken_elsewhere_is_a_conflict_that_tells_nothing_of_the_other_company(town):
    with pytest.raises(Conflict) as refused, unit_of_work(admin_of(town.theirs)) as work:
        service.create(work, USERS, {"code": town.ours.name("staff"), "name": "Twin", "roles": ["staff"]})
    assert town.ours.code not in refused.value.detail.replace(town.ours.name("staff"), "")
