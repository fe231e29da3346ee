"""Every event handler of the real application against the callers nobody may serve: all refused, nothing written."""

from __future__ import annotations

import inspect
import typing
import uuid

import pytest
from reflex_base.registry import RegistrationContext

from erp_app.erp_app import app
from erp_app.iam import resources
from erp_app.iam.declaration import rule_of
from erp_app.kernel import limits
from erp_app.state.guard import FRAMEWORK, OWN_RESOURCE, PAGE_RESOURCE, resource_of
from tests.iam.people import found
from tests.security.callers import callers, contents, refusals
from tests.security.stage import on_stage

HANDLERS = RegistrationContext.get().event_handlers
OURS = {name: one for name, one in HANDLERS.items() if not one.states[0].__module__.startswith("reflex.") and not name.endswith(".setvar")}
EXAMPLES = {str: "1", int: 1, float: 1.0, bool: True, list: [], dict: {}}
PAGE = "/departments/{id}"


@pytest.fixture(scope="module")
def scene(admin_url):
    """Two companies, a record of ours, and the five callers."""
    from erp_app.iam.models import Department
    from erp_app.kernel.actor import system_actor
    from erp_app.kernel.uow import unit_of_work

    town = found()
    with unit_of_work(system_actor(town.ours.id)) as work:
        record = Department(tenant_id=town.ours.id, code="OUR-SECRET", name="Our secret department")
        work.session.add(record)
        work.flush()
        record_id = record.id
    return town, callers(town.ours, town.theirs), record_id


def example(handler):
    """Arguments as the handler asks for them."""
    hints = typing.get_type_hints(handler.fn)
    names = list(inspect.signature(handler.fn).parameters)[1:]
    return {name: EXAMPLES.get(typing.get_origin(hints.get(name, str)) or hints.get(name, str), "1") for name in names}


def test_every_handler_declares_who_may_send_it():
    assert [name for name, one in OURS.items() if rule_of(one.handler.fn) is None] == []
    assert len(OURS) > 30


def test_every_declared_right_is_a_right_there_is():
    known = {one.name: one.actions for one in resources.every()}
    wrong = []
    for name, one in OURS.items():
        rule = rule_of(one.handler.fn)
        if rule is not None and rule.kind == "right":
            resource = resource_of(rule, one.states[0], "/departments")
            if rule.action not in known.get(resource, ()):
                wrong.append(f"{name}: {rule.action} on {resource!r}")
    assert wrong == []


def test_no_handler_is_public_and_none_is_named_like_a_setter():
    assert [name for name, one in OURS.items() if rule_of(one.handler.fn).kind == "public"] == []
    assert [name for name in OURS if name.rpartition(".")[2].startswith("set_")] == []


def test_reasons_are_given_where_no_right_is_asked():
    assert [name for name, one in OURS.items() if rule_of(one.handler.fn).kind == "any_user" and len(rule_of(one.handler.fn).reason) < 10] == []


@pytest.mark.parametrize("who", ["nobody", "disabled user", "expired session"])
async def test_whoever_is_not_logged_in_can_send_nothing(scene, database, monkeypatch, who):
    monkeypatch.setattr(limits, "REFUSALS_AUDITED_PER_MINUTE", 10**6)
    _, people, record_id = scene
    before, audits = contents(database), refusals(database)
    async with on_stage(app) as stage:
        for name, one in HANDLERS.items():
            answer = await stage.send(name, example(one.handler), session=people[who].session, path=PAGE.format(id=record_id))
            assert "/login" in answer.words, name
            assert answer.changed.keys() <= {"rx_router_session", "rx_router_headers", "rx_router_page", "rx_router_url", "router"} or answer.changed == {}, (
                name
            )
    assert contents(database) == before
    assert refusals(database) == audits + len(HANDLERS)


async def test_a_user_without_roles_can_send_what_is_for_every_user_and_nothing_else(scene, database, monkeypatch):
    monkeypatch.setattr(limits, "REFUSALS_AUDITED_PER_MINUTE", 10**6)
    _, people, record_id = scene
    before = contents(database)
    let_in = []
    async with on_stage(app) as stage:
        for name, one in HANDLERS.items():
            rule = rule_of(one.handler.fn)
            if rule is not None and rule.kind == "any_user":
                continue
            audits = refusals(database)
            await stage.send(name, example(one.handler), session=people["wrong role"].session, path=PAGE.format(id=record_id))
            if refusals(database) == audits:
                let_in.append(name.rpartition(".")[2])
    assert set(let_in) <= FRAMEWORK
    assert contents(database) == before


async def test_another_company_sees_and_changes_nothing_of_ours(scene, database):
    town, people, record_id = scene
    before = contents(database, town.ours.id)
    tab = str(uuid.uuid4())
    async with on_stage(app) as stage:
        for name, one in HANDLERS.items():
            for path in (PAGE.format(id=record_id), "/departments", f"/users/{town.ours.users['admin']}", "/"):
                answer = await stage.send(name, example(one.handler), session=people["other tenant"].session, tab=tab, path=path)
                assert "OUR-SECRET" not in answer.frames, (name, path)
                assert town.ours.code not in answer.frames, (name, path)
    assert contents(database, town.ours.id) == before


def test_generated_screens_take_their_resource_from_the_state_or_the_page():
    for one in OURS.values():
        rule = rule_of(one.handler.fn)
        if rule is not None and rule.resource == OWN_RESOURCE:
            named = str(getattr(one.states[0], "permission_resource", ""))
            assert named == PAGE_RESOURCE or named in {resource.name for resource in resources.every()}, one.states[0]
