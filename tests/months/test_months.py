"""Two hundred random months of sixty documents and more: whatever is entered when, the books end the same, to the rupiah.

ERP_MONTHS plays another number of months, ERP_MONTH another first one.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from tests.months.draw import Month, accepted_order
from tests.months.proof import WrongError, prove_month
from tests.months.shrink import shrink

MONTHS, FIRST, AT_ONCE = int(os.environ.get("ERP_MONTHS", "200")), int(os.environ.get("ERP_MONTH", "0")), 2
BATCH = 20


def failure(database, seed, order):
    """Tell what is wrong with a month, or None."""
    with psycopg.connect(database) as admin:
        try:
            prove_month(order, order, seed, admin)
        except WrongError as wrong:
            return str(wrong)
    return None


def played(database, seed):
    """Play the month of a seed; tell what is wrong and the fewest papers that show it, or None."""
    order = accepted_order(Month(seed).papers, random.Random(seed))
    if failure(database, seed, order) is None:
        return None
    fewer, told = shrink(order, partial(failure, database, seed))
    return "\n".join([f"month {seed}: {told}", f"entered in this order ({len(fewer)} of {len(order)}):", *(f"  {one}" for one in fewer)])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(FIRST, FIRST + MONTHS, BATCH))
def test_a_month_ends_the_same_in_whatever_order_it_is_entered(database, first):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = [one for one in pool.map(partial(played, database), range(first, min(first + BATCH, FIRST + MONTHS))) if one]
    assert not told, "\n\n".join(told)
