"""Stock layers as of one day, as known on another: from the nearest checkpoint they are what a look at all pieces of all times gives."""

import itertools
import random
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from erp_app.costing.checkpoint import seal
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import layers_then
from erp_app.reports.report import Asked
from erp_app.reports.stock_layers import OURS, open_layers
from tests.costing.books import START, Books, moment
from tests.costing.months import steps
from tests.costing.telling import Telling
from tests.costing.test_posting import told

tenants = itertools.count(9_800)
DAY = 40  # of the story's days: each is a hundred minutes, so a calendar day holds some fourteen of them
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])
ALL_PIECES = (
    "WITH piece AS (SELECT c.move_id, c.layer_id, sum(c.quantity) AS quantity, sum(c.value) AS value FROM cost_piece c JOIN stock_move m ON m.id = c.move_id"
    "  WHERE c.date <= %(day)s AND c.recorded_at < %(known)s AND m.effective_at < %(until)s GROUP BY 1, 2),"
    " layer AS (SELECT y.* FROM cost_layer y JOIN place q ON q.id = y.place_id WHERE q.kind = ANY(%(ours)s)),"
    " laid AS (SELECT y.id, sum(p.quantity) AS quantity, sum(p.value) AS value FROM layer y JOIN piece p ON p.move_id = y.move_id"
    "  AND (y.parent_layer_id IS NULL OR p.layer_id IN (y.id, y.parent_layer_id)) GROUP BY 1),"
    " cut AS (SELECT y.id, sum(p.quantity) AS quantity, sum(p.value) AS value FROM layer y JOIN piece p ON p.layer_id = y.id AND p.move_id <> y.move_id"
    "  GROUP BY 1)"
    " SELECT y.item_id, y.place_id, y.move_id, y.parent_layer_id, l.quantity - coalesce(c.quantity, 0) AS quantity, l.value - coalesce(c.value, 0) AS value"
    " FROM layer y JOIN laid l ON l.id = y.id LEFT JOIN cut c ON c.id = y.id ORDER BY y.id"
)


def by_all_pieces(books, asked):
    with unit_of_work(books.actor) as work:
        given = {"ours": OURS, "day": asked.day, "until": asked.until or "infinity", "known": asked.known or "infinity"}
        return [tuple(row.values()) for row in work.rows(ALL_PIECES, given) if row["quantity"] or row["value"]]


def by_checkpoint(books, asked):
    with unit_of_work(books.actor) as work:
        given = layers_then.begin(work, {"ours": OURS, "item": None, "place": None, "day": asked.day, "until": asked.until, "known": asked.known})
        shown = "SELECT item_id, place_id, move_id, parent_layer_id, quantity, value FROM open ORDER BY layer"
        return [tuple(row.values()) for row in work.rows(layers_then.OPEN_THEN + shown, given)], len(given["ats"])


def questions(books, moments, dice):
    """Ask as of the end of some calendar days, as known at some moments of the story's telling, and now."""
    for until in [None, *(START.replace(hour=17) + timedelta(days=dice.randint(0, 4)) for _ in range(4))]:
        for known in [None, *dice.sample(moments, min(3, len(moments)))]:
            day = Asked().day if until is None else (until - timedelta(microseconds=1) + timedelta(hours=7)).date()
            yield Asked(day=day, until=until, known=known)


@FEW
@given(plan=steps, days=st.lists(st.tuples(st.integers(0, 29), st.integers(5, 60)), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_layers_from_the_nearest_checkpoint_are_those_of_all_pieces(database, plan, days, seed):
    story, _ = told(plan, in_order=False)
    tale, moments = Telling(Books(database, next(tenants), {"steel": "raw", "part": "finished"})), []
    for number, entry in enumerate(story.accepted):
        tale.post(entry)
        for _, day in (one for one in days if one[0] == number):
            tale.settle()
            for item in tale.books.items.values():
                with unit_of_work(tale.books.actor) as work:
                    seal(work, item, moment(day * 100 + 99))
        with unit_of_work(tale.books.actor) as work:
            moments.append(work.value("SELECT clock_timestamp()"))
    tale.settle()
    for asked in questions(tale.books, moments, random.Random(seed)):
        assert by_checkpoint(tale.books, asked)[0] == by_all_pieces(tale.books, asked)


def test_a_checkpoint_is_begun_from_and_the_report_shows_it(database):
    books = Books(database, next(tenants), {"steel": "raw"})
    receive = {"item": "steel", "source": "supplier", "target": "north", "quantity": 100, "value": 1_000}
    for day in range(3):
        books.post(books.document(f"GR-{day}"), START + timedelta(days=day), [receive])
    books.post(books.document("ADJ"), START + timedelta(days=3), [{"item": "steel", "source": "north", "target": "adjustment", "quantity": 130}])
    with unit_of_work(books.actor) as work:
        seal(work, books.items["steel"], START + timedelta(days=2))
        before = work.value("SELECT clock_timestamp()")
    books.post(books.document("GR-late"), START - timedelta(hours=1), [{**receive, "value": 7}])
    Telling(books).settle()
    asked = Asked(day=(START + timedelta(days=3)).date(), until=START + timedelta(days=3, hours=1), known=before)
    assert by_checkpoint(books, asked) == (by_all_pieces(books, asked), 1)
    with unit_of_work(books.actor) as work:
        assert [(one["quantity"], one["value"]) for one in open_layers(work, asked)] == [(70, 700), (100, 1_000)]
        assert [one["value"] for one in open_layers(work, Asked(day=asked.day, until=asked.until))] == [700, 1_000, 1_000]
