"""A plain posting stores, row by row, what the general posting stores; and it is taken only when a document is plain."""

from __future__ import annotations

import random
from datetime import timedelta

import psycopg
import pytest

from erp_app.kernel import roles
from erp_app.kernel.errors import ErpError
from erp_app.posting import repo
from tests.ledger.company import Company, day, units

TABLES = {
    "movements": (
        "SELECT d.number, m.step, m.line_no, i.code, f.code, fl.number, t.code, tl.number, m.quantity, m.effective_at, m.value, m.keep_origin, m.transform,"
        " m.weight, m.weight_before, fa.code, ta.code, row_number() OVER (ORDER BY m.id) FROM stock_move m JOIN record_ref d ON d.id = m.document_id"
        " JOIN item i ON i.id = m.item_id JOIN place f ON f.id = m.from_place_id JOIN place t ON t.id = m.to_place_id"
        " LEFT JOIN record_ref fl ON fl.id = m.from_lot LEFT JOIN record_ref tl ON tl.id = m.to_lot"
        " JOIN account fa ON fa.id = m.from_account_id JOIN account ta ON ta.id = m.to_account_id ORDER BY m.id"
    ),
    "balances": (
        "SELECT i.code, p.code, l.number, b.on_hand, b.last_at, b.last_out_at, b.dirty_from, NOT EXISTS (SELECT 1 FROM cost_layer y"
        "  WHERE y.item_id = b.item_id AND y.place_id = b.place_id AND y.lot = b.lot AND y.taken < y.quantity"
        "  AND (y.effective_at, y.move_id) < (b.head_at, b.head_move_id)) FROM stock_balance b"
        " JOIN item i ON i.id = b.item_id JOIN place p ON p.id = b.place_id LEFT JOIN record_ref l ON l.id = b.lot ORDER BY 1, 2, 3 NULLS FIRST"
    ),
    "layers": (
        "SELECT d.number, m.line_no, o.number, q.number, pm.line_no, i.code, p.code, y.effective_at, y.rank, y.quantity, y.value, y.taken FROM cost_layer y"
        " JOIN stock_move m ON m.id = y.move_id JOIN record_ref d ON d.id = m.document_id JOIN record_ref o ON o.id = y.origin_document_id"
        " JOIN item i ON i.id = y.item_id JOIN place p ON p.id = y.place_id LEFT JOIN cost_layer x ON x.id = y.parent_layer_id"
        " LEFT JOIN stock_move pm ON pm.id = x.move_id LEFT JOIN record_ref q ON q.id = pm.document_id ORDER BY m.id, y.rank"
    ),
    "pieces": (
        "SELECT d.number, m.line_no, o.number, x.line_no, y.rank, r.number, c.quantity, c.value, k.number, c.date FROM cost_piece c"
        " JOIN stock_move m ON m.id = c.move_id JOIN record_ref d ON d.id = m.document_id JOIN cost_layer y ON y.id = c.layer_id"
        " JOIN stock_move x ON x.id = y.move_id JOIN record_ref o ON o.id = x.document_id JOIN record_ref r ON r.id = c.document_id"
        " JOIN record_ref k ON k.id = c.cause_document_id ORDER BY m.id, x.id, y.rank, c.id"
    ),
    "journals": (
        "SELECT d.number, e.step, e.kind, e.date, e.effective_at, e.text, n.year, n.seq, l.line_no, a.code, l.party_id, l.debit, l.credit, l.date"
        " FROM journal_entry e JOIN record_ref d ON d.id = e.document_id JOIN journal_number n ON n.entry_id = e.id"
        " JOIN journal_line l ON l.entry_id = e.id JOIN account a ON a.id = l.account_id ORDER BY e.id, l.line_no"
    ),
    "events": (
        "SELECT o.name, d.number, o.payload -> 'pending', (o.payload ->> 'journal_id') IS NULL, o.topics[1:cardinality(o.topics) - 1] FROM outbox o"
        " LEFT JOIN record_ref d ON d.id = (o.payload ->> 'document_id')::bigint ORDER BY o.id"
    ),
}
ROUTES = (("SUPPLIER", "WH"), ("WH", "WH2"), ("WH", "ADJUST"), ("WH2", "QUAR"), ("WH", "TRANSIT"), ("TRANSIT", "CUSTOMER"), ("ADJUST", "WH2"), ("WH2", "SCRAP"))


