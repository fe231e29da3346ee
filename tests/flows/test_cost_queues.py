"""What waits for the costing worker can be followed and tried again by programs, and only by those who may."""

from __future__ import annotations

import pytest

from erp_app.api import control
from erp_app.api.app import make
from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.flows.caller import Caller
from tests.flows.caller import log_in as enter
from tests.flows.firm import moment
from workers.costing import replay


def log_in(firm, role: str) -> Caller:
    """A program of the firm, at an application that also watches over the books."""
    return Caller(make(control.router), enter(firm, role).token)


@pytest.fixture
def late(firm):
    """A transfer of goods, and a receipt entered late before it."""
    bus.client().flushdb()
    firm.item = firm.create("items", code="TUBE", name="Tube", kind="raw")["id"]
    firm.create("suppliers", code="S", name="S")
    firm.received("TUBE", 10, 100, "2026-01-02", "S")
    goods = [{"item": "TUBE", "quantity": 4}]
    sent = firm.create("stock-transfers", **{"from": "WH", "to": "QUAR"}, effective_at=moment("2026-01-05").isoformat(), lines=goods)
    firm.act("stock-transfers", sent["id"], "receive")
    firm.late = firm.received("TUBE", 10, 90, "2026-01-01", "S")
    return firm


def test_a_waiting_item_names_its_cause_and_how_far_it_is(late):
    api = log_in(late, "admin")
    found = api.get("system/queues/hpp_queue")
    assert [(one["item"], one["state"], one["cause"], one["percent"]) for one in found["items"]] == [("TUBE", "waiting", late.late["number"], 0)]
    replay(system_actor(late.tenant), str(late.item))
    assert api.get("system/queues/hpp_queue")["total"] == 0
    done = api.get("system/queues/hpp_queue?done=true")["items"][0]
    assert (done["state"], done["percent"], done["documents"]) == ("done", 100, 1)
    assert api.get("audit-board")["corrections"][0]["cause"] == late.late["number"]


def test_what_failed_is_tried_again_by_who_may(late):
    with unit_of_work(system_actor(late.tenant)) as work:
        work.run("UPDATE hpp_queue SET state = 'failed', error = 'ERP-1220'")
        row = work.value("SELECT id FROM hpp_queue")
    path = f"system/queues/hpp_queue/{row}/retry"
    assert log_in(late, "warehouse").call("POST", path).status_code == 403
    assert log_in(late, "sales").call("GET", "system/queues/hpp_queue").status_code == 403
    api = log_in(late, "admin")
    assert api.call("POST", path).json() == {"ok": True}
    assert api.get("system/queues/hpp_queue")["items"][0]["state"] == "waiting"
    assert api.call("POST", path).status_code == 404
    assert api.call("GET", "system/queues/nothing").status_code == 404
