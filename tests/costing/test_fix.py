"""A repaired item is as it would be rebuilt; nothing else is written."""

import itertools

import psycopg
import pytest

from erp_app.costing.again import hurry
from erp_app.costing.fix import ask
from erp_app.kernel.uow import unit_of_work
from tests.costing.books import Books
from workers.stock import repair

tenants = itertools.count(5_000)
RECEIVE = {"source": "supplier", "target": "north", "quantity": 100, "value": 1_000}


@pytest.fixture
def books(database):
    books = Books(database, next(tenants), {"steel": "raw", "part": "finished"})
    for number, item in enumerate(("steel", "part")):
        books.post(books.document(f"GR-{item}"), 100 + number, [{**RECEIVE, "item": item}])
        books.post(books.document(f"ADJ-{item}"), 400 + number, [{"item": item, "source": "north", "target": "adjustment", "quantity": 30}])
    return books


def tampered(database, query, *values):
    with psycopg.connect(database) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(query, values)


def last_row(books):
    with unit_of_work(books.actor) as work:
        return work.row("SELECT state, progress, error FROM stock_fix_queue ORDER BY id DESC LIMIT 1")


def wait_and_repair(books, item):
    with unit_of_work(books.actor) as work:
        ask(work, books.items[item])
    repair(books.actor, str(books.items[item]))
    return last_row(books)


def test_a_sound_item_is_proved_and_nothing_is_written(books):
    before, journals = books.picture(), books.journals()
    row = wait_and_repair(books, "steel")
    assert (row["state"], row["progress"]) == ("done", {"moves": 2, "pieces": 0, "layers": 0, "documents": 0, "balances": []})
    assert (books.picture(), books.journals()) == (before, journals)


def test_a_wrong_balance_a_wrong_layer_and_a_lost_piece_are_set_right_for_that_item_alone(books, database):
    before, journals = books.picture(), books.journals()
    steel, part = books.items["steel"], books.items["part"]
    for item in (steel, part):
        tampered(database, "UPDATE stock_balance SET on_hand = 71 WHERE tenant_id = %s AND item_id = %s", books.tenant, item)
        tampered(database, "UPDATE cost_layer SET value = value + 9 WHERE tenant_id = %s AND item_id = %s", books.tenant, item)
    row = wait_and_repair(books, "steel")
    assert row["progress"]["balances"] == [{"place_id": books.places["north"], "lot": 0, "was": 71, "is": 70}]
    assert row["progress"]["layers"] == 1
    now = books.picture()
    assert {key: left for key, left in now[2].items() if key[0] == part} == {(part, books.places["north"], 0): 71}
    assert wait_and_repair(books, "part")["state"] == "done"
    assert (books.picture(), books.journals()) == (before, journals)


def test_a_tampered_piece_is_corrected_by_a_journal_and_stays_visible(books, database):
    before = books.picture()
    steel = books.items["steel"]
    with unit_of_work(books.actor) as work:
        move, layer, document = work.conn.execute(
            "SELECT p.move_id, p.layer_id, p.document_id FROM cost_piece p JOIN stock_move m ON m.id = p.move_id WHERE m.item_id = %s AND m.from_place_id = %s",
            (steel, books.places["north"]),
        ).fetchone()
        work.run(
            "INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)"
            " VALUES (%s, %s, %s, %s, 0, 55, %s, '2026-01-01')",
            (books.tenant, move, layer, document, document),
        )
    row = wait_and_repair(books, "steel")
    assert (row["progress"]["pieces"], row["progress"]["documents"]) == (1, 1)
    assert books.picture() == before
    assert books.journals()["ADJ-steel"] == {"5-1200": 300 - 55, "1-1310": -300 + 55}


def test_what_is_hurried_is_proved_before_what_waited_longer(books):
    with unit_of_work(books.actor) as work:
        for item in ("steel", "part"):
            ask(work, books.items[item])
        hurry(work, "stock_fix_queue", books.items["part"])
    repair(books.actor, str(books.items["steel"]))
    with unit_of_work(books.actor) as work:
        done = work.rows("SELECT i.code FROM stock_fix_queue q JOIN item i ON i.id = q.item_id WHERE q.state = 'done' ORDER BY q.done_at")
    assert [row["code"] for row in done] == ["part", "steel"]