def everything(company):
    with company.work() as work:
        return {name: [tuple(row) for row in work.conn.execute(query).fetchall()] for name, query in TABLES.items()}


def a_document(dice, number, when):
    """Lines of one document on one route; now and then one queue twice, which is not plain."""
    source, target = dice.choice(ROUTES)
    lots = {"TRANSIT": "LOT", "CUSTOMER": "LOT2"}
    ends = [f"{one}:{lots[one]}" if one in lots else one for one in (source, target)]
    more = {"keep_origin": dice.random() < 0.7}
    entering = source in ("SUPPLIER", "ADJUST")
    items = dice.sample(["TUBE", "BOX", "SF", "FG"], dice.randint(1, 4))
    if dice.random() < 0.1:
        items.append(items[0])
    moves = [
        (item, *ends, dice.choice([1, 2, 5, 0.3333, 7.77]), {**more, "value": dice.randint(0, 10_000)} if entering else more) for item in items
    ]
    return number, when - timedelta(hours=dice.choice([0, 0, 0, 0, 0, 0, 30])), moves


def told(company, paper):
    """Post a document; return what it answers, or how it is refused."""
    number, when, moves = paper
    try:
        posted = company.post(number, when, moves)
    except ErpError as error:
        return error.code, error.detail
    return [(one.line_no, one.value) for one in posted.moves], posted.pending


@pytest.mark.parametrize("seed", range(12))
def test_a_plain_posting_stores_what_the_general_one_does(database, monkeypatch, seed):
    dice = random.Random(seed)
    plain, general = Company.found(1000 + 2 * seed), Company.found(1001 + 2 * seed)
    for company in (plain, general):
        with company.work() as work:
            company.document(work, "LOT"), company.document(work, "LOT2")
    taken = []
    real = repo.post_plain

    def watched(work, posting):
        taken.append(real(work, posting))
        return taken[-1]

    for step in range(25):
        when = day("2026-03-01") + timedelta(hours=6 * step) if step else day("2026-02-27")
        paper = a_document(dice, f"P-{step}", when)
        monkeypatch.setattr(repo, "post_plain", watched)
        answer = told(plain, paper)
        monkeypatch.setattr(repo, "post_plain", lambda _work, _posting: None)
        assert told(general, paper) == answer
    assert any(one is not None for one in taken)
    found, wanted = everything(plain), everything(general)
    for name, rows in wanted.items():
        assert found[name] == rows, name


def test_a_plain_posting_takes_many_layers_and_leaves_the_rest(company):
    for n in range(1, 7):
        company.post(f"GR-{n}", f"2026-01-{n:02}", [("FG", "SUPPLIER", "WH", 10, {"value": 1000 * n})])
    posted = company.post("SJ-1", "2026-01-10", [("FG", "WH", "ADJUST", 45)])
    assert posted.moves[0].value == 1000 + 2000 + 3000 + 4000 + 2500
    assert company.layers("FG", "WH") == [["GR-5", 5, 2500], ["GR-6", 10, 6000]]


def test_a_plain_posting_cannot_be_called_past_the_wall(company):
    other = Company.found(999)
    with company.work() as work:
        mine = company.document(work, "SJ-1")
    with other.work() as work:
        found = work.row(
            "SELECT * FROM post_plain(%s, 0, '2026-01-10', '', %s, 0, %s, 0, true, '{1}', %s, %s, '{100}')",
            (mine, company.ids["SUPPLIER"], company.ids["WH"], [company.ids["FG"]], [units(1)]),
        )
        assert found == {"moves": None, "worths": None, "journal": None}
    assert company.on_hand("FG", "WH") == 0


