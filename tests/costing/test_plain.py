"""The column path for large queues gives the same pieces as the engine, and is fast."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_app.costing.movement import Move, ShortError
from erp_app.costing.plain import Movements, cut, portions
from erp_app.costing.replay import Replay
from erp_app.costing.rules import portion

SIZES = st.integers(1, 50) | st.integers(1, 2**31) | st.integers(2**31, 2**45)
VALUES = st.integers(-50, 50) | st.integers(0, 10**9) | st.integers(2**61, 2**62)
queues = st.lists(st.lists(st.tuples(SIZES, VALUES, st.integers(-9, 9)), max_size=25), min_size=1, max_size=4)


def laid_out(plan):
    """Turn (size, value, share) into receipts (share < 1) and issues of `share` parts of 9 of what lies there."""
    rows = []
    for queue, moves in enumerate(plan):
        left = 0
        for size, value, part in moves:
            wanted = left * part // 9
            quantity = -wanted if part > 0 and wanted else size
            left += quantity
            rows.append((queue, len(rows) + 1, quantity, value if quantity > 0 else 0))
    return Movements(*(np.array(column, np.int64) for column in zip(*rows, strict=True))) if rows else Movements(*([np.zeros(0, np.int64)] * 4))


def played(rows):
    moves = [
        Move(number, number, number, None if quantity > 0 else queue, queue if quantity > 0 else None, abs(quantity), value)
        for queue, number, quantity, value in zip(*(column.tolist() for column in rows), strict=True)
    ]
    replay = Replay().run(moves)
    made = {layer.id: layer.move for layer in replay.layers()}
    return [(p.move, made[p.layer], p.quantity, p.value) for p in replay.pieces() if made[p.layer] != p.move]


@settings(max_examples=300, deadline=None)
@given(queues)
def test_columns_give_the_pieces_of_the_engine(plan):
    rows = laid_out(plan)
    pieces = cut(rows)
    found = zip(rows.id[pieces.issue].tolist(), rows.id[pieces.receipt].tolist(), pieces.quantity.tolist(), pieces.value.tolist(), strict=True)
    assert list(found) == played(rows)


@settings(max_examples=300, deadline=None)
@given(VALUES, SIZES, st.integers(0, 10**6))
def test_a_portion_is_the_same_in_columns(value, quantity, part):
    position = quantity * part // 10**6
    columns = [np.array([number], np.int64) for number in (value, quantity, position)]
    assert portions(*columns).tolist() == [portion(value, quantity, position)]


def test_an_issue_before_its_receipt_is_refused_with_what_is_missing():
    rows = Movements(*(np.array(column, np.int64) for column in ([1, 1, 2, 2, 2], [1, 2, 3, 4, 5], [5, -5, 2, -3, 9], [0] * 5)))
    with pytest.raises(ShortError) as refused:
        cut(rows)
    assert (refused.value.move, refused.value.missing) == (4, 1)


def test_a_million_movements_take_less_than_a_second():
    chance = np.random.default_rng(7)
    size, value = chance.integers(1, 400_000, 500_000), chance.integers(0, 5_000_000, 500_000)
    quantity = np.column_stack((size, -chance.integers(1, size + 1))).ravel()
    value = np.column_stack((value, np.zeros_like(value))).ravel()
    rows = Movements(np.ones_like(quantity), np.arange(len(quantity)), quantity, value)
    begin = time.perf_counter()
    pieces = cut(rows)
    assert time.perf_counter() - begin < 1
    assert int(pieces.quantity.sum()) == -int(quantity[quantity < 0].sum())
