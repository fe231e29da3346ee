"""The guard: every event is refused unless its handler declares who may send it and the sender is one of them."""

from __future__ import annotations

import asyncio
import uuid

import psycopg
import pytest

from erp_app.iam import service, sessions
from erp_app.kernel import bus, limits
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Unavailable
from erp_app.kernel.uow import unit_of_work
from erp_app.state import guard
from tests.iam.people import PASSWORD
from tests.security import small_screens
from tests.security.stage import on_stage


@pytest.fixture
async def desk():
    """A function that sends an event to the small State."""
    app, name = small_screens.small_screens()
    small_screens.done.clear()
    async with on_stage(app) as stage:

        async def send(handler, payload=None, **options):
            return await stage.send(handler if "." in handler else f"{name}.{handler}", payload, **options)

        yield send


def audited(database, tenant_id):
    with psycopg.connect(database) as admin:
        return [
            tuple(row)
            for row in admin.execute("SELECT username, reason FROM audit_event WHERE tenant_id = %s AND action = 'event.refused' ORDER BY id", (tenant_id,))
        ]


async def test_the_right_opens_the_door_and_the_handler_knows_who_asks(desk, town):
    answer = await desk("change", {"what": "a department"}, session=town.ours.log_in("admin"))
    assert small_screens.done == [f"change {town.ours.name('admin')} a department"]
    assert answer.changed["shown"] == "a department"
    assert answer.errors == []


@pytest.mark.parametrize("handler", ["change", "look", "prefer", "undeclared", "forgotten", "set_shown", "work", "setvar"])
async def test_nobody_may_do_anything_and_is_sent_to_the_login(desk, town, database, handler):
    before = len(audited(database, 0))
    answer = await desk(handler, {"var_name": "shown", "value": "x"} if handler == "setvar" else None)
    assert small_screens.done == []
    assert "/login" in answer.words
    assert len(audited(database, 0)) == before + 1


@pytest.mark.parametrize(("browser", "words"), [("id-ID,id;q=0.9,en;q=0.8", "Basis data sibuk"), ("de,en;q=0.8", "database is busy"), ("", "database is busy")])
async def test_who_cannot_be_looked_up_is_told_in_the_language_of_the_browser(desk, monkeypatch, browser, words):
    def gone(_router_data):
        raise Unavailable("ERP-1011", "The database is busy or away. Nothing was changed; try again.")

    monkeypatch.setattr(guard, "_enter", gone)
    answer = await desk("change", {"what": "x"}, headers={"accept-language": browser})
    assert small_screens.done == []
    assert words in answer.words


async def test_public_is_public(desk, town):
    await desk("weather")
    assert small_screens.done == ["weather"]


async def test_a_wrong_role_is_refused_and_audited(desk, town, database):
    answer = await desk("change", {"what": "x"}, session=town.ours.log_in("staff"))
    assert small_screens.done == []
    assert "users" in answer.words
    assert audited(database, town.ours.id) == [(town.ours.name("staff"), "needs edit on users")]


async def test_the_state_class_names_the_resource_of_generated_screens(desk, town):
    await desk("look", session=town.ours.log_in("staff"))
    assert small_screens.done == [f"look {town.ours.id}"]


@pytest.mark.parametrize("handler", ["undeclared", "forgotten", "set_shown", "setvar"])
async def test_what_declares_nothing_is_open_to_nobody_not_even_administrators(desk, town, database, handler):
    await desk(handler, {"var_name": "shown", "value": "x"} if handler == "setvar" else None, session=town.ours.log_in("admin"))
    assert small_screens.done == []
    assert audited(database, town.ours.id)[-1][1] == "the handler declares no permission"


async def test_chained_events_pass_the_guard_too(desk, town):
    await desk("prefer", session=town.ours.log_in("admin"))
    assert small_screens.done == [f"prefer {town.ours.name('admin')}"]


async def test_background_handlers_are_guarded_and_look_again(desk, town):
    await desk("work", session=town.ours.log_in("staff"))
    assert small_screens.done == []
    token = town.ours.log_in("admin")
    answer = await desk("work", session=token)
    assert small_screens.done == ["work begins", "work goes on"]
    assert answer.changed["shown"] == "worked"


