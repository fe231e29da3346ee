"""The month of PT Contoh Otoparts, document by document: every journal, layer, balance and correction to the rupiah."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from erp_app.costing.movement import Move, Revaluation, ShortError, Transform
from erp_app.costing.rules import shares
from erp_app.kernel.money import half_up
from tests.costing.ledger import Entry, Ledger

MONTH = json.loads((Path(__file__).parent.parent / "scenarios" / "month.json").read_text())
ACCOUNT = MONTH["accounts"]
UNIT = 10_000
STEPS = list(MONTH["steps"])


def at(date):
    year, month, day = map(int, date.split("-"))
    return (year * 12 + month) * 31 + day


class Month:
    """Plays the documents of the scenario into a ledger and keeps the journals they make."""

    def __init__(self):
        self.ledger = Ledger()
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.journals = defaultdict(lambda: defaultdict(int))
        self.corrections = {}
        self.sides: dict[int, tuple[str, str]] = {}
        self.next_id = 1
        self.receipts: dict[str, int] = {}

    def enter(self, document):
        """Enter one document; return the corrections it caused in others, by name."""
        name = document["id"]
        number = self.numbers[name] = 1000 + len(self.numbers)
        self.names[number] = name
        self.document, self.at, self.moves, self.lines = number, at(document["date"]), [], defaultdict(int)
        transform, revaluation = None, None
        made = getattr(self, "_" + document["kind"].replace(" ", "_").replace("-", "_"))(document)
        if isinstance(made, Transform):
            transform = made
        elif isinstance(made, Revaluation):
            revaluation = made
        before = len(self.moves) or revaluation
        rows = self.ledger.enter(Entry(number, tuple(self.moves), transform, revaluation)) if before else []
        changed = defaultdict(lambda: defaultdict(int))
        for row in rows:
            debit, credit = self.sides[row.move]
            changed[row.document][debit] += row.value
            direct = (
                revaluation
                and row.document == number
                and row.move in dict(revaluation.amounts)
                and row.quantity == 0
                and self.ledger.layers[row.layer].move == row.move
            )
            changed[row.document][ACCOUNT["LCC"] if direct else credit] -= row.value
        for account, amount in self.lines.items():
            changed[number][account] += amount
        for other, lines in changed.items():
            assert sum(lines.values()) == 0, (name, other, lines)
            assert lines.pop("production", 0) == 0, (name, other)
            for account, amount in lines.items():
                self.journals[self.names[other]][account] += amount
        return {self.names[other]: _clean(lines) for other, lines in changed.items() if other != number and _clean(lines)}

    def move(self, item, source, target, quantity, **more):
        """Add a movement; places are queue keys, or the name of an account for goods we do not follow."""
        sides = [(place, None) if isinstance(place, str) else (_account(item, place[0]), (item, *place)) for place in (target, source)]
        (debit, into), (credit, out) = sides
        number, self.next_id = self.next_id, self.next_id + 1
        self.sides[number] = (debit, credit)
        self.moves.append(Move(number, self.at, self.document, out, into, quantity * UNIT, **more))
        return number

    def book(self, **lines):
        for name, amount in lines.items():
            self.lines[ACCOUNT[name]] += amount

    def _journal_entry(self, document):
        self.book(**document["lines"])

    def _goods_receipt(self, document):
        value = document["qty"] * document["price"]
        self.receipts[document["id"]] = self.move(document["item"], ACCOUNT["GRIR"], ("WH", 0), document["qty"], value=value)

    def _supplier_bill(self, document):
        net = document["net"]
        vat = half_up(net * 11, 100) if document.get("ppn", True) else 0
        tax = half_up(net * 2, 100) if document.get("pph23") else 0
        self.book(**{document.get("clear", "GRIR"): net, "PPNIN": vat, "PPH23": -tax, "AP": -(net + vat - tax)})

    def _outsource_send(self, document):
        self.move(document["item"], ("WH", 0), ("VENDOR", 0), document["qty"], keep_origin=True)

    def _make(self, inputs, item, good, account, added):
        for source_item, place, quantity in inputs:
            self.move(source_item, place, "production", quantity, transform=True)
        self.move(item, "production", ("WH", 0), good, transform=True, weight=1)
        self.lines["production"] += added
        self.lines[ACCOUNT[account]] -= added
        return Transform(self.document, added, 1)

    def _hand_in(self, document):
        inputs = [("TUBE", ("VENDOR", 0), document["use"])]
        return self._make(inputs, "SF", document["good"], "GRIRJ", document["good"] * document["fee"])

    def _finishing_order(self, document):
        inputs = [("SF", ("WH", 0), document["use"]), ("BOX", ("WH", 0), document["good"])]
        return self._make(inputs, "FG", document["good"], "FINAPP", document["good"] * document["oh"])

    def _delivery_note(self, document):
        self.move("FG", ("WH", 0), ("TRANSIT", document["id"]), document["qty"], keep_origin=True)
        self.shipped = {**getattr(self, "shipped", {}), document["id"]: document["qty"]}

    def _delivery_verification(self, document):
        self.shipped[document["sj"]] -= document["rej"]
        if document["rej"]:
            self.move("FG", ("TRANSIT", document["sj"]), ("QUAR", 0), document["rej"], keep_origin=True)

    def _delivery_order(self, document):
        self.move("FG", ("TRANSIT", document["sj"]), ("CUSTOMER", document["id"]), self.shipped[document["sj"]], keep_origin=True)

    def _sales_invoice(self, document):
        net = document["qty"] * document["price"]
        self.book(AR=net + half_up(net * 11, 100), SALES=-net, PPNOUT=-half_up(net * 11, 100))

    def _landed_cost(self, document):
        amounts = tuple((self.receipts[name], amount) for name, amount in document["shares"].items())
        number, self.next_id = self.next_id, self.next_id + 1
        return Revaluation(number, self.at, self.document, amounts)

    def _sales_return(self, document):
        self.move("FG", ("CUSTOMER", document["do"]), ("WH", 0), document["qty"])
        net = document["qty"] * document["price"]
        self.book(SRET=net, PPNOUT=half_up(net * 11, 100), AR=-net - half_up(net * 11, 100))

    def _purchase_return(self, document):
        net = document["qty"] * document["price"]
        self.move(document["item"], ("WH", 0), ACCOUNT["PVAR"], document["qty"], source_move=self.receipts[document["of"]])
        self.book(AP=net + half_up(net * 11, 100), PPNIN=-half_up(net * 11, 100), PVAR=-net)

    def _quarantine_disposition(self, document):
        self.move("FG", ("QUAR", 0), ("WH", 0), document["repair"])
        self.move("FG", ("QUAR", 0), ACCOUNT["SCRAP"], document["scrap"])

    def _customer_receipt(self, document):
        self.book(BANK=document["amt"] - document["fee"], BANKFEE=document["fee"], AR=-document["amt"])

    def _supplier_payment(self, document):
        self.book(AP=document["amt"], BANK=-document["amt"])

    def _stock_count(self, document):
        self.move("FG", ("WH", 0), ACCOUNT["INVADJ"], document["minus"])


def _account(item, place):
    if place == "WH":
        return ACCOUNT[{"TUBE": "RM", "BOX": "RM", "SF": "SF", "FG": "FG"}[item]]
    return ACCOUNT[{"VENDOR": "VENDOR", "TRANSIT": "TRANSIT", "QUAR": "QUAR", "CUSTOMER": "COGS"}[place]]


def _clean(lines):
    return {account: amount for account, amount in lines.items() if amount}


def stock(ledger, names):
    """Return what lies in the valued places, by origin, as month.json writes it."""
    shown = {}
    for layer in sorted(ledger.layers.values(), key=lambda one: (one.at, one.move, one.rank)):
        rest = layer.quantity - layer.taken
        if rest and layer.queue is not None and layer.queue[1] != "CUSTOMER":
            item, place, _ = layer.queue
            cut = half_up(layer.value * layer.taken, layer.quantity)
            row = shown.setdefault(f"{item}@{place}", {"qty": 0, "value": 0, "layers": []})
            row["qty"] += rest // UNIT
            row["value"] += layer.value - cut
            row["layers"].append([names[layer.origin], rest // UNIT, layer.value - cut])
    return shown


def play(last):
    """Play the month up to a step; return it with the corrections of that step's documents."""
    month, corrections = Month(), {}
    for step in STEPS[: STEPS.index(last) + 1]:
        corrections = {}
        for document in MONTH["steps"][step]["documents"]:
            corrections.update(month.enter(document))
    return month, corrections


