"""People are told what concerns them, in their language, and the bell knows the count without asking."""

from __future__ import annotations

import json
from dataclasses import replace

import psycopg
import pytest

from erp_app.document import comments, registry, service
from erp_app.iam import service as iam
from erp_app.kernel import bus
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.uow import unit_of_work
from erp_app.notify import service as notify
from workers.relay import forward

ORDER = {"supplier": "S9", "warehouse": "WH9", "lines": [{"item": "I9", "quantity": "1", "unit_price": "5"}]}


@pytest.fixture(scope="module")
def people(admin_url: str) -> dict[str, Actor]:
    """A company with an administrator and two members of staff."""
    tenant = iam.create_tenant("NOTE", "Company with bells")
    with unit_of_work(system_actor(tenant)) as work:
        ids = {name: iam.create_user(work, name, name.title(), roles=[role]) for name, role in (("ani", "admin"), ("budi", "staff"), ("citra", "staff"))}
    return {name: iam.actor_of(tenant, user) for name, user in ids.items()}


def deliver(work_off):
    with psycopg.connect(settings().relay_url or "", autocommit=True) as conn:
        while forward(conn):
            pass
    work_off()


def bell(actor):
    with unit_of_work(actor) as work:
        return notify.mine(work)


def test_who_is_mentioned_is_told_once_and_the_author_is_not(people, work_off):
    ani, budi = people["ani"], people["budi"]
    with unit_of_work(ani) as work:
        unit = service.create(work, registry.get("units"), {"code": "TUBE", "name": "Tube"})
        comments.add(work, unit["id"], "@budi please look, @ani too, @nobody, mail@citra")
    deliver(work_off)
    assert [(one["kind"], one["number"], one["read"]) for one in bell(budi)] == [("mention", "TUBE", False)]
    assert bell(ani) == []
    assert bell(people["citra"]) == []


def test_a_mention_opens_a_record_to_nobody(people, work_off):
    ani, citra = people["ani"], people["citra"]
    with unit_of_work(ani) as work:
        role = service.create(work, registry.get("roles"), {"code": "night", "name": "Night shift"})
        comments.add(work, role["id"], "@citra the secret of the roles")
    deliver(work_off)
    assert bell(citra) == []


def test_the_text_is_in_the_language_of_the_reader(people):
    english = bell(replace(people["budi"], lang="en"))[0]["title"]
    indonesian = bell(replace(people["budi"], lang="id"))[0]["title"]
    assert english == "ani mentioned you on TUBE"
    assert indonesian == "ani menyebut Anda di TUBE"


def test_the_bell_is_told_the_new_count(people):
    budi = people["budi"]
    with psycopg.connect(settings().relay_url or "", autocommit=True) as conn, bus.client().pubsub() as screen:
        while forward(conn):
            pass
        screen.subscribe(bus.live_channel(budi.tenant_id))
        screen.get_message(timeout=1)
        with unit_of_work(system_actor(budi.tenant_id)) as work:
            notify.tell(work, [budi.user_id], "import_finished", {"label": "Items", "text": "12 rows"})
        forward(conn)
        told = json.loads(screen.get_message(timeout=1)["data"])
    assert (told["topics"], told["payload"]) == ([f"notify:{budi.user_id}"], {"live": 2})


def test_reading_one_and_reading_all(people):
    budi = people["budi"]
    with unit_of_work(budi) as work:
        newest = notify.mine(work)[0]["id"]
        assert notify.mark_read(work, [newest]) == 1
        assert notify.unread(work) == 1
        assert notify.mark_read(work) == 1
        assert notify.mark_read(work) == 0
        assert notify.unread(work) == 0


def test_nobody_reads_or_marks_what_belongs_to_another(people):
    ani, budi = people["ani"], people["budi"]
    with unit_of_work(system_actor(ani.tenant_id)) as work:
        notify.tell(work, [ani.user_id], "import_finished", {"label": "Items"})
    with unit_of_work(ani) as work:
        theirs = notify.mine(work)[0]["id"]
    with unit_of_work(budi) as work:
        assert theirs not in [one["id"] for one in notify.mine(work)]
        assert notify.mark_read(work, [theirs]) == 0


def test_a_failed_cost_run_reaches_who_looks_after_operations(people, work_off):
    ani = people["ani"]
    with unit_of_work(system_actor(ani.tenant_id)) as work:
        work.emit("hpp.failed", {"item_id": 5, "item": "TUBE", "error": "the queue is short"})
    deliver(work_off)
    assert bell(ani)[0]["kind"] == "costs_failed"
    assert all(one["kind"] != "costs_failed" for one in bell(people["budi"]))


def test_who_may_approve_is_told_until_somebody_has(people, work_off):
    tenant = people["ani"].tenant_id
    with unit_of_work(system_actor(tenant)) as work:
        ids = [iam.create_user(work, name, name, roles=[role]) for name, role in (("dewi", "purchasing"), ("eka", "manager"), ("fajar", "purchasing_manager"))]
        service.create(work, registry.get("units"), {"code": "PCS9", "name": "Piece"})
        service.create(work, registry.get("suppliers"), {"code": "S9", "name": "Supplier"})
        service.create(work, registry.get("places"), {"code": "WH9", "name": "Warehouse", "kind": "warehouse"})
        service.create(work, registry.get("items"), {"code": "I9", "name": "Item", "kind": "raw", "unit": "PCS9"})
    dewi, eka, fajar = (iam.actor_of(tenant, user) for user in ids)
    orders = registry.get("purchase-orders")
    with unit_of_work(dewi) as work:
        order = service.create(work, orders, ORDER)
    deliver(work_off)
    for approver in (eka, fajar):
        assert [(one["kind"], one["number"]) for one in bell(approver)] == [("approval", order["number"])]
    assert bell(dewi) == []
    with unit_of_work(eka) as work:
        notify.mark_read(work)
        service.act(work, orders, order["id"], "approve")
    deliver(work_off)
    assert bell(fajar) == []
    assert [one["read"] for one in bell(eka)] == [True]


def test_who_may_approve_alone_troubles_nobody(people, work_off):
    tenant = people["ani"].tenant_id
    with unit_of_work(system_actor(tenant)) as work:
        gita = iam.create_user(work, "gita", "Gita", roles=["manager"])
    with unit_of_work(iam.actor_of(tenant, gita)) as work:
        service.create(work, registry.get("purchase-orders"), ORDER)
    deliver(work_off)
    assert all(one["kind"] != "approval" for one in bell(people["ani"]))
