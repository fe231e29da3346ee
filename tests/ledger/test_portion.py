"""What the first units of a layer are worth: the database's arithmetic and Python's are the same, at every edge and for any numbers."""

from __future__ import annotations

import random

from erp_app.costing.rules import portion
from erp_app.kernel import db

EDGES = (0, 1, 2, 3, 9_999, 10**9 - 1, 10**9, 10**9 + 1, 2 * 10**9 - 1, 2 * 10**9, 2 * 10**9 + 1, 10**17, 10**18)  # of the short way, and of the types


def cases() -> list[tuple[int, int, int]]:
    """Values (also below zero), quantities and positions, the position never beyond the quantity."""
    dice = random.Random(7)
    found = [(sign * value, quantity, position) for sign in (1, -1) for value in EDGES for quantity in EDGES[1:] for position in EDGES if position <= quantity]
    for _ in range(3000):
        quantity = dice.randint(1, 10 ** dice.randint(1, 18))
        found.append((dice.randint(-(10 ** dice.randint(1, 17)), 10 ** dice.randint(1, 17)), quantity, dice.randint(0, quantity)))
    return found


def test_a_portion_is_the_same_in_the_database_and_in_python(database: str) -> None:
    given = cases()
    columns = [list(column) for column in zip(*given, strict=True)]
    with db.connection() as conn:
        rows = conn.execute(
            "SELECT cost_portion(v, q, p) FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY x(v, q, p, n) ORDER BY n", columns
        ).fetchall()
    wrong = [(case, row[0], portion(*case)) for case, row in zip(given, rows, strict=True) if row[0] != portion(*case)]
    assert not wrong, wrong[:5]
    assert len(given) > 4000


def test_pieces_of_a_layer_add_up_to_it_however_it_is_cut(database: str) -> None:
    dice = random.Random(8)
    for value, quantity in ((5_994_030, 900_000), (-7, 30_000), (10**17, 10**18), (2 * 10**9 + 1, 70_000)):
        cuts = [0, *sorted(dice.randint(0, quantity) for _ in range(50)), quantity]
        with db.connection() as conn:
            pieces = conn.execute(
                "SELECT cost_portion(%(v)s, %(q)s, b) - cost_portion(%(v)s, %(q)s, a) FROM unnest(%(a)s::bigint[], %(b)s::bigint[]) x(a, b)",
                {"v": value, "q": quantity, "a": cuts[:-1], "b": cuts[1:]},
            ).fetchall()
        assert sum(piece[0] for piece in pieces) == value
