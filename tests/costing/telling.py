"""Tells a story of the pure tests to a real database: the same documents, in the same order of entry."""

from erp_app.costing import repo_queue
from erp_app.costing.settle import settle
from erp_app.kernel.uow import unit_of_work


class Telling:
    """Posts entries, one by one, and remembers which of its ids stands for which of the story's."""

    def __init__(self, books):
        self.books, self.documents, self.moves, self.sides, self.added = books, {}, {}, {}, {}

    def post(self, entry, work=None):
        """Post an entry as the story accepted it; return what was posted."""
        document = self.documents[entry.document] = self.books.document(f"D-{entry.document}")
        at = entry.revaluation.at if entry.revaluation else entry.moves[0].at
        added = entry.transform.added if entry.transform else None
        changes = [(self.moves[move], amount, "2-1130") for move, amount in entry.revaluation.amounts] if entry.revaluation else []
        args = (document, at, [self.row(move) for move in entry.moves], self.lines(entry), added, changes)
        posted = self.books.post_in(work, *args) if work else self.books.post(*args)
        self.moves.update((move.id, one.move_id) for move, one in zip(entry.moves, posted.moves, strict=True))
        return posted

    def lines(self, entry):
        """Return the explicit lines: the cost production adds, and its way back when it is undone."""
        if entry.transform:
            self.added[entry.moves[-1].id] = entry.transform.added
            return [("2-1120", -entry.transform.added)]
        undone = sum(self.added.get(move.source_move, 0) for move in entry.moves)
        return [("2-1120", undone), ("5-9999", -undone)]

    def row(self, move):
        """Return a story's movement as the posting takes it."""
        source, target = self.place(move.source), self.place(move.target)
        if move.source_move is not None:
            was = self.sides[move.source_move]
            source, target = source or was[1], target or was[0]
        source = source or ("production" if move.transform else "supplier")
        target = target or ("production" if move.transform and move.source is not None else "adjustment")
        self.sides[move.id] = (source, target)
        item = (move.source or move.target or ("part",))[0]
        row = {"item": item, "source": source, "target": target, "quantity": move.quantity, "keep_origin": move.keep_origin, "transform": move.transform}
        if move.source is None and move.source_move is None and not move.transform:
            row["value"] = move.value
        if move.source_move is not None:
            row["source_move_id"] = self.moves[move.source_move]
        return {**row, "weight": move.weight}

    def place(self, queue):
        """Return a place as the books name it, or None for one that is not followed."""
        if queue is None:
            return None
        _, place, lot = queue
        return (place, self.documents[lot]) if lot else place

    def settle(self):
        """Do what the costing worker does, until nothing waits."""
        while True:
            with unit_of_work(self.books.actor) as work:
                item = repo_queue.next_item(work)
                if item is None:
                    return
                settle(work, item)

    def picture(self, ledger):
        """Return a pure ledger's pieces, layers and balances under the ids of the books."""
        pieces, layers = ledger.picture()
        known = {(self.moves[move], tuple(self.moves[one] for one in path), self.documents[document]): row for (move, path, document), row in pieces.items()}
        laid = {(self.queue(queue), tuple(self.moves[one] for one in path)): row for (queue, path), row in layers.items()}
        held = {}
        for (queue, _), (quantity, _, taken) in laid.items():
            held[queue] = held.get(queue, 0) + quantity - taken
        return known, laid, {queue: left for queue, left in held.items() if left}

    def queue(self, queue):
        item, place, lot = queue
        return self.books.items[item], self.books.places[place], self.documents[lot] if lot else 0
