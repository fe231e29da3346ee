"""Records: created, read, changed, removed, and taken through their flow."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from erp_app.document import service
from erp_app.document.service import Query
from erp_app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from erp_app.kernel.uow import unit_of_work
from tests.document.sample import clerk, manager


@pytest.fixture(scope="module")
def parties(samples):
    with unit_of_work(manager()) as work:
        for code, kind in (("A", "outside"), ("B", "inside"), ("PT Baja", "outside")):
            service.create(work, samples[0], {"code": code, "name": f"Party {code}", "kind": kind})
    return samples[0]


@pytest.fixture
def orders(samples, parties):
    return samples[1]


def order(**changes):
    return {"party": "PT Baja", "lines": [{"party": "A", "quantity": "2.5", "unit_price": 1000}, {"party": "B", "quantity": 1, "unit_price": "0.5"}], **changes}


def make(dt, actor=None, **changes):
    with unit_of_work(actor or manager()) as work:
        return service.create(work, dt, order(**changes))


def test_a_document_gets_number_state_version_and_its_total(orders):
    made = make(orders, effective_at="2026-03-05", title="First")
    assert made["number"].startswith("SO-2026-")
    assert (made["state"], made["version"], made["total"]) == ("draft", 1, "2501")
    assert made["effective_at"] == "2026-03-05T00:00:00+07:00"
    assert made["party"] == "PT Baja"
    assert made["refs"]["party"]["label"] == "Party PT Baja"
    assert [line["quantity"] for line in made["lines"]] == ["2.5", "1"]
    assert made["lines"][1]["unit_price"] == "0.5"
    with unit_of_work(manager()) as work:
        assert service.get(work, orders, made["number"]) == service.get(work, orders, made["id"]) == made
        found = service.page(work, orders, Query(q="first"))
        assert [one["number"] for one in found.items] == [made["number"]]


def test_every_wrong_field_is_named_at_once(orders):
    with pytest.raises(Invalid) as caught:
        make(
            orders,
            party="nobody",
            priority="urgent",
            due_on="31/01/2026",
            pieces=1.5,
            margin="x",
            total=5,
            colour="red",
            lines=[
                {"party": "A", "quantity": "1.23456"},
                {"quantity": True, "taken": 1},
                "text",
            ],
        )
    assert caught.value.code == "ERP-1102"
    assert set(caught.value.errors) == {
        "party",
        "priority",
        "due_on",
        "pieces",
        "margin",
        "total",
        "colour",
        "lines.1.quantity",
        "lines.2.quantity",
        "lines.2.taken",
        "lines.2.party",
        "lines.3",
    }
    assert "nobody" in caught.value.errors["party"]


@pytest.mark.parametrize("value", ["1e400", "NaN", "-inf", "9" * 30, "1" * 1_000_000, {}, [], 10**30, 1e300, "١٢", "0x10", "--1", True])
def test_a_number_that_is_none_is_refused(orders, value):
    for field in ("pieces", "share", "margin"):
        with pytest.raises(Invalid):
            make(orders, **{field: value})
    with pytest.raises(Invalid):
        make(orders, lines=[{"party": "A", "quantity": value}])


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud800", "line\nbreak", "x" * 61, 5, ["a"], {"a": 1}])
def test_text_with_controls_or_too_long_is_refused(orders, value):
    with pytest.raises(Invalid) as caught:
        make(orders, title=value)
    assert list(caught.value.errors) == ["title"]


@pytest.mark.parametrize("value", ["'; DROP TABLE sample_order; --", "%s %(x)s {0}", "<img src=x>", "=1+1", "\u202eabc", "😀" * 60, "../../etc/passwd", "NULL"])
def test_odd_text_comes_back_as_it_went_in(orders, value):
    made = make(orders, title=value)
    assert made["title"] == value
    with unit_of_work(manager()) as work:
        found = service.page(work, orders, Query(q=value, filters={"title": value}))
        assert made["id"] in [one["id"] for one in found.items]


def test_a_reference_is_id_number_or_code_and_must_satisfy_its_filter(orders, parties):
    with unit_of_work(manager()) as work:
        party = service.get(work, parties, "B")
    by_id = make(orders, party=party["id"], store=str(party["id"]), others=["A", party["id"], "A"])
    assert (by_id["party"], by_id["store"], by_id["others"]) == ("B", "B", ["A", "B"])
    with pytest.raises(Invalid) as caught:
        make(orders, store="A")
    assert caught.value.errors == {"store": "must be a party with kind inside"}
    with pytest.raises(Invalid) as caught:
        make(orders, others=["A", "zz", "yy"])
    assert "'zz', 'yy'" in caught.value.errors["others"]


def test_an_inactive_record_is_refused_as_a_new_reference_only(orders, parties):
    with unit_of_work(manager()) as work:
        service.create(work, parties, {"code": "OLD", "name": "Old"})
        made = service.create(work, orders, order(party="OLD"))
        service.remove(work, parties, "OLD")
    with pytest.raises(Invalid, match="no longer active"):
        make(orders, party="OLD")
    with unit_of_work(manager()) as work:
        assert service.update(work, orders, made["id"], {"title": "x"}, 1)["party"] == "OLD"
        assert service.get(work, parties, "OLD")["active"] is False


def test_a_taken_code_is_named_at_its_field(samples, parties):
    with pytest.raises(Conflict) as caught, unit_of_work(manager()) as work:
        service.create(work, samples[0], {"code": "A", "name": "again"})
    assert caught.value.errors == {"code": "already exists"}


def test_an_update_changes_what_is_given_and_raises_the_version(orders):
    made = make(orders, title="one", note="stay")
    with unit_of_work(manager()) as work:
        changed = service.update(work, orders, made["id"], {"title": "two", "urgent": True}, 1)
    assert (changed["title"], changed["note"], changed["urgent"], changed["version"]) == ("two", "stay", True, 2)
    with pytest.raises(Conflict) as caught, unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"title": "three"}, 1)
    assert caught.value.code == "ERP-1003"
    with unit_of_work(manager()) as work:
        same = service.update(work, orders, made["id"], {"title": "two"}, 2)
    assert same["version"] == 2


def test_a_required_field_cannot_be_emptied(orders):
    made = make(orders)
    with pytest.raises(Invalid) as caught, unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"party": None, "lines": []}, 1)
    assert set(caught.value.errors) == {"party", "lines"}


def test_given_lines_replace_the_lines_and_a_line_number_keeps_the_rest_of_that_line(orders):
    made = make(orders)
    with unit_of_work(manager()) as work:
        changed = service.update(work, orders, made["id"], {"lines": [{"party": "PT Baja", "quantity": 4}, {"line_no": 1, "quantity": "3"}]}, 1)
    assert [(one["line_no"], one["party"], one["quantity"], one["unit_price"]) for one in changed["lines"]] == [
        (1, "PT Baja", "4", None),
        (2, "A", "3", "1000"),
    ]
    assert changed["total"] == "3000"


def test_who_may_not_see_a_price_keeps_it_when_changing_the_line(orders):
    made = make(orders, clerk(), lines=[{"party": "A", "quantity": 1}])
    with unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"lines": [{"line_no": 1, "unit_price": "77"}]}, 1)
    with unit_of_work(clerk()) as work:
        changed = service.update(work, orders, made["id"], {"lines": [{"line_no": 1, "quantity": 2}]}, 2)
        assert "unit_price" not in changed["lines"][0]
        assert "margin" not in changed
    with unit_of_work(manager()) as work:
        assert service.get(work, orders, made["id"])["lines"][0]["unit_price"] == "77"
    with pytest.raises(Invalid) as caught, unit_of_work(clerk()) as work:
        service.update(work, orders, made["id"], {"margin": 5}, 3)
    assert caught.value.errors == {"margin": "cannot be given"}


def test_a_removed_draft_is_hidden_and_its_number_stays_used(orders):
    first = make(orders, effective_at="2031-01-01")
    with unit_of_work(manager()) as work:
        service.remove(work, orders, first["id"], 1)
    with pytest.raises(NotFound), unit_of_work(manager()) as work:
        service.get(work, orders, first["number"])
    assert int(make(orders, effective_at="2031-01-01")["number"][-5:]) == int(first["number"][-5:]) + 1
    with unit_of_work(manager()) as work:
        assert first["id"] not in [one["id"] for one in service.page(work, orders, Query(page_size=500)).items]


def test_a_failed_creation_leaves_no_gap_in_the_numbers(orders):
    numbers = [make(orders, effective_at="2032-05-01")["number"]]
    with pytest.raises(Refused, match="without quantity"):
        make(orders, effective_at="2032-05-01", lines=[{"party": "A", "quantity": 0}])
    with unit_of_work(manager(), dry_run=True) as work:
        service.create(work, orders, order(effective_at="2032-05-01"))
    numbers.append(make(orders, effective_at="2032-05-01")["number"])
    assert numbers == ["SO-2032-00001", "SO-2032-00002"]


def test_a_step_from_an_earlier_state_takes_the_steps_between(orders):
    made = make(orders)
    with unit_of_work(manager()) as work:
        sent = service.act(work, orders, made["id"], "send", {"vehicle": "B 1 X", "to": "B"})
        assert (sent["state"], sent["version"], sent["shipped"], sent["by"]) == ("sent", 3, 2501, "B 1 X")
        rows = work.rows("SELECT action FROM audit_event WHERE record_id = %s ORDER BY id", (made["id"],))
        assert [one["action"] for one in rows] == ["sample_order.create", "sample_order.approve", "sample_order.send"]
        events = work.rows("SELECT payload, topics FROM outbox WHERE payload ->> 'id' = %s ORDER BY id", (str(made["id"]),))
        assert [one["payload"]["action"] for one in events] == ["create", "approve", "send"]
        assert events[-1]["topics"] == ["doc:sample-orders", f"rec:{made['id']}"]
        assert events[-1]["payload"]["state"] == "sent"


def test_a_step_that_does_not_start_here_is_refused_with_the_states_it_needs(orders):
    made = make(orders)
    with unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "send")
    with pytest.raises(Refused, match="is sent, it must be draft or approved"), unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "cancel", {"reason": "x"})
    with pytest.raises(Refused) as caught, unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"title": "x"}, 3)
    assert caught.value.code == "ERP-1603"
    with pytest.raises(Refused) as caught, unit_of_work(manager()) as work:
        service.remove(work, orders, made["id"])
    assert caught.value.code == "ERP-1604"
    with pytest.raises(NotFound) as caught, unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "explode")
    assert caught.value.code == "ERP-1601"


def test_what_a_step_asks_for_is_checked(orders):
    made = make(orders)
    with pytest.raises(Invalid) as caught, unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "cancel")
    assert caught.value.errors == {"reason": "is required"}
    with pytest.raises(Invalid) as caught, unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "send", {"to": "nobody", "driver": "x", "vehicle": 4})
    assert set(caught.value.errors) == {"to", "driver", "vehicle"}
    with unit_of_work(manager()) as work:
        service.act(work, orders, made["id"], "cancel", {"reason": "typing error"})
        assert work.value("SELECT reason FROM audit_event WHERE action = 'sample_order.cancel' AND record_id = %s", (made["id"],)) == "typing error"


def test_a_preview_tells_the_change_and_stores_nothing(orders):
    made = make(orders)
    seen = service.preview(manager(), orders, made["id"], "send", {"vehicle": "v"})
    assert seen["changes"]["state"] == ["draft", "sent"]
    assert seen["shipped"] == 2501
    with unit_of_work(manager()) as work:
        assert service.get(work, orders, made["id"]) == made


def test_rights_are_asked_for_every_step_and_every_record(orders):
    mine, other = make(orders, clerk(), lines=[{"party": "A", "quantity": 1}]), make(orders)
    with unit_of_work(clerk()) as work:
        assert service.get(work, orders, mine["id"])["id"] == mine["id"]
        assert all(one["created_by"] == 502 for one in service.page(work, orders, Query(page_size=500)).items)
    for call in (service.get, service.remove):
        with pytest.raises(NotFound), unit_of_work(clerk()) as work:
            call(work, orders, other["id"])
    for action in ("send", "approve"):
        with pytest.raises(Forbidden), unit_of_work(clerk()) as work:
            service.act(work, orders, mine["id"], action)
    with pytest.raises(Forbidden), unit_of_work(clerk()) as work:
        service.create(work, service.type_of(work, mine["refs"]["party"]["id"]), {"code": "N", "name": "N"})


def test_another_company_sees_nothing_and_cannot_refer(orders):
    made = make(orders)
    with unit_of_work(manager(tenant=2)) as work:
        assert service.page(work, orders, Query()).items == []
    for call in (service.get, service.remove, lambda w, d, r: service.act(w, d, r, "send"), lambda w, d, r: service.update(w, d, r, {}, 1)):
        with pytest.raises(NotFound), unit_of_work(manager(tenant=2)) as work:
            call(work, orders, made["id"])
    with pytest.raises(Invalid), unit_of_work(manager(tenant=2)) as work:
        service.create(work, orders, order(party=made["refs"]["party"]["id"], lines=[{"party": made["refs"]["party"]["id"], "quantity": 1}]))


def test_bulk_steps_report_each_record(orders):
    made = [make(orders) for _ in range(3)]
    with unit_of_work(manager()) as work:
        service.act(work, orders, made[1]["id"], "cancel", {"reason": "x"})
    done = service.act_many(manager(), orders, [one["id"] for one in made] + [987654321], "approve")
    assert [one["ok"] for one in done] == [True, False, True, False]
    assert done[0]["state"] == "approved"
    assert done[1]["code"] == "ERP-1602"
    assert done[3]["code"] == "ERP-1001"


def test_bulk_steps_under_one_key_are_taken_once(orders):
    made = make(orders)
    first = service.act_many(manager(), orders, [made["id"]], "approve", None, "bulk-1")
    assert service.act_many(manager(), orders, [made["id"]], "approve", None, "bulk-1") == first
    assert first[0]["version"] == 2


def test_the_audit_row_has_what_differs_before_and_after(orders):
    made = make(orders, title="one")
    with unit_of_work(manager()) as work:
        service.update(work, orders, made["id"], {"title": "two", "lines": [{"line_no": 1}, {"line_no": 2, "quantity": 9}]}, 1)
        row = work.row("SELECT before, after FROM audit_event WHERE record_id = %s AND action = 'sample_order.update'", (made["id"],))
    assert row["before"]["title"] == "one"
    assert row["after"]["title"] == "two"
    assert [one["quantity"] for one in row["before"]["lines"]] == ["1"]
    assert [one["quantity"] for one in row["after"]["lines"]] == ["9"]
    assert set(row["after"]) == {"title", "lines", "total"}


def test_thirty_two_at_once_get_numbers_without_gap_or_double(orders):
    with ThreadPoolExecutor(32) as pool:
        made = list(pool.map(lambda _: make(orders, effective_at="2040-01-01")["number"], range(96)))
    assert sorted(made) == [f"SO-2040-{n:05}" for n in range(1, 97)]


def test_of_two_changes_of_one_version_one_is_refused(orders):
    made = make(orders)
    start = threading.Barrier(8)

    def change(n):
        start.wait()
        try:
            with unit_of_work(manager()) as work:
                return service.update(work, orders, made["id"], {"title": f"by {n}"}, 1)["title"]
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        done = [one for one in pool.map(change, range(8)) if one]
    assert len(done) == 1
    with unit_of_work(manager()) as work:
        now = service.get(work, orders, made["id"])
    assert (now["title"], now["version"]) == (done[0], 2)


def test_a_step_taken_by_sixteen_at_once_is_taken_once(orders):
    made = make(orders)

    def approve(_):
        try:
            with unit_of_work(manager()) as work:
                return service.act(work, orders, made["id"], "approve")["version"]
        except Refused:
            return None

    with ThreadPoolExecutor(16) as pool:
        assert [one for one in pool.map(approve, range(16)) if one] == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sample_order SET number = 'X' WHERE id = %s",
        "UPDATE sample_order SET created_by = 0 WHERE id = %s",
        "DELETE FROM sample_order WHERE id = %s",
        "UPDATE sample_order SET state = 'draft' WHERE id = %s",
    ],
)
def test_not_even_sql_changes_a_number_an_origin_or_a_deletion(orders, statement):
    made = make(orders)
    with unit_of_work(manager()) as work:
        service.remove(work, orders, made["id"])
    with pytest.raises(Forbidden), unit_of_work(manager()) as work:
        work.run(statement, (made["id"],))


def test_the_register_follows_every_change(orders):
    made = make(orders, title="findable")
    with unit_of_work(manager()) as work:
        row = work.row("SELECT type, number, label, state, search FROM record_ref WHERE id = %s", (made["id"],))
        assert row["search"] == f" {made['number']} findable pt baja party pt baja".lower()
        assert (row["type"], row["number"], row["label"], row["state"]) == ("sample-orders", made["number"], "findable", "draft")
        service.act(work, orders, made["id"], "approve")
        assert work.value("SELECT state FROM record_ref WHERE id = %s", (made["id"],)) == "approved"


def test_five_hundred_lines_are_stored_in_few_statements(orders):
    lines = [{"party": "A", "quantity": n + 1} for n in range(500)]
    with unit_of_work(manager()) as work:
        seen = []
        original = work.rows
        work.rows = lambda *given: seen.append(given) or original(*given)
        made = service.create(work, orders, order(lines=lines))
    assert len(made["lines"]) == 500
    assert len(seen) < 10
