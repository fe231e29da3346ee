"""What a replay adds goes through two functions that run as the owner: whoever calls them cannot store what the checks would refuse."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from erp_app.costing import fix
from erp_app.kernel.errors import ErpError, Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.reports.integrity import prove
from tests.costing.books import Books, moment
from workers.stock import repair

tenants = itertools.count(12_000)
PIECES = "SELECT cost_correct(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])"
JOURNALS = "SELECT journal_correct(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
RECEIVE = {"item": "steel", "source": "supplier", "target": "north", "quantity": 100, "value": 1_000}
ISSUE = {"item": "steel", "source": "north", "target": "adjustment", "quantity": 30}


class Firm(Books):
    """A small ledger whose documents are known by name, and a call as the application's role."""

    def paper(self, name):
        known = {given: number for number, given in self.names.items()}
        return known.get(name) or self.document(name)

    def call(self, query, *values):
        with unit_of_work(self.actor) as work:
            work.run(query, values)

    def found(self, query):
        with unit_of_work(self.actor) as work:
            return work.first(query)

    def account(self, code):
        return next(number for number, known in self.accounts.items() if known == code)

    def state_of_month(self, code, state):
        self.call("UPDATE accounting_period SET state = %s WHERE code = %s", state, code)


@pytest.fixture
def books(database):
    books = Firm(database, next(tenants), {"steel": "raw"})
    books.post(books.paper("GR"), 1, [RECEIVE])
    books.post(books.paper("ADJ"), 4, [ISSUE])
    return books


def lines(books, *amounts, entry=1):
    """Columns of lines of one journal: its place, line numbers, accounts in turn, amounts."""
    accounts = [books.account("5-1200"), books.account("1-1310")]
    return [entry] * len(amounts), list(range(1, len(amounts) + 1)), [accounts[number % 2] for number in range(len(amounts))], list(amounts)


def heads(books, number=1, *, document="ADJ", cause="GR", at=4):
    return [books.paper(document)] * number, [books.paper(cause)] * number, [moment(at)] * number


def count(books):
    return books.found("SELECT (SELECT count(*) FROM journal_entry), (SELECT count(*) FROM journal_line), (SELECT count(*) FROM journal_number)")


def test_a_balanced_journal_is_stored_and_sealed_at_once(books):
    before = count(books)
    with unit_of_work(books.actor) as work:
        work.run(JOURNALS, (*heads(books), *lines(books, 7, -7)))
        assert work.value("SELECT count(*) FROM journal_number n JOIN journal_entry e ON e.id = n.entry_id WHERE e.kind = 'correction'") == 1
    assert count(books) == tuple(one + more for one, more in zip(before, (1, 2, 1), strict=True))
    assert books.journals()["ADJ"] == {"5-1200": 307, "1-1310": -307}


@pytest.mark.parametrize("amounts", [(7, -6), (7,), (0, 0), (7, -7, None), ()], ids=["uneven", "one line", "zeroes", "no amount", "no lines"])
def test_a_journal_that_does_not_balance_is_refused_to_whoever_calls(books, amounts):
    before = count(books)
    with pytest.raises(ErpError):
        books.call(JOURNALS, *heads(books), *lines(books, *amounts))
    assert count(books) == before


@pytest.mark.parametrize(
    ("given", "code"),
    [({"document": "LC"}, None), ({"cause": "LC"}, None), ({"number": 2}, None)],
    ids=["a document of others", "a cause of others", "a journal without lines"],
)
def test_a_journal_of_what_this_tenant_does_not_have_is_refused(books, database, given, code):
    other = Books(database, next(tenants), {"steel": "raw"})
    books.names[other.document("LC")] = "LC"
    before = count(books)
    with pytest.raises(ErpError):
        books.call(JOURNALS, *heads(books, **given), *lines(books, 7, -7))
    assert count(books) == before


def test_no_line_joins_another_journal_than_those_of_its_call(books):
    sealed = books.found("SELECT min(entry_id) FROM journal_number")[0]
    for entry in (sealed + 1_000_000, 2, 0):
        with pytest.raises(ErpError):
            books.call(JOURNALS, *heads(books), *lines(books, 7, -7, entry=entry))


def test_lines_on_accounts_of_others_are_refused(books):
    entries, numbers, _accounts, amounts = lines(books, 7, -7)
    with pytest.raises(ErpError):
        books.call(JOURNALS, *heads(books), entries, numbers, [10**12, 10**12 + 1], amounts)


