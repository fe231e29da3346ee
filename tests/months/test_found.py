"""What random months found once, each told with the fewest papers, in the order of entry that showed it."""

from __future__ import annotations

import psycopg
import pytest

from tests.months.books import Books
from tests.months.papers import Line, Paper, reversal
from tests.months.proof import Late, in_order, prove_month, tenants
from tests.months.truth import difference, truth

UNIT = 10_000
DAY = 24 * 60


@pytest.fixture
def hold(database):
    """Hold papers, entered in the order given, against everything a month is held against; return the books they ended as."""

    def held(*papers):
        with psycopg.connect(database) as admin:
            prove_month(list(papers), list(papers), 0, admin)
        return truth(list(papers)).totals

    return held


def entered(*papers, settled_after=()):
    """Enter papers, the worker coming only after some of them and at the end, and hold the books against the model."""
    books = Books(next(tenants), list(papers))
    for one in papers:
        books.take(one)
        if one.name in settled_after:
            books.settle()
    books.settle()
    assert difference(books.picture(), truth(list(papers))) == ""


def paper(name, day, *moves, **more):
    return Paper(name, name, day * DAY, moves, **more)


def came(name, day, item, quantity, value, place="WH"):
    return paper(name, day, Line(item, "SUPPLIER", place, quantity * UNIT, value=value))


def landed(name, day, amount, *receipts):
    return paper(name, day, amounts=tuple(((one, 1), amount, "2-1130") for one in receipts), needs=frozenset(receipts))


def made(name, day, used, good, added, source="WH", item="SF", result="FG"):
    moves = (Line(item, source, "PRODUCTION", used, transform=True), Line(result, "PRODUCTION", "WH", good, transform=True, weight=good))
    return paper(name, day, *moves, lines=(("5-1300", -added),), added=added)


def test_reversed_production_whose_output_was_landed_costed_leaves_the_landed_cost_as_variance(hold):
    receipt, finishing = came("GR-1", 1, "SF", 10, 1_000), made("FIN-1", 2, 7 * UNIT, 6 * UNIT, 90)
    freight = paper("LC-1", 3, amounts=((("FIN-1", 2), 55, "2-1130"),), needs=frozenset({"FIN-1"}))
    undone = reversal("RV-1", 4 * DAY, [finishing])
    for order in ((receipt, finishing, freight, undone), (receipt, finishing, undone, freight)):
        totals = hold(*order)
    assert totals["RV-1"] == {"1-1330": 700, "1-1340": -845, "5-1300": 90, "5-1100": 55}
    assert sum(accounts.get("1-1335", 0) for accounts in totals.values()) == 0


def test_reversed_production_stays_even_when_an_earlier_receipt_changes_what_it_used(hold):
    receipt, finishing = came("GR-1", 2, "SF", 10, 1_000), made("FIN-1", 3, 7 * UNIT, 6 * UNIT, 90)
    undone = reversal("RV-1", 4 * DAY, [finishing])
    totals = hold(receipt, finishing, undone, came("GR-0", 1, "SF", 5, 900))
    assert totals["RV-1"] == {"1-1330": 1_100, "1-1340": -1_190, "5-1300": 90}


def test_a_reversed_reversal_of_scrap_goes_to_scrap_again_also_when_its_worth_changes_later(hold):
    receipt = came("GR-1", 2, "FG", 10, 1_000)
    scrap = paper("SCRAP-1", 3, Line("FG", "WH", "SCRAP", 4 * UNIT))
    undone = reversal("RV-1", 4 * DAY, [scrap])
    again = reversal("RV-2", 5 * DAY, [undone])
    totals = hold(receipt, scrap, undone, again, came("GR-0", 1, "FG", 2, 500))
    assert totals["RV-2"] == {"5-1400": 700, "1-1340": -700}


def test_the_reversal_of_a_landed_cost_can_be_reversed(hold):
    receipt, freight = came("GR-1", 1, "FG", 10, 1_000), landed("LC-1", 2, 77, "GR-1")
    undone = reversal("RV-1", 3 * DAY, [freight])
    totals = hold(receipt, freight, undone, reversal("RV-2", 4 * DAY, [undone]))
    assert totals["RV-2"] == {"1-1340": 77, "2-1130": -77}


def test_a_landed_cost_on_what_something_was_made_from_waits_for_that_to_be_settled_first(database):
    """The made item waits from an earlier moment than the one from which the landed cost touches it."""
    entered(
        came("GR-1", 1, "SF", 2, 10_062), came("GR-2", 2, "TUBE", 5, 50_000),
        paper("SEND-1", 3, Line("TUBE", "WH", "VENDOR", 2 * UNIT)), made("SETOR-1", 8, UNIT, UNIT, 640, "VENDOR", "TUBE", "SF"),
        paper("SJ-2", 6, Line("SF", "WH", "TRANSIT:SJ-2", UNIT)), paper("MOVE-1", 4, Line("SF", "WH", "WH2", UNIT)),
        paper("SJ-1", 5, Line("SF", "WH2", "TRANSIT:SJ-1", 1)),
        paper("DO-1", 9, Line("SF", "TRANSIT:SJ-1", "CUSTOMER:DO-1", 1), needs=frozenset({"SJ-1"})), landed("LC-1", 7, -949, "GR-2"),
    )


def test_what_a_bill_changes_only_after_a_late_document_makes_an_earlier_return_late_too(database):
    """One ten-thousandth was worth nothing of the difference until a late delivery moved it to another place of its layer."""
    bill = paper("BILL-1", 18, lines=(("2-1110", 399_256), ("2-1100", -399_256)), amounts=((("GR-1", 1), -1_027, "2-1110"),), needs=frozenset({"GR-1"}))
    entered(
        came("GR-1", 1, "TUBE", 8, 371_802), paper("MOVE-1", 3, Line("TUBE", "WH", "WH2", 70_678)),
        paper("OPN-1", 5, Line("TUBE", "WH2", "ADJUST", 3_541)), paper("SJ-6", 13, Line("TUBE", "WH2", "TRANSIT:SJ-6", 1)),
        paper("DO-3", 14, Line("TUBE", "TRANSIT:SJ-6", "CUSTOMER:DO-3", 1)), bill, paper("SJ-1", 4, Line("TUBE", "WH2", "TRANSIT:SJ-1", 4 * UNIT)),
        paper("SRET-1", 16, Line("TUBE", "CUSTOMER:DO-3", "QUAR", 1, keep_origin=False)), settled_after=("SJ-1",),
    )


def moved_together(database):
    """A transfer of two batches, and a late issue that turns them round: (papers, the late one)."""
    papers = [
        came("GR-1", 2, "FG", 5, 500), paper("OPN-1", 1, Line("FG", "ADJUST", "WH", 4 * UNIT, value=100)),
        paper("MOVE-1", 10, Line("FG", "WH", "WH2", 6 * UNIT)),
    ]
    return papers, paper("SCRAP-1", 5, Line("FG", "WH", "SCRAP", 3 * UNIT))


def test_layers_as_known_then_keep_their_order_and_their_waiting(database):
    papers, late = moved_together(database)
    story = Late([*papers, late], papers, 0)
    story.books.take(late)
    story.print_reports()  # while its costs wait
    story.books.settle()
    story.print_reports()
    story.books.settle()
    assert difference(story.books.picture(), truth([*papers, late])) == ""
    story.remembered()


def test_everything_entered_in_order_needs_no_worker(database):
    papers, late = moved_together(database)
    assert difference(in_order([*papers, late]).picture(), truth([*papers, late])) == ""
