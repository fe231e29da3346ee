"""Whatever is posted in whatever order: the ledger takes exactly what fits, and ends where the simplest model of FIFO ends."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_app.costing.movement import Move, Transform
from erp_app.costing.settle import settle
from erp_app.kernel.errors import Refused
from erp_app.posting import models, service
from tests.ledger.company import Company, day
from tests.model import ShortError, World, outcome

START = day("2026-01-01")
PLACES = ("WH", "WH2", "TRANSIT", "CUSTOMER", "SUPPLIER", "ADJUST", "PRODUCTION")
FOLLOWED = ("WH", "WH2", "TRANSIT", "CUSTOMER")
_names = count(1)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "receive", "issue", "issue", "move", "merge", "make", "take_back", "bring_back"]),
        st.booleans(),
        st.integers(0, 99),  # most are in order, one in five comes late by up to 20 days
        st.integers(1, 90_000),
        st.integers(0, 9_999_999),
        st.integers(0, 99),
    ),
    min_size=30, max_size=30,
)


class Game:
    """Two items of one company, played step by step in the database and in the model's terms."""

    def __init__(self, company):
        self.company, self.moves, self.transforms, self.at = company, [], [], 0
        name = next(_names)
        with company.work() as work:
            for code in ("A", "B"):
                company.ids[code] = work.value(
                    "INSERT INTO item (tenant_id, code, name, kind) VALUES (%s, %s, 'x', 'raw') RETURNING id", (company.tenant, f"{code}{name}"),
                )
            rows = work.rows(
                "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
                " SELECT %s, nextval('record_id_seq'), 'papers', %s || '-' || n, '', '', '' FROM generate_series(1, 30) n RETURNING id",
                (company.tenant, str(name)),
            )
        self.papers = [row["id"] for row in rows]

    def play(self, step):
        """Post one step; the ledger and the model must agree on whether it fits."""
        kind, other, days, quantity, value, pick = step
        at = self.at + days % 3 if days < 80 else max(self.at - days + 79, 0)
        document = self.papers.pop()
        rows, transform = getattr(self, kind)(document, "WH2" if other else "WH", quantity, value, pick)
        if not rows:
            return
        drafts = [Move(10**15 + n, at, document, **row) for n, row in enumerate(rows)]
        transforms = [*self.transforms, transform] if transform else self.transforms
        try:
            World([*self.moves, *drafts], transforms, {})
            fits = self.sources_before(drafts)
        except ShortError:
            fits = False
        try:
            posted = self.post(document, at, drafts, transform)
        except Refused as refusal:
            assert not fits, refusal.detail
            assert refusal.code in ("ERP-1201", "ERP-1209", "ERP-1220")
            return
        assert fits, (step, drafts)
        self.moves += [draft._replace(id=one.move_id) for draft, one in zip(drafts, posted.moves, strict=True)]
        self.transforms = transforms
        self.at = max(self.at, at)

    def sources_before(self, drafts):
        known = {move.id: move for move in self.moves}
        return all(known[draft.source_move].at <= draft.at for draft in drafts if draft.source_move)

    def post(self, document, at, drafts, transform):
        ids = self.company.ids
        moves = []
        for n, draft in enumerate(drafts, 1):
            item, source, target = self.item_of(draft), self.place(draft, draft.source, "source"), self.place(draft, draft.target, "target")
            moves.append(models.Move(
                n, item, ids[source], ids[target], draft.quantity,
                value=draft.value if draft.source is None and not draft.transform and not draft.source_move else None,
                keep_origin=draft.keep_origin, source_move_id=draft.source_move, transform=draft.transform, weight=draft.weight,
            ))
        lines = [models.JournalLine("overhead", credit=transform.added)] if transform and transform.added else []
        with self.company.work() as work:
            return service.post(work, models.Posting(
                document, START + timedelta(days=at), moves, lines, models.Transform(transform.added) if transform else None,
            ))

    def item_of(self, draft):
        return (draft.source or draft.target)[0]

    def place(self, draft, queue, end):
        if queue:
            return queue[1]
        if draft.transform:
            return "PRODUCTION"
        return "ADJUST" if draft.source_move or end == "target" else "SUPPLIER"

    def queue(self, place, code="A"):
        return (self.company.ids[code], place)

    def receive(self, _document, place, quantity, value, _pick):
        return [{"source": None, "target": self.queue(place), "quantity": quantity, "value": value}], None

    def issue(self, _document, place, quantity, _value, _pick):
        return [{"source": self.queue(place), "target": None, "quantity": quantity, "keep_origin": True}], None

    def move(self, _document, place, quantity, _value, pick):
        target = ("WH", "WH2")[place == "WH"] if pick % 3 else "TRANSIT"
        return [{"source": self.queue(place), "target": self.queue(target), "quantity": quantity, "keep_origin": True}], None

    def merge(self, _document, place, quantity, _value, pick):
        source = ("TRANSIT", "WH", "WH2")[pick % 3]
        if source == place:
            return [], None
        return [{"source": self.queue(source), "target": self.queue(place), "quantity": quantity}], None

    def make(self, document, place, quantity, value, pick):
        made = quantity // 2 + 1
        rows = [
            {"source": self.queue(place), "target": None, "quantity": quantity, "keep_origin": True, "transform": True},
            {"source": None, "target": self.queue("WH", "B"), "quantity": made, "transform": True, "weight": made},
        ]
        if pick % 2:
            rows.append({"source": None, "target": self.queue("WH2", "B"), "quantity": 7, "transform": True, "weight": 7, "weight_before": made})
        return rows, Transform(document, value, sum(row.get("weight", 0) for row in rows))

    def take_back(self, _document, place, quantity, _value, pick):
        """Take from what one movement laid at the place."""
        laid = [move for move in self.moves if move.target == self.queue(place)]
        if not laid:
            return [], None
        source = laid[pick % len(laid)]
        return [{"source": source.target, "target": None, "quantity": quantity, "keep_origin": True, "source_move": source.id}], None

    def bring_back(self, _document, place, quantity, _value, pick):
        """Bring something back that had left."""
        left = [move for move in self.moves if move.target is None and not move.transform]
        if not left:
            return [], None
        source = left[pick % len(left)]
        return [{"source": None, "target": self.queue(place), "quantity": quantity, "keep_origin": bool(pick % 2), "source_move": source.id}], None

    def settle(self):
        with self.company.work() as work:
            for code in ("A", "B"):
                settle(work, self.company.ids[code])

    def picture(self):
        """Pieces and layers of the database, named as the model names them."""
        items = [self.company.ids["A"], self.company.ids["B"]]
        names = {self.company.ids[code]: code for code in PLACES}
        with self.company.work() as work:
            layers = work.rows("SELECT * FROM cost_layer WHERE item_id = ANY(%s)", (items,))
            pieces = work.rows(
                "SELECT p.move_id, p.layer_id, p.document_id, sum(p.quantity)::bigint AS quantity, sum(p.value)::bigint AS value FROM cost_piece p"
                " JOIN stock_move m ON m.tenant_id = p.tenant_id AND m.id = p.move_id WHERE m.item_id = ANY(%s) GROUP BY 1, 2, 3", (items,),
            )
        known = {one["id"]: one for one in layers}

        def path(number):
            one = known[number]
            return (one["move_id"],) if one["parent_layer_id"] is None else (*path(one["parent_layer_id"]), one["move_id"])

        cut = {(one["move_id"], path(one["layer_id"]), one["document_id"]): (one["quantity"], one["value"]) for one in pieces}
        lying = {
            ((one["item_id"], names[one["place_id"]]), path(one["id"])): (one["quantity"], one["value"], one["taken"])
            for one in layers if one["quantity"] and names[one["place_id"]] in FOLLOWED
        }
        return {key: row for key, row in cut.items() if any(row)}, lying

    def balances(self):
        with self.company.work() as work:
            rows = work.rows("SELECT item_id, place_id, on_hand FROM stock_balance WHERE item_id = ANY(%s) AND on_hand > 0",
                             ([self.company.ids["A"], self.company.ids["B"]],))
        names = {self.company.ids[code]: code for code in PLACES}
        return {(row["item_id"], names[row["place_id"]]): row["on_hand"] for row in rows}


@pytest.fixture(scope="module")
def founded(admin_url):
    return Company.found(801)


@pytest.mark.timeout(280)
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_ledger_and_model_agree_on_what_fits_and_on_every_piece_and_layer(founded, steps):
    game = Game(founded)
    for step in steps:
        game.play(step)
    game.settle()
    pieces, layers = outcome(game.moves, game.transforms, [])
    assert game.picture() == (pieces, layers)
    left = {}
    for (queue, _), (quantity, _, gone) in layers.items():
        left[queue] = left.get(queue, 0) + quantity - gone
    assert game.balances() == {queue: rest for queue, rest in left.items() if rest}
