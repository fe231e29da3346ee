"""Single cases of the costing engine that people ask about."""

import pytest

from erp_app.costing.movement import Move, Revaluation, ShortError, Transform
from erp_app.costing.replay import Replay
from erp_app.costing.rules import piece_value
from tests.costing.ledger import Entry, Ledger

STORE, SHOP = ("steel", "store", 0), ("steel", "shop", 0)


def receipt(number, at, quantity, value, queue=STORE):
    return Move(number, at, 100 + number, None, queue, quantity, value)


def issue(number, at, quantity, **more):
    return Move(number, at, 100 + number, STORE, None, quantity, **more)


def entered(*documents):
    """Enter each movement or revaluation as a document of its own; return the ledger and the rows the last one appended."""
    ledger, rows = Ledger(), []
    for one in documents:
        entry = Entry(one.document, (one,)) if isinstance(one, Move) else Entry(one.document, (), None, one)
        rows = ledger.enter(entry)
    return ledger, [(row.move, row.document, row.quantity, row.value) for row in rows]


def test_pieces_of_a_layer_add_up_whatever_the_cuts():
    assert [piece_value(100, 3, a, a + 1) for a in range(3)] == [33, 34, 33]
    assert [piece_value(-100, 3, a, a + 1) for a in range(3)] == [-33, -34, -33]
    assert piece_value(10**30, 3 * 10**20, 0, 10**20) + piece_value(10**30, 3 * 10**20, 10**20, 3 * 10**20) == 10**30


def test_the_id_breaks_ties_of_one_moment():
    _, rows = entered(receipt(1, 5, 1, 10), receipt(2, 5, 1, 99), issue(3, 5, 1))
    assert rows == [(3, 103, 1, 10)]


def test_goods_without_value_cost_nothing_and_are_still_first_out():
    _, rows = entered(receipt(1, 1, 5, 0), receipt(2, 2, 5, 50), issue(3, 3, 7))
    assert rows == [(3, 103, 5, 0), (3, 103, 2, 20)]


def test_quantities_of_ten_thousandths_lose_nothing():
    _, first = entered(receipt(1, 1, 30_001, 10_000), issue(2, 2, 3_333))
    assert first == [(2, 102, 3_333, 1_111)]
    replay = Replay().run([receipt(1, 1, 30_001, 10_000), *(issue(number, number, 1) for number in range(2, 30_003))])
    assert sum(piece.value for piece in replay.pieces() if piece.layer == -1 and piece.move > 1) == 10_000


def test_a_receipt_is_reversed_only_as_far_as_it_still_lies_there():
    ledger, _ = entered(receipt(1, 1, 10, 100), receipt(2, 2, 10, 300), issue(3, 3, 4))
    with pytest.raises(ShortError) as refused:
        ledger.enter(Entry(500, (Move(50, 4, 500, STORE, None, 10, source_move=1),)))
    assert refused.value.missing == 4
    rows = ledger.enter(Entry(501, (Move(51, 4, 501, STORE, None, 6, source_move=1),)))
    assert [(row.quantity, row.value) for row in rows] == [(6, 60)]


def test_a_return_out_of_turn_leaves_the_other_layers_their_turn():
    ledger, rows = entered(receipt(1, 1, 10, 100), receipt(2, 2, 10, 300), issue(3, 3, 4, source_move=2), issue(4, 4, 12))
    assert rows == [(4, 104, 10, 100), (4, 104, 2, 60)]
    assert [one.taken for one in ledger.layers.values()] == [10, 6]


def test_a_late_issue_that_would_take_what_was_sent_back_is_refused():
    ledger, _ = entered(receipt(1, 1, 10, 100), receipt(2, 2, 10, 300), issue(3, 5, 10, source_move=1))
    with pytest.raises(ShortError) as refused:
        ledger.enter(Entry(500, (issue(50, 3, 1)._replace(document=500),)))
    assert refused.value.move == 3


def test_landed_cost_follows_goods_that_moved_on_and_leaves_their_documents():
    to_shop = Move(2, 2, 102, STORE, SHOP, 6, keep_origin=True)
    sold = Move(3, 3, 103, SHOP, None, 4)
    freight = Revaluation(9, 9, 900, ((1, 50),))
    _, rows = entered(receipt(1, 1, 10, 100), to_shop, sold, freight)
    assert rows == [(1, 900, 0, 50), (2, 900, 0, 30), (3, 900, 0, 20)]


def test_two_revaluations_of_one_layer_each_carry_their_own_effect():
    _, first = entered(receipt(1, 1, 3, 100), issue(2, 2, 1), Revaluation(8, 8, 800, ((1, 1),)))
    assert first == [(1, 800, 0, 1), (2, 800, 0, 1)]
    _, second = entered(receipt(1, 1, 3, 100), issue(2, 2, 1), Revaluation(8, 8, 800, ((1, 1),)), Revaluation(9, 9, 900, ((1, 1),)))
    assert second == [(1, 900, 0, 1)]


def test_a_revaluation_entered_before_an_existing_one_corrects_that_one():
    documents = [receipt(1, 1, 3, 100), issue(2, 2, 1), Revaluation(9, 9, 900, ((1, 1),)), Revaluation(8, 8, 800, ((1, 1),))]
    _, rows = entered(*documents)
    assert rows == [(1, 800, 0, 1), (2, 800, 0, 1), (2, 900, 0, -1)]


def test_a_late_document_before_a_revaluation_corrects_its_effect_too():
    documents = [receipt(1, 1, 10, 100), issue(3, 5, 10), Revaluation(9, 9, 900, ((1, 50),)), receipt(2, 0, 4, 80)]
    _, rows = entered(*documents)
    assert sorted(rows) == [(2, 102, 4, 80), (3, 103, -4, -40), (3, 103, 4, 80), (3, 900, 0, -20)]


def test_a_revaluation_of_merged_and_produced_goods_flows_on():
    ledger = Ledger()
    ledger.enter(Entry(101, (receipt(1, 1, 10, 100),)))
    used = Move(2, 2, 102, STORE, None, 10, transform=True)
    made = Move(3, 2, 102, None, SHOP, 4, transform=True, weight=1)
    ledger.enter(Entry(102, (used, made), Transform(102, 20, 1)))
    ledger.enter(Entry(104, (Move(4, 4, 104, SHOP, None, 1),)))
    rows = ledger.enter(Entry(900, (), None, Revaluation(9, 9, 900, ((1, 40), (3, 8)))))
    assert [(row.move, row.value) for row in rows] == [(1, 40), (2, 40), (3, 48), (4, 12)]


def test_what_went_out_by_mistake_comes_back_at_what_it_is_worth_now():
    ledger, _ = entered(receipt(1, 1, 4, 100), issue(2, 2, 3), Revaluation(8, 8, 800, ((1, 40),)))
    rows = ledger.enter(Entry(500, (Move(50, 9, 500, None, STORE, 3, keep_origin=True, source_move=2),)))
    assert [(row.quantity, row.value) for row in rows] == [(3, 105)]
    ledger.enter(Entry(501, (receipt(51, 0, 1, 1)._replace(document=501),)))
    assert sum(row.value for row in ledger.sums() if row.document == 500) == 1 + 50 + 20