async def test_a_background_handler_stops_when_the_session_ends_meanwhile(desk, town):
    token = town.ours.log_in("admin")
    sending = asyncio.create_task(desk("work", session=token))
    while small_screens.done != ["work begins"]:  # noqa: ASYNC110 - the handler is the product's kind, it sets no event
        await asyncio.sleep(0.02)
    sessions.end(token)
    answer = await sending
    assert small_screens.done == ["work begins"]
    assert [type(error).__name__ for error in answer.errors] == ["Unauthorized"]


async def test_a_session_ends_for_the_next_event(desk, town, database):
    token = town.ours.log_in("admin")
    await desk("prefer", session=token)
    assert small_screens.done
    small_screens.done.clear()
    with unit_of_work(system_actor(town.ours.id)) as work:
        work.run("UPDATE user_session SET seen_at = now() - interval '13 hours'")
    await desk("prefer", session=token)
    await desk("change", session=town.ours.log_in("staff"))
    town.ours.hire("second", "admin")
    other = town.ours.log_in("second")
    with unit_of_work(system_actor(town.ours.id)) as work:
        service.disable_user(work, town.ours.users["second"], "left")
    await desk("change", session=other)
    await desk("change", session="A" * 43)
    assert small_screens.done == []


async def test_a_tab_belongs_to_the_session_that_used_it_first(desk, town):
    tab = str(uuid.uuid4())
    await desk("change", {"what": "secret of the administrator"}, session=town.ours.log_in("admin"), tab=tab)
    small_screens.done.clear()
    for thief in (town.ours.log_in("staff"), town.theirs.log_in("admin"), town.ours.log_in("admin")):
        for handler in ("prefer", "reflex___state____state.hydrate_and_load", "reflex___state____state.hydrate"):
            answer = await desk(handler, session=thief, tab=tab)
            assert "sessionStorage.clear" in answer.words
            assert answer.changed == {}
    answer = await desk("reflex___state____state.hydrate_and_load", tab=tab)
    assert answer.changed == {}
    assert small_screens.done == []


async def test_nothing_of_the_session_is_sent_to_the_browser(desk, town):
    token, tab = town.ours.log_in("admin"), str(uuid.uuid4())
    sent = []
    for handler in ("reflex___state____state.hydrate_and_load", "change", "look", "prefer", "work", "undeclared"):
        answer = await desk(handler, session=token, tab=tab)
        sent.append(answer.frames)
    text = " ".join(sent)
    assert "shown" in text
    assert token not in text
    assert sessions.digest(token) not in text
    assert "satu_session" not in text
    assert "backend only" not in text
    assert PASSWORD not in text


async def test_client_storage_events_change_no_var(desk, town):
    token, tab = town.ours.log_in("staff"), str(uuid.uuid4())
    name = "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal"
    state = small_screens.Desk.get_full_name()
    await desk(name, {"vars": {f"{state}.shown": "forged", f"{state}._secret": "forged"}}, session=token, tab=tab)
    answer = await desk("reflex___state____state.hydrate_and_load", {"vars": {f"{state}.shown": "forged"}}, session=token, tab=tab)
    assert answer.changed["shown"] == "nothing"


async def test_a_forged_cookie_in_the_events_own_data_is_not_believed(desk, town):
    answer = await desk("change", headers={"cookie": "satu_session=forged", "x-forwarded-for": "10.0.0.1"})
    assert "/login" in answer.words
    assert small_screens.done == []


async def test_a_page_that_is_not_open_does_not_load(desk, town):
    load = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"
    answer = await desk(load, session=town.ours.log_in("staff"), path="/users?x=1")
    assert "location.assign('/')" in answer.words
    answer = await desk(load, session=town.ours.log_in("staff"), path="/departments/12")
    assert "location.assign" not in answer.words


async def test_too_many_events_are_refused(desk, town, monkeypatch):
    monkeypatch.setattr(limits, "EVENTS_PER_MINUTE", 3)
    token = town.ours.log_in("admin")
    for _ in range(5):
        answer = await desk("look", session=token)
    assert len(small_screens.done) == 3
    assert "Terlalu banyak tindakan" in answer.words


async def test_an_attacker_cannot_fill_the_audit_trail(desk, town, database, monkeypatch):
    monkeypatch.setattr(limits, "REFUSALS_AUDITED_PER_MINUTE", 2)
    bus.client().flushdb()
    token = town.ours.log_in("staff")
    for _ in range(4):
        await desk("change", session=token)
    assert len(audited(database, town.ours.id)) == 2
    assert small_screens.done == []
