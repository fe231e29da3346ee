"""Random months for property tests: documents of every kind, entered late or in order, over few items, places and days."""

from hypothesis import strategies as st

from erp_app.costing.movement import Move, Revaluation, ShortError, Transform
from tests.costing.ledger import Entry, Ledger

WAREHOUSES = (("north", 0), ("south", 0))
OFTEN = {
    "receive": 4,
    "make": 3,
    "transfer": 3,
    "ship": 3,
    "deliver": 5,
    "take_back": 4,
    "revalue": 2,
    "scrap": 1,
    "send_back": 1,
    "undo": 2,
}
KINDS = [kind for kind, times in OFTEN.items() for _ in range(times)]

steps = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "at": st.integers(0, 60),
            "item": st.sampled_from(("steel", "steel", "part")),
            "place": st.sampled_from((*WAREHOUSES, WAREHOUSES[0])),
            "quantity": st.integers(1, 40) | st.integers(1, 90_000),
            "value": st.integers(0, 50) | st.integers(0, 3_000_000),
            "ref": st.integers(0, 50),
            "keep": st.booleans(),
        }
    ),
    min_size=30,
    max_size=30,
)


class Story:
    """Turns steps into documents and enters them; refused ones are left out. Ids rise in order of entry."""

    def __init__(self, *, distinct=False, early=True):
        """`distinct`: no two documents at one time. `early`: a revaluation may be effective before its goods arrived."""
        self.ledger, self.distinct, self.early = Ledger(), distinct, early
        self.accepted, self.refused, self.heard = [], [], []
        self.next_id = 1
        self.links: dict[int, tuple] = {}

    def number(self):
        self.next_id += 1
        return self.next_id

    def tell(self, step, position):
        """Enter what a step says, if what it refers to exists; return whether it was accepted."""
        at = step["at"] * 100 + (position if self.distinct else 0)
        entry = getattr(self, "_" + step["kind"])(step, self.number() + 1_000, at)
        if entry is None:
            return False
        self.heard.append(entry)
        try:
            self.ledger.enter(entry)
        except ShortError:
            self.refused.append(entry)
            return False
        self.accepted.append(entry)
        self.links[entry.document] = (step["kind"], step)
        return True

    def choose(self, step, *kinds):
        found = [entry for entry in self.accepted if self.links[entry.document][0] in kinds]
        return found[step["ref"] % len(found)] if found else None

    def move(self, document, at, source, target, quantity, **more):
        """Add a movement; mostly of no more than lies there in the end, so that much is accepted and some is refused."""
        if source is not None and "source_move" not in more and quantity % 5:
            left = sum(one.quantity - one.taken for one in self.ledger.layers.values() if one.queue == source)
            quantity = min(quantity, left) or quantity
        return Move(self.number(), at, document, source, target, quantity, **more)

    def _receive(self, step, document, at):
        queue = (step["item"], *step["place"])
        return Entry(document, (self.move(document, at // 400 * 100 + at % 100, None, queue, step["quantity"] * 4, value=step["value"]),))

    def _scrap(self, step, document, at):
        return Entry(document, (self.move(document, at, (step["item"], *step["place"]), None, step["quantity"]),))

    def _transfer(self, step, document, at):
        queues = [(step["item"], *place) for place in WAREHOUSES]
        source, target = queues if step["keep"] else reversed(queues)
        return Entry(document, (self.move(document, at, source, target, step["quantity"], keep_origin=step["ref"] % 4 > 0),))

    def _ship(self, step, document, at):
        queue = (step["item"], *step["place"])
        return Entry(document, (self.move(document, at, queue, (step["item"], "transit", document), step["quantity"], keep_origin=True),))

    def _deliver(self, step, document, at):
        shipped = self.choose(step, "ship")
        if shipped is None:
            return None
        at = _since(at, shipped)
        transit = shipped.moves[0].target
        quantity = min(step["quantity"], shipped.moves[0].quantity)
        rejected = self.move(document, at, transit, (transit[0], *step["place"]), max(1, quantity // 3), keep_origin=step["keep"])
        sold = self.move(document, at, transit, (transit[0], "customer", document), max(1, quantity // 2), keep_origin=True)
        return Entry(document, (rejected, sold))

    def _take_back(self, step, document, at):
        delivered = self.choose(step, "deliver")
        if delivered is None:
            return None
        at = _since(at, delivered)
        customer = delivered.moves[1].target
        quantity = min(step["quantity"], delivered.moves[1].quantity)
        return Entry(document, (self.move(document, at, customer, (customer[0], *step["place"]), quantity),))

    def _make(self, step, document, at):
        quantity = step["quantity"]
        moves = [self.move(document, at, ("steel", *step["place"]), None, quantity, transform=True)]
        if step["keep"]:
            moves.append(self.move(document, at, ("part", *step["place"]), None, max(1, quantity // 2), transform=True))
        weights = [2, 1, 1][: 1 + step["ref"] % 3]
        for number, weight in enumerate(weights):
            target = (("part", "north", 0), ("steel", "south", 0), None)[number]
            made = max(1, quantity // (number + 1))
            moves.append(self.move(document, at, None, target, made, transform=True, weight=weight, weight_before=sum(weights[:number])))
        return Entry(document, tuple(moves), Transform(document, step["value"], sum(weights)))

    def _send_back(self, step, document, at):
        received = self.choose(step, "receive")
        if received is None:
            return None
        at = _since(at, received)
        came = received.moves[0]
        quantity = min(step["quantity"], came.quantity)
        return Entry(document, (self.move(document, at, came.target, None, quantity, source_move=came.id),))

    def _undo(self, step, document, at):
        """Reverse a whole document: everything goes back where it came from, out of the very layers it made."""
        undone = self.choose(step, "receive", "scrap", "transfer", "make", "send_back")
        if undone is None:
            return None
        at = _since(at, undone)
        moves = [
            self.move(
                document,
                at,
                one.target,
                one.source,
                one.quantity,
                keep_origin=one.source is not None,
                source_move=one.id,
                transform=one.transform,
            )
            for one in sorted(undone.moves, key=lambda one: one.target is None)
        ]
        return Entry(document, tuple(moves))

    def _revalue(self, step, document, at):
        chosen = [self.choose({**step, "ref": step["ref"] + more}, "receive", "make") for more in range(1 + step["keep"])]
        moves = {one.moves[-1].id if one.transform is None else next(m.id for m in one.moves if m.weight): one for one in chosen if one}
        if not moves:
            return None
        for one in () if self.early else moves.values():
            at = _since(at, one)
        amounts = tuple((move, step["value"] // (number + 1) - 20) for number, move in enumerate(moves))
        return Entry(document, (), None, Revaluation(self.number(), at, document, amounts))


def _since(at, entry):
    """Return a time not before that document's, different from others' as `at` is (the last two digits)."""
    then = entry.moves[0].at
    return at if at >= then else at + ((then - at) // 100 + 1) * 100