@pytest.mark.parametrize("step", STEPS)
def test_after_each_step_journals_layers_and_balances_are_exact(step):
    month, _ = play(step)
    expected = MONTH["steps"][step]["expected"]
    for name, lines in expected["journals"].items():
        assert _clean(month.journals[name]) == lines
    assert stock(month.ledger, month.names) == expected["stock"]
    balances = defaultdict(int)
    for lines in month.journals.values():
        for account, amount in lines.items():
            balances[account] += amount
    assert _clean(balances) == expected["balances"]


def test_a_late_receipt_makes_exactly_the_seven_corrections():
    _, corrections = play("S07")
    assert corrections == MONTH["steps"]["S07"]["expected"]["corrections"]


def test_no_other_step_corrects_an_earlier_document():
    for step in STEPS:
        if step != "S07":
            assert play(step)[1] == {}


def test_the_freight_of_february_leaves_every_row_of_january():
    month, _ = play("S10")
    january = list(month.ledger.rows)
    for document in MONTH["steps"]["S11"]["documents"]:
        month.enter(document)
    assert month.ledger.rows[: len(january)] == january
    assert {row.document for row in month.ledger.rows[len(january) :]} == {month.numbers["LC-2"]}


def test_the_month_ends_the_same_when_the_late_receipt_is_entered_in_time():
    late, _ = play("S11")
    prompt = Month()
    documents = [document for step in STEPS for document in MONTH["steps"][step]["documents"]]
    for document in sorted(documents, key=lambda one: one["date"]):
        assert prompt.enter(document) == {}
    for name in late.numbers:
        assert _clean(late.journals[name]) == _clean(prompt.journals[name])
    assert stock(late.ledger, late.names) == stock(prompt.ledger, prompt.names)


def test_more_than_there_is_is_refused_and_leaves_no_trace():
    month, _ = play("S03")
    rows, layers = list(month.ledger.rows), dict(month.ledger.layers)
    with pytest.raises(ShortError) as refused:
        month.enter({"id": "SJ-X", "kind": "delivery note", "date": "2026-01-14", "qty": 99})
    assert refused.value.missing == UNIT
    assert (month.ledger.rows, month.ledger.layers) == (rows, layers)


def test_landed_cost_can_be_shared_by_quantity_value_weight_or_hand():
    assert shares(990_000, [100, 150, 80]) == [300_000, 450_000, 240_000]
    assert shares(100, [1, 1, 1]) == [33, 34, 33]
    assert shares(-100, [0, 3, 0]) == [0, -100, 0]
