"""Random months of a small company: what happens on each of sixty moments, always something that is possible just then."""

from __future__ import annotations

import random
from collections import defaultdict

from tests.months.papers import Key, Line, Paper, fits, followed, reversal

UNIT = 10_000
OFTEN = {
    "receive": 9, "land": 5, "reprice": 3, "bill": 2, "transfer": 5, "transfer_in_two": 3, "send_out": 4, "hand_in": 5, "finish": 6, "ship": 6, "verify": 6,
    "bring_back": 4, "send_back": 3, "dispose": 4, "count": 3, "scrap": 2, "undo": 9,
}
KINDS = [kind for kind, times in OFTEN.items() for _ in range(times)]


class Month:
    """Sixty documents and more, drawn one after the other in the order in which they happen."""

    def __init__(self, seed: int, size: int = 60) -> None:
        self.dice, self.papers, self.at, self.made = random.Random(seed), [], 0, defaultdict(int)
        self.undone: set[str] = set()
        self.sums: dict[tuple[str, str], int] = defaultdict(int)
        for _ in range(3):
            self.happen("receive")
        while len({one.document for one in self.papers}) < size:
            self.happen(self.dice.choice(KINDS))

    def happen(self, kind: str) -> None:
        """Draw a document of a kind, if there is anything it could be about."""
        self.at += self.dice.randint(200, 900)
        drawn = getattr(self, kind)()
        for paper in drawn if isinstance(drawn, list) else [drawn] if drawn else []:
            self.papers.append(paper)
            self.at = max(self.at, paper.at)
            for move in paper.moves:
                self.sums[move.item, move.source] -= move.quantity
                self.sums[move.item, move.target] += move.quantity

    def name(self, prefix: str) -> str:
        self.made[prefix] += 1
        return f"{prefix}-{self.made[prefix]}"

    def paper(self, prefix: str, *moves: Line, **more) -> Paper:
        name = self.name(prefix)
        return Paper(name, name, self.at, moves, **more)

    def amount(self, held: int) -> int:
        """Some of what is held: whole, or in fractions of a unit."""
        if self.dice.random() < 0.1:
            return held
        part = self.dice.randint(1, held)
        return max(part // UNIT * UNIT, 1) if self.dice.random() < 0.5 else part

    def held(self, *places: str, items=()) -> tuple[str, str, int] | None:
        """Choose (item, place, quantity) that lies at one of these places now; a lot place is named without its lot."""
        found = [
            (item, place, left) for (item, place), left in sorted(self.sums.items())
            if left > 0 and place.partition(":")[0] in places and (not items or item in items)
        ]
        return self.dice.choice(found) if found else None

    def received(self) -> list[tuple[Key, Line]]:
        """What entered or was made so far, and can be re-valued."""
        return [
            ((one.name, number), move) for one in self.papers if one.undoes is None for number, move in enumerate(one.moves, 1)
            if move.enters or (move.transform and not followed(move.source))
        ]

    def receive(self) -> Paper:
        lines = [
            Line(item, "SUPPLIER", self.dice.choice(("WH", "WH", "WH2", "QUAR")), quantity, value=quantity * self.dice.randint(1, 70_000) // UNIT)
            for item in self.dice.sample(("TUBE", "TUBE", "ROD", "BOX", "SF", "FG"), self.dice.choice((1, 1, 2)))
            for quantity in [self.dice.randint(1, 60) * UNIT + self.dice.choice((0, 0, self.dice.randint(0, UNIT)))]
        ]
        return self.paper("GR", *lines)

    def land(self) -> Paper | None:
        chosen = self.received()
        if not chosen:
            return None
        some = self.dice.sample(chosen, min(len(chosen), self.dice.randint(1, 3)))
        amounts = tuple((key, self.dice.choice((-1, 1, 1, 1)) * self.dice.randint(1, 90_000), "2-1130") for key, _ in some)
        return self.paper("LC", amounts=amounts, needs=frozenset(key[0] for key, _ in some))

    def reprice(self) -> Paper | None:
        """A bill whose price differs from the receipt."""
        chosen = [(key, move) for key, move in self.received() if move.enters and move.source == "SUPPLIER"]
        if not chosen:
            return None
        key, move = self.dice.choice(chosen)
        change = self.dice.randint(-(move.value // 5), move.value // 4) or 1
        net = move.value + change
        lines = (("2-1110", net), ("1-1500", net // 9), ("2-1100", -net - net // 9))
        return self.paper("BILL", lines=lines, amounts=((key, change, "2-1110"),), needs=frozenset({key[0]}))

    def bill(self) -> Paper:
        net = self.dice.randint(1, 9_999_999)
        return self.paper("FEE", lines=(("2-1120", net), ("2-1210", -(net // 50)), ("2-1100", net // 50 - net)))

    def transfer(self) -> Paper | None:
        held = self.held("WH", "WH2")
        if held is None:
            return None
        item, place, left = held
        return self.paper("MOVE", Line(item, place, "WH2" if place == "WH" else "WH", self.amount(left), keep_origin=self.dice.random() < 0.8))

    def transfer_in_two(self) -> list[Paper]:
        held = self.held("WH", "WH2")
        if held is None:
            return []
        item, place, left = held
        name, quantity = self.name("TR"), self.amount(left)
        sent = Line(item, place, f"TRANSIT:{name}", quantity)
        came = Line(item, f"TRANSIT:{name}", "WH2" if place == "WH" else "WH", quantity)
        return [
            Paper(f"{name}/1", name, self.at, (sent,), step=1),
            Paper(f"{name}/2", name, self.at + self.dice.randint(1, 190), (came,), step=2, needs=frozenset({f"{name}/1"})),
        ]

    def send_out(self) -> Paper | None:
        held = self.held("WH", items=("TUBE", "ROD"))
        return self.paper("SEND", Line(held[0], "WH", "VENDOR", self.amount(held[2]))) if held else None

    def hand_in(self) -> Paper | None:
        """A workshop hands in semi-finished goods; what was lost on the way is in their cost, or damage of its own."""
        held = self.held("VENDOR")
        if held is None:
            return None
        used = self.amount(held[2])
        good = max(1, used - used * self.dice.randint(0, 6) // 100)
        fee = self.dice.randint(0, 900_000)
        lines = [Line(held[0], "VENDOR", "PRODUCTION", used, transform=True), Line("SF", "PRODUCTION", "WH", good, transform=True, weight=good)]
        if held[2] - used > UNIT and self.dice.random() < 0.3:
            lines.insert(0, Line(held[0], "VENDOR", "SCRAP", self.dice.randint(1, UNIT)))
        return self.paper("SETOR", *lines, lines=(("2-1120", -fee),) if fee else (), added=fee)

    def finish(self) -> Paper | None:
        """Semi-finished goods and boxes become finished ones, sometimes of two kinds."""
        held, boxes = self.held("WH", items=("SF", "ROD")), self.held("WH", items=("BOX",))
        if held is None:
            return None
        used, overhead = self.amount(held[2]), self.dice.randint(0, 500_000)
        lines = [Line(held[0], "WH", "PRODUCTION", used, transform=True)]
        if boxes:
            lines.append(Line("BOX", "WH", "PRODUCTION", self.amount(boxes[2]), transform=True))
        lines.append(Line("FG", "PRODUCTION", "WH", used, transform=True, weight=used))
        if self.dice.random() < 0.3:
            lines.append(Line("SF", "PRODUCTION", "QUAR", self.dice.randint(1, used), transform=True, weight=self.dice.randint(0, used)))
        return self.paper("FIN", *lines, lines=(("5-1300", -overhead),) if overhead else (), added=overhead)

    def ship(self) -> Paper | None:
        held = self.held("WH", "WH2", items=("FG", "FG", "SF", "TUBE"))
        if held is None:
            return None
        name = self.name("SJ")
        return Paper(name, name, self.at, (Line(held[0], held[1], f"TRANSIT:{name}", self.amount(held[2])),))

    def verify(self) -> list[Paper]:
        """What came is accepted or not: rejects first, then the delivery order."""
        held = self.held("TRANSIT")
        if held is None:
            return []
        item, place, left = held
        shipment = place.partition(":")[2]
        papers, rest = [], left
        if left > 1 and self.dice.random() < 0.6:
            bad = self.dice.randint(1, max(1, left // 4))
            rest -= bad
            papers.append(self.paper("NC", Line(item, place, self.dice.choice(("QUAR", "WH", "ADJUST")), bad), needs=frozenset({shipment})))
        name = self.name("DO")
        done = Line(item, place, f"CUSTOMER:{name}", rest if self.dice.random() < 0.8 else self.amount(rest))
        return [*papers, Paper(name, name, self.at + 1, (done,), needs=frozenset({shipment}))]

    def bring_back(self) -> Paper | None:
        held = self.held("CUSTOMER")
        if held is None:
            return None
        net = self.dice.randint(1, 999_999)
        lines = (("4-1100", net), ("2-1200", net // 9), ("1-1200", -net - net // 9))
        line = Line(held[0], held[1], self.dice.choice(("WH", "QUAR")), self.amount(held[2]), keep_origin=False)
        return self.paper("SRET", line, lines=lines, needs=frozenset({held[1].partition(":")[2]}))

    def send_back(self) -> Paper | None:
        """To the supplier, out of one receipt's own layer."""
        for key, move in self.dice.sample(found := self.received(), len(found)):
            quantity, net = self.amount(move.quantity), self.dice.randint(1, 999_999)
            lines = (("2-1100", net + net // 9), ("1-1500", -(net // 9)), ("5-1100", -net))
            name = f"PRET-{self.made['PRET'] + 1}"
            line = Line(move.item, move.target, "SUPPLIER", quantity, taken_from=key, to_account="5-1100")
            paper = Paper(name, name, self.at, (line,), lines, needs=frozenset({key[0]}))
            if move.enters and fits([*self.papers, paper]):
                self.name("PRET")
                return paper
        return None

    def dispose(self) -> Paper | None:
        held = self.held("QUAR")
        if held is None or held[2] < 2:
            return None
        repaired, scrapped = self.amount(held[2] // 2), self.amount(held[2] // 2)
        return self.paper("QRES", Line(held[0], "QUAR", "WH", repaired, keep_origin=False), Line(held[0], "QUAR", "SCRAP", scrapped))

    def count(self) -> Paper | None:
        held = self.held("WH", "WH2", "QUAR")
        if held is None:
            return None
        few = min(held[2], self.dice.randint(1, 3 * UNIT))
        if self.dice.random() < 0.4:
            return self.paper("OPN", Line(held[0], "ADJUST", held[1], few, value=self.dice.randint(0, 99_999)))
        return self.paper("OPN", Line(held[0], held[1], "ADJUST", few))

    def scrap(self) -> Paper | None:
        held = self.held("WH", "WH2")
        return self.paper("SCRAP", Line(held[0], held[1], "SCRAP", self.amount(held[2]))) if held else None

    def undo(self) -> Paper | None:
        """Reverse a document, whatever it was, a reversal too; mostly a young one, for of an old one the goods are gone."""
        left = [one.document for one in self.papers if one.document not in self.undone]
        for document in self.dice.sample(young := sorted(set(left[-20:])), len(young)):
            paper = reversal(f"RV-{self.made['RV'] + 1}", self.at, [one for one in self.papers if one.document == document])
            if fits([*self.papers, paper]):
                self.name("RV")
                self.undone.add(document)
                return paper
        return None


def accepted_order(papers: list[Paper], dice: random.Random, late: float = 0.3) -> list[Paper]:
    """Return the papers in another order in which a ledger that refuses what does not fit takes them all.

    From the end: a paper may come last when the others hold together without it; the one that happens last always may.
    """
    last = max(one.at for one in papers)
    keys = {one.name: one.at + (dice.randint(0, last) if dice.random() < late else 0) for one in papers}
    rest, order = sorted(papers, key=lambda one: keys[one.name]), []
    while rest:
        for index in range(len(rest) - 1, -1, -1):
            others = rest[:index] + rest[index + 1 :]
            if fits(others):
                order.append(rest[index])
                rest = others
                break
    return order[::-1]
