"""Reservations: which goods are promised to which order, and how much of what lies there each promise holds.

A promise stands for all an order has still to deliver. What lies at a place belongs to the promises in the order they were made, so no
piece is held twice; what comes in goes to whoever waits longest, and what a closed order gives back to the next, with nobody giving it out.

A soft promise tells who is next, and nobody is kept from sending goods to somebody else. A hard one comes before all soft ones, and what lies
there for it leaves for nobody else, neither to a customer nor to another place (a count that finds less is believed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from erp_app.kernel.errors import Refused
from erp_app.kernel.money import quantity_text
from erp_app.kernel.uow import Work
from erp_app.stock import repo_reservations as repo


@dataclass(frozen=True)
class Held:
    """One line's promise, in ledger units: `held` of what is `promised` lies there for it."""

    line_no: int
    item_id: int
    promised: int
    held: int


def reserve(work: Work, document_id: int, place_id: int, wanted: Sequence[tuple[int, int, int]], *, hard: bool = False) -> None:
    """Promise goods to a document, as (line number, item, ledger units), in place of what was promised to it before; all of it soft or hard.

    A promise that grows, or goes to another item or place, waits behind the others; one that shrinks keeps its turn.
    """
    repo.put(work, document_id, place_id, wanted, "hard" if hard else "soft")
    work.emit("stock.reserved", {"document_id": document_id}, topics=["stock"])


def release(work: Work, document_id: int) -> None:
    """Give back everything promised to a document."""
    reserve(work, document_id, 0, [])


def check_kept(work: Work, place_id: int, leaving: Iterable[tuple[int, int]], document_id: int = 0) -> None:
    """Refuse that goods leave a place which lie there for others.

    Args:
        work: the open unit of work; balances are held until it ends, so that two cannot take the same free goods.
        place_id: the place.
        leaving: (item, ledger units), an item as often as it likes.
        document_id: for which they leave, if they are promised to a document.

    Raises:
        Refused: ERP-3114, with whom they are kept for and how much would fit.
    """
    wanted: Counter[int] = Counter()
    for item_id, units in leaving:
        wanted[item_id] += units
    if not repo.kept(work, place_id, list(wanted), document_id):
        return
    standing = repo.lock_on_hand(work, place_id, list(wanted))
    kept = {one["item_id"]: one for one in repo.kept(work, place_id, list(wanted), document_id)}
    for item_id, one in standing.items():
        if item_id not in kept:
            continue
        fits = max(one["on_hand"] - kept[item_id]["quantity"], 0)
        if wanted[item_id] > fits:
            numbers = ", ".join(kept[item_id]["numbers"])
            raise Refused(
                "ERP-3114",
                f"{one['item']} at {one['place']} is kept for {numbers}; {quantity_text(fits)} would fit. Send that much, or have the order share its goods.",
                data={"item": one["item"], "place": one["place"], "kept_for": numbers, "fits": quantity_text(fits)},
            )


def held_for(work: Work, document_id: int) -> list[Held]:
    """Return what each line of a document is promised, and holds now."""
    return [Held(**row) for row in repo.held(work, document_id)]


def availability(work: Work, place: str, items: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return by item code `on_hand`, `reserved` and `available` (less than zero: more is promised than there is) at a place, as texts."""
    return {
        row["item"]: {
            "on_hand": quantity_text(row["on_hand"]), "reserved": quantity_text(row["reserved"]),
            "available": quantity_text(row["on_hand"] - row["reserved"]),
        }
        for row in repo.standing(work, place, items)
    }
