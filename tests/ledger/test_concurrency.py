"""Many at once: nothing negative, nothing lost, nothing double, no deadlock."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Conflict, ErpError, Refused
from erp_app.kernel.idempotency import once
from erp_app.kernel.uow import unit_of_work
from erp_app.posting import service
from erp_app.posting.models import Move, Posting
from erp_app.reports.integrity import prove
from tests.ledger.company import Company, day, units

THREADS, POSTINGS, ITEMS = 32, 300, 20
WHEN = day("2026-01-05")


def papers(company, count):
    """Ids of documents that wait to be posted."""
    with company.work() as work:
        rows = work.rows(
            "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
            " SELECT %s, nextval('record_id_seq'), 'papers', 'D-' || n || '-' || %s, '', '', '' FROM generate_series(1, %s) n RETURNING id",
            (company.tenant, random.random(), count),
        )
    return [row["id"] for row in rows]


def together(jobs, threads):
    """Run jobs on threads; return their answers, refusals as exceptions."""
    def attempt(job):
        try:
            return job()
        except ErpError as error:
            return error
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(attempt, jobs))


def posting_of(company, document, moves):
    def run():
        with unit_of_work(system_actor(company.tenant)) as work:
            return service.post(work, Posting(document, WHEN, moves))
    return run


def stocked(tenant, quantity, items=ITEMS):
    """A company with so much of each item in both warehouses."""
    company = Company.found(tenant, {f"I{n}": "raw" for n in range(items)})
    for place in ("WH", "WH2"):
        company.post(f"OPEN-{place}", "2026-01-01", [(f"I{n}", "SUPPLIER", place, quantity, {"value": 1000 + n}) for n in range(items)])
    return company


def proved(company):
    """The integrity report's violations."""
    with company.work() as work:
        return [(check["name"], check["offenders"]) for check in prove(work)["checks"] if check["violations"]]


def test_9600_postings_on_32_threads_are_never_negative_never_lost_never_double(database):
    seed = random.SystemRandom().randrange(10**6)
    dice = random.Random(seed)
    company = stocked(701, 100)
    documents = papers(company, THREADS * POSTINGS * 3 // 4)
    places = [company.ids[code] for code in ("WH", "WH2", "ADJUST", "SUPPLIER")]
    jobs = []
    for n in range(THREADS * POSTINGS):
        document = documents[n] if n < len(documents) else documents[dice.randrange(len(documents))]
        source, target = dice.choice([(0, 1), (1, 0), (0, 2), (1, 2), (3, 0), (3, 1)])
        moves = [
            Move(line, company.ids[f"I{item}"], places[source], places[target], units(dice.randint(1, 9)), value=500 if source == 3 else None)
            for line, item in enumerate(dice.sample(range(ITEMS), dice.randint(1, 3)), 1)
        ]
        jobs.append((document, moves))
    dice.shuffle(jobs)
    answers = together([posting_of(company, document, moves) for document, moves in jobs], THREADS)
    posted = [one for one in answers if not isinstance(one, Exception)]
    assert {one.code for one in answers if isinstance(one, ErpError)} <= {"ERP-1201", "ERP-1004"}, f"seed {seed}"
    assert len({one.document_id for one in posted}) == len(posted), f"seed {seed}"
    assert len(posted) > len(documents) // 2
    with company.work() as work:
        assert work.value("SELECT count(DISTINCT document_id) FROM stock_move") == len(posted) + 2
        assert work.value("SELECT count(*) FROM stock_move") == sum(len(one.moves) for one in posted) + 2 * ITEMS
        assert work.value("SELECT count(*) FROM outbox WHERE name = 'ledger.posted'") == len(posted) + 2
    assert proved(company) == [], f"seed {seed}"


def test_of_50_parallel_deliveries_of_2_on_98_pieces_49_are_posted(database):
    company = Company.found(702)
    company.post("GR-1", "2026-01-01", [("FG", "SUPPLIER", "WH", 98, {"value": 98_000})])
    jobs = []
    for document in papers(company, 50):
        move = Move(1, company.ids["FG"], company.ids["WH"], company.ids["TRANSIT"], units(2), to_lot=document)
        jobs.append(posting_of(company, document, [move]))
    answers = together(jobs, 25)
    refused = [one for one in answers if isinstance(one, Refused)]
    assert len(answers) - len(refused) == 49
    assert len(refused) == 1
    assert refused[0].code == "ERP-1201"
    assert refused[0].data["fits"] == "0"
    assert company.on_hand("FG", "WH") == 0
    assert company.on_hand("FG", "TRANSIT") == 98
    assert proved(company) == []


def test_one_key_from_16_threads_has_one_effect_and_16_equal_answers(database):
    company = Company.found(703)
    document = papers(company, 1)[0]
    barrier = threading.Barrier(16)

    def submit():
        barrier.wait()
        with unit_of_work(system_actor(company.tenant)) as work:
            move = Move(1, company.ids["FG"], company.ids["SUPPLIER"], company.ids["WH"], units(5), value=500)
            posting = Posting(document, WHEN, [move])
            return once(work, "key-1", {"document": document}, lambda: {"journal": service.post(work, posting).journal_id})

    answers = together([submit] * 16, 16)
    assert len(answers) == 16
    assert all(answer == answers[0] and answer["journal"] for answer in answers)
    assert company.on_hand("FG", "WH") == 5


def test_one_document_posted_by_16_threads_without_a_key_is_posted_once(database):
    company = Company.found(704)
    document = papers(company, 1)[0]
    move = Move(1, company.ids["FG"], company.ids["SUPPLIER"], company.ids["WH"], units(5), value=500)
    answers = together([posting_of(company, document, [move])] * 16, 16)
    assert sum(1 for one in answers if isinstance(one, Conflict)) == 15
    assert company.on_hand("FG", "WH") == 5


def test_documents_of_2_to_10_lines_in_any_order_never_deadlock(database):
    dice = random.Random(4)
    company = stocked(705, 5000)
    places = [company.ids["WH"], company.ids["WH2"]]
    jobs = []
    for document in papers(company, 16 * 60):
        source = dice.randrange(2)
        items = dice.sample(range(ITEMS), dice.randint(2, 10))
        moves = [Move(line, company.ids[f"I{item}"], places[source], places[1 - source], units(1)) for line, item in enumerate(items, 1)]
        jobs.append(posting_of(company, document, moves))
    with psycopg.connect(database, autocommit=True) as admin:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        before = admin.execute(query).fetchone()
        answers = together(jobs, 16)
        admin.execute("SELECT pg_stat_force_next_flush()")
        assert admin.execute(query).fetchone() == before
    assert [one for one in answers if isinstance(one, Exception)] == []
    assert proved(company) == []


@pytest.mark.parametrize("threads", [8])
def test_first_receipts_of_new_items_at_once_do_not_trip_over_each_other(database, threads):
    dice = random.Random(5)
    company = Company.found(706, {f"I{n}": "raw" for n in range(ITEMS)})
    jobs = []
    for document in papers(company, 64):
        items = dice.sample(range(ITEMS), 8)
        moves = [Move(line, company.ids[f"I{item}"], company.ids["SUPPLIER"], company.ids["WH"], units(1), value=10) for line, item in enumerate(items, 1)]
        jobs.append(posting_of(company, document, moves))
    answers = together(jobs, threads)
    assert [one for one in answers if isinstance(one, Exception)] == []
    assert proved(company) == []
