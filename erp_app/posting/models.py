"""What a document tells the ledgers when it is posted, and what it learns back.

Quantities are whole ten-thousandths (`money.to_units`), money whole minor units, ids are those of records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Move:
    """One movement of goods.

    Attributes:
        from_lot, to_lot: 0 at ordinary places; the delivery note's document id in transit, the delivery order's at a customer.
        value: worth of goods that enter from outside (receipts, opening stock); None for all others: FIFO says it.
        keep_origin: True for transfer, delivery note, verification, delivery order; False merges the goods into one new layer
            of this document (sales return, quarantine disposition).
        source_move_id: take only what that movement laid (purchase return: the receipt's movement).
        transform: True for what production consumes and makes; `weight` is an output's share (its quantity, as a rule).
        from_account, to_account: an account's code or a mapping role instead of what the place says.
    """

    line_no: int
    item_id: int
    from_place_id: int
    to_place_id: int
    quantity: int
    from_lot: int = 0
    to_lot: int = 0
    value: int | None = None
    keep_origin: bool = True
    source_move_id: int | None = None
    transform: bool = False
    weight: int = 0
    from_account: str | None = None
    to_account: str | None = None

    @property
    def way(self) -> tuple[object, ...]:
        """All that the movements of a plain document have in common."""
        return (
            self.from_place_id, self.from_lot, self.to_place_id, self.to_lot, self.keep_origin, self.source_move_id, self.transform, self.weight,
            self.from_account, self.to_account, self.value is None,
        )


@dataclass(frozen=True)
class JournalLine:
    """An explicit line: tax, payable, sales … `account` is a code (`2-1100`) or a mapping role (`ap`); a line of 0 is left out."""

    account: str
    debit: int = 0
    credit: int = 0
    party_id: int | None = None


@dataclass(frozen=True)
class Transform:
    """Production: outputs are worth what was consumed + `added` (fee, overhead), shared by weight.

    The other side of `added` stands among the journal lines as a credit (fee not billed, overhead applied).
    """

    added: int = 0


@dataclass(frozen=True)
class Revaluation:
    """An amount added to what one receipt movement laid; `account` is the other side (`landed_cost`, `grni`)."""

    move_id: int
    amount: int
    account: str


@dataclass(frozen=True)
class Posting:
    """All a document does to the ledgers in one step, effective at one moment.

    Attributes:
        step: 0, or the number of the step for a document that posts several times (1 sent, 2 received).
        text: shown with the journal.
    """

    document_id: int
    effective_at: datetime
    moves: list[Move] = field(default_factory=list)
    lines: list[JournalLine] = field(default_factory=list)
    transform: Transform | None = None
    revaluations: list[Revaluation] = field(default_factory=list)
    step: int = 0
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it only moves goods, all one way, in the order of its lines, by queue and mapping alone: most documents do."""
        if self.transform or self.revaluations or not self.moves or any(line.debit or line.credit for line in self.lines):
            return False
        way, before = self.moves[0].way, -1
        for move in self.moves:
            if move.way != way or move.line_no <= before:
                return False
            before = move.line_no
        return way[5:-1] == (None, False, 0, None, None)


@dataclass(frozen=True)
class PostedMove:
    """A stored movement; `value` is None while its cost is pending."""

    line_no: int
    move_id: int
    value: int | None


@dataclass(frozen=True)
class Posted:
    """What the ledgers stored. `journal_id` is None when nothing changed in money; `pending` while a cost is still to come."""

    document_id: int
    journal_id: int | None
    moves: list[PostedMove]
    pending: bool = False

    @property
    def value(self) -> int:
        """The known value of all movements together."""
        return sum(one.value or 0 for one in self.moves)
