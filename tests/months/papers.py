"""A month on paper: documents that can be entered in any order, named so that no id of any database is needed.

A `Paper` is one step of one document. What it refers to (goods to take back, receipts to re-value, the document to undo) it names.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

START = datetime(2025, 12, 31, 18, tzinfo=UTC)  # the first of January in Jakarta
ITEMS = {"TUBE": "raw", "ROD": "raw", "BOX": "packaging", "SF": "semi_finished", "FG": "finished"}
PLACES = {
    "WH": "warehouse", "WH2": "warehouse", "VENDOR": "vendor", "TRANSIT": "in_transit", "QUAR": "quarantine", "CUSTOMER": "customer",
    "SUPPLIER": "supplier", "PRODUCTION": "production", "ADJUST": "adjustment", "SCRAP": "adjustment",
}
FOLLOWED = {"warehouse", "vendor", "in_transit", "quarantine", "customer"}
GOODS = {"raw": "1-1310", "packaging": "1-1310", "semi_finished": "1-1330", "finished": "1-1340"}
ACCOUNTS = {
    "VENDOR": "1-1320", "TRANSIT": "1-1350", "QUAR": "1-1360", "CUSTOMER": "5-1000", "SUPPLIER": "2-1110", "PRODUCTION": "1-1335",
    "ADJUST": "5-1200", "SCRAP": "5-1400",
}
VARIANCE, PRODUCTION = "5-1100", "1-1335"
Key = tuple[str, int]


@dataclass(frozen=True)
class Line:
    """One movement: places as `TRANSIT:SJ-3` with the document whose lot it is; accounts only where the place does not say them."""

    item: str
    source: str
    target: str
    quantity: int
    value: int | None = None
    keep_origin: bool = True
    taken_from: Key | None = None
    transform: bool = False
    weight: int = 0
    from_account: str | None = None
    to_account: str | None = None

    @property
    def enters(self) -> bool:
        """Whether the goods come from outside, with a value of their own."""
        return not followed(self.source) and self.taken_from is None and not self.transform

    def accounts(self) -> tuple[str, str]:
        """Return the accounts the value goes from and to."""
        return self.from_account or account(self.item, self.source), self.to_account or account(self.item, self.target)


@dataclass(frozen=True)
class Paper:
    """One step of a document: `at` minutes after the start; `amounts` adds to what movements laid; `undoes` names a document."""

    name: str
    document: str
    at: int
    moves: tuple[Line, ...] = ()
    lines: tuple[tuple[str, int], ...] = ()
    added: int | None = None
    amounts: tuple[tuple[Key, int, str], ...] = ()
    undoes: str | None = None
    needs: frozenset[str] = frozenset()
    step: int = 0

    def moment(self) -> datetime:
        """Return when it happens."""
        return START + timedelta(minutes=self.at)

    def __str__(self) -> str:
        """Tell the paper in one line, for people who look for what went wrong."""
        goods = "; ".join(
            f"{one.quantity / 10_000:g} {one.item} {one.source}>{one.target}"
            + (f" worth {one.value}" if one.value is not None else "") + (f" from {one.taken_from[0]}#{one.taken_from[1]}" if one.taken_from else "")
            + ("" if one.keep_origin else " merged") + (" transform" if one.transform else "") for one in self.moves
        )
        amounts = "; ".join(f"{amount:+} on {key[0]}#{key[1]} ({side})" for key, amount, side in self.amounts)
        more = [f"undoes {self.undoes}" if self.undoes else "", f"added {self.added}" if self.added is not None else "", amounts, goods]
        return f"{self.name} at {self.moment():%d %b %H:%M}: " + ", ".join(one for one in more if one)


def kind_of(place: str) -> str:
    """Return the kind of a place, whatever its lot."""
    return PLACES[place.partition(":")[0]]


def followed(place: str) -> bool:
    """Whether the goods there are a queue."""
    return kind_of(place) in FOLLOWED


def account(item: str, place: str) -> str:
    """Return where the value of an item at a place stands."""
    return ACCOUNTS.get(place.partition(":")[0]) or GOODS[ITEMS[item]]


def reversal(name: str, at: int, undone: list[Paper]) -> Paper:
    """Return what undoes all steps of a document: goods go back from where it put them, last first.

    Goods from outside, and what was made, go back at the worth they have then; what that differs from what was booked is variance.
    """
    moves, lines = [], defaultdict(int)
    taking = {(move.item, move.source) for one in undone for move in one.moves}
    for one in sorted(undone, key=lambda one: -one.at):
        for number, move in sorted(enumerate(one.moves, 1), reverse=True):
            passed_on = move.target.endswith(f":{one.document}") and (move.item, move.target) in taking
            source, target = move.accounts()
            moves.append(Line(
                move.item, move.target, move.source, move.quantity, taken_from=None if passed_on else (one.name, number),
                from_account=VARIANCE if move.transform and followed(move.source) else target,
                to_account=VARIANCE if move.enters or (move.transform and not followed(move.source)) else source,
            ))
            if move.enters:
                lines[source] += move.value
                lines[VARIANCE] -= move.value
        for code, amount in one.lines:
            lines[code] -= amount
        lines[VARIANCE] -= one.added or 0
    amounts = tuple((key, -amount, side) for one in undone for key, amount, side in one.amounts)
    return Paper(
        name, name, at, tuple(moves), tuple((code, amount) for code, amount in lines.items() if amount), amounts=amounts,
        undoes=undone[0].document, needs=frozenset(one.name for one in undone),
    )


def fits(papers: list[Paper]) -> bool:
    """Tell whether these papers, and no others, hold together: nothing is missing that one refers to, nothing goes short."""
    names = {one.name for one in papers}
    if any(not one.needs <= names for one in papers):
        return False
    lying: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    laid: dict[Key, list[tuple[str, list[int]]]] = {}
    for one in sorted(papers, key=lambda one: one.at):
        for number, move in enumerate(one.moves, 1):
            mine = laid[one.name, number] = []
            if followed(move.source) or move.taken_from:
                pool = lying[move.item, move.source] if move.taken_from is None else [
                    lot for place, lot in laid.get(move.taken_from, ()) if place == move.source
                ]
                parts = _take(pool, move.quantity)
                if parts is None:
                    return False
            else:
                parts = [move.quantity]
            for part in parts if move.keep_origin or not followed(move.target) else [move.quantity]:
                lot = [part]
                mine.append((move.target, lot))
                if followed(move.target):
                    lying[move.item, move.target].append(lot)
    return True


def _take(pool: list[list[int]], need: int) -> list[int] | None:
    parts = []
    for lot in pool:
        part = min(need, lot[0])
        if part:
            lot[0] -= part
            need -= part
            parts.append(part)
        if not need:
            return parts
    return None


def without(papers: list[Paper], names: set[str]) -> list[Paper]:
    """Return the papers left when some are taken out with all that needs them."""
    gone = set(names)
    while more := {one.name for one in papers if one.name not in gone and one.needs & gone}:
        gone |= more
    return [replace(one) for one in papers if one.name not in gone]