def test_journals_and_pieces_in_a_locked_month_are_refused_with_the_first_open_date(books):
    move, layer = books.found("SELECT move_id, layer_id FROM cost_piece ORDER BY id DESC LIMIT 1")
    document = [books.paper("ADJ")]
    books.state_of_month(f"{moment(4):%Y-%m}", "locked")
    for query, values in (
        (JOURNALS, (*heads(books), *lines(books, 7, -7))),
        (PIECES, ([move], [layer], document, [0], [7], document, [moment(4)])),
    ):
        with pytest.raises(Refused, match=r"lies in the locked period .* The first open date is") as refusal:
            books.call(query, *values)
        assert refusal.value.code == "ERP-1203"


@pytest.mark.parametrize(("move", "layer", "quantity"), [(10**12, None, 0), (None, 10**12, 0), (None, None, 5)], ids=["movement", "layer", "document"])
def test_a_piece_of_what_is_not_there_or_of_a_quantity_for_another_document_is_refused(books, move, layer, quantity):
    known = books.found("SELECT move_id, layer_id FROM cost_piece ORDER BY id DESC LIMIT 1")
    one = books.paper("GR")  # the movement is of ADJ
    before = books.found("SELECT count(*) FROM cost_piece")
    with pytest.raises(ErpError):
        books.call(PIECES, [move or known[0]], [layer or known[1]], [one], [quantity], [7], [one], [moment(4)])
    assert books.found("SELECT count(*) FROM cost_piece") == before


def test_the_functions_know_no_tenant_but_that_of_the_transaction(database, books):
    app = Books(database, next(tenants), {"steel": "raw"})
    with pytest.raises(ErpError), unit_of_work(app.actor) as work:
        work.run(JOURNALS, (*heads(books), *lines(books, 7, -7)))


def spoiled(books):
    """Write a wrong value into the newest piece's sum, as only somebody outside the program can."""
    with psycopg.connect(books.admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)"
            " SELECT tenant_id, move_id, layer_id, document_id, 0, 55, document_id, date FROM cost_piece WHERE tenant_id = %s ORDER BY id DESC LIMIT 1",
            (books.tenant,),
        )


def test_a_repair_that_would_correct_a_locked_month_is_refused_and_kept_for_people_with_the_first_open_date(books):
    spoiled(books)
    month = f"{moment(4):%Y-%m}"
    books.state_of_month(month, "locked")
    before = (count(books), books.found("SELECT count(*) FROM cost_piece"))
    with pytest.raises(Refused, match="lies in the locked period"), unit_of_work(books.actor) as work:
        fix.prove(work, books.items["steel"])
    with unit_of_work(books.actor) as work:
        fix.ask(work, books.items["steel"])
    repair(books.actor, str(books.items["steel"]))
    state, error = books.found("SELECT state, error FROM stock_fix_queue ORDER BY id DESC LIMIT 1")
    assert state == "failed"
    assert error.startswith("ERP-1203")
    assert "The first open date is" in error
    assert (count(books), books.found("SELECT count(*) FROM cost_piece")) == before


def test_a_repair_of_an_open_month_leaves_a_locked_one_alone(books):
    books.post(books.paper("ADJ-2"), datetime(2026, 2, 10, tzinfo=UTC), [ISSUE])
    books.state_of_month("2026-01", "locked")
    spoiled(books)
    with unit_of_work(books.actor) as work:
        done = fix.prove(work, books.items["steel"])
    assert (done["pieces"], done["documents"]) == (1, 1)
    assert books.found("SELECT min(date) >= '2026-02-01' FROM journal_entry WHERE kind = 'correction'") == (True,)


def test_a_soft_locked_month_takes_the_correction_of_whoever_may_post_there_alone(books):
    spoiled(books)
    books.state_of_month(f"{moment(4):%Y-%m}", "soft")
    clerk = replace(books.actor, roles=frozenset(), grants={}, user_id=7)
    with pytest.raises(Refused, match="soft-locked"), unit_of_work(clerk) as work:
        fix.prove(work, books.items["steel"])
    with unit_of_work(books.actor) as work:
        assert fix.prove(work, books.items["steel"])["pieces"] == 1


def test_the_ledger_is_whole_after_corrections(books):
    books.post(books.paper("LATE"), 2, [RECEIVE])
    with unit_of_work(books.actor) as work:
        fix.prove(work, books.items["steel"])
        assert prove(work)["ok"]