SUMS = (
    "SELECT count(*) FROM (SELECT item_id, place_id, lot, sum(quantity) AS moved FROM ("
    " SELECT item_id, from_place_id AS place_id, from_lot AS lot, -quantity AS quantity FROM stock_move"
    " UNION ALL SELECT item_id, to_place_id, to_lot, quantity FROM stock_move) m"
    " GROUP BY 1, 2, 3) s FULL JOIN stock_balance b USING (item_id, place_id, lot) LEFT JOIN place p ON p.id = place_id"
    " WHERE place_followed(p.kind) AND b.on_hand IS DISTINCT FROM coalesce(s.moved, 0)"
)


@pytest.mark.parametrize("seed", range(100, 106))
def test_balances_are_the_sums_of_movements_whatever_was_posted_plain_or_refused(database, seed):
    dice, company = random.Random(seed), Company.found(1200 + seed)
    with company.work() as work:
        company.document(work, "LOT"), company.document(work, "LOT2")
    for step in range(40):
        told(company, a_document(dice, f"P-{step}", day("2026-03-01") + timedelta(hours=6 * step)))
    with company.work() as work:
        assert work.value("SELECT count(*) FROM stock_move") > 10
        assert work.value(SUMS) == 0


def test_what_is_not_plain_after_all_leaves_nothing_changed_and_nothing_locked(company):
    company.post("GR-1", "2026-01-02", [("FG", "SUPPLIER", "WH", 10, {"value": 1000}), ("BOX", "SUPPLIER", "WH", 1, {"value": 10})])
    before = everything(company)
    with company.work() as work:
        paper = company.document(work, "SJ-1")
    with company.work() as work, company.work() as other:
        found = work.row(
            "SELECT moves FROM post_plain(%s, 0, '2026-01-10', '', %s, 0, %s, 0, true, '{1,2}', %s, %s, NULL)",
            (paper, company.ids["WH"], company.ids["ADJUST"], [company.ids["FG"], company.ids["BOX"]], [units(2), units(2)]),
        )
        assert found == {"moves": None}
        assert len(other.rows("SELECT 1 FROM stock_balance FOR UPDATE SKIP LOCKED")) == len(before["balances"])
    assert everything(company) == before


@pytest.mark.parametrize("role", ["erp_app", "erp_owner"])
def test_nobody_changes_a_balance_by_hand_whatever_he_says_he_is(company, database, role):
    company.post("GR-1", "2026-01-02", [("FG", "SUPPLIER", "WH", 10, {"value": 1000})])
    with psycopg.connect(roles.url_for(database, role)) as conn:
        said = "kept" if role == "erp_app" else ""
        conn.execute("SELECT set_config('app.tenant', %s, true), set_config('app.balances', %s, true)", (str(company.tenant), said))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="by movements only"):
            conn.execute("UPDATE stock_balance SET on_hand = on_hand + 1")


def test_a_movement_the_application_stores_is_kept_in_its_balance_whatever_it_says_it_is(company):
    company.post("GR-1", "2026-01-02", [("FG", "SUPPLIER", "WH", 10, {"value": 1000})])
    with company.work() as work:
        work.run("SELECT set_config('app.balances', 'kept', true)")
        work.run(
            "INSERT INTO stock_move (tenant_id, document_id, line_no, item_id, from_place_id, to_place_id, quantity, effective_at, from_account_id,"
            " to_account_id) SELECT tenant_id, document_id, 9, item_id, to_place_id, from_place_id, 30000, effective_at, to_account_id, from_account_id"
            " FROM stock_move",
        )
    assert company.on_hand("FG", "WH") == 7
