"""Reservations: which goods are promised to which order, and how much of what lies there each promise holds.

A promise stands for all an order has still to deliver. What lies at a place belongs to the promises in the order they were made, so no
piece is held twice; what comes in goes to whoever waits longest, and what a closed order gives back to the next, with nobody giving it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def reserve(work: Work, document_id: int, place_id: int, wanted: Sequence[tuple[int, int, int]]) -> None:
    """Promise goods to a document, as (line number, item, ledger units), in place of what was promised to it before.

    A promise that grows, or goes to another item or place, waits behind the others; one that shrinks keeps its turn.
    """
    repo.put(work, document_id, place_id, wanted)
    work.emit("stock.reserved", {"document_id": document_id}, topics=["stock"])


def release(work: Work, document_id: int) -> None:
    """Give back everything promised to a document."""
    reserve(work, document_id, 0, [])


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
