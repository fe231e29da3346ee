"""What waits for the costing worker can be followed and tried again by programs, and only by those who may."""

from __future__ import annotations

import psycopg
import pytest

from erp_app.costing.fix import URGENT, USUAL
from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import cost_queues, operations
from tests.flows.caller import log_in
from tests.flows.firm import moment
from workers.costing import replay


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


def test_who_may_lets_an_item_be_done_first_and_the_same_key_does_it_once(late):
    path = "system/queues/hpp_queue/items/TUBE/hurry"
    assert log_in(late, "warehouse").call("POST", path).status_code == 403
    assert log_in(late, "sales").call("POST", path).status_code == 403
    with unit_of_work(system_actor(late.tenant)) as work:
        assert work.value("SELECT min(priority) FROM hpp_queue") == USUAL
    api, key = log_in(late, "admin"), {"Idempotency-Key": "first of all"}
    assert api.call("POST", path, **key).json() == {"ok": True}
    assert api.get("system/queues/hpp_queue")["items"][0]["priority"] == URGENT
    replay(system_actor(late.tenant), str(late.item))
    assert api.call("POST", path).status_code == 404
    assert api.call("POST", path, **key).json() == {"ok": True}
    assert api.call("POST", "system/queues/hpp_queue/items/BOX/hurry", **key).status_code == 409
    with unit_of_work(system_actor(late.tenant)) as work:
        told = work.rows("SELECT u.code AS who, e.after FROM audit_event e JOIN user_account u ON u.id = e.user_id WHERE e.action = 'hpp_queue.hurried'")
    assert told == [{"who": late.actor("admin").username, "after": {"item": late.item}}]


def test_what_is_done_is_counted_and_shown_without_reading_the_past(late, database):
    """Twice as much past as is counted: what is read stays what is counted, however much more there is."""
    replay(system_actor(late.tenant), str(late.item))
    with unit_of_work(system_actor(late.tenant)) as work:
        work.run(
            "INSERT INTO hpp_queue (tenant_id, item_id, from_at, cause_document_id, state, done_at)"
            " SELECT tenant_id, item_id, from_at, cause_document_id, 'done', now() FROM hpp_queue, generate_series(1, %s)", (2 * cost_queues.COUNTED,),
        )
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("ANALYZE hpp_queue")
    api = log_in(late, "admin")
    found = api.get("system/queues/hpp_queue?done=true")
    assert (found["total"], found["total_exact"], len(found["items"])) == (cost_queues.COUNTED, False, 50)
    assert api.get("system/queues/hpp_queue")["total"] == 0
    assert api.get("system/queues")["hpp_queue"]["pending"] == 0
    with unit_of_work(system_actor(late.tenant)) as work:
        for statement, most in ((cost_queues._SUMS["hpp_queue"], cost_queues.COUNTED), (cost_queues._ROWS["hpp_queue", True], 50),
                                (operations._WAITING["hpp_queue"], 0)):
            plan = work.value("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, {"counted": cost_queues.COUNTED, "size": 50, "skip": 0})
            assert rows_read(plan[0]["Plan"], "hpp_queue") <= most


def rows_read(node, table) -> int:
    """How many rows of a table a plan has looked at."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return own + sum(rows_read(one, table) for one in node.get("Plans", ()))
