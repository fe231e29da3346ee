"""The sealing worker: takes up sealing runs where they stand, one item and one transaction after the other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from erp_app.costing import sealing
from erp_app.kernel.fault import fault
from erp_app.kernel.uow import unit_of_work

if TYPE_CHECKING:
    from erp_app.kernel.actor import Actor
    from erp_app.kernel.delivery import Event
    from erp_app.kernel.uow import Work

SHOWN_EVERY = 25  # items


def ask(work: Work, event: Event) -> None:
    """A month was locked: have all items sealed as they lay at its end."""
    sealing.ask_for_month(work, date.fromisoformat(event.payload["last_day"]), event.payload["period"])


def seal(actor: Actor, _key: str) -> None:
    """Do all runs that are due. It may die at any item, and be called any number of times."""
    while True:
        with unit_of_work(actor) as work:
            found = sealing.begin(work)
        if found is None:
            return
        run, items = found
        for number, item in enumerate(items):
            with unit_of_work(actor) as work:
                sealing.seal_one(work, run, item)
                if number % SHOWN_EVERY == 0:
                    work.emit("queue.changed", {"run_id": run.id}, topics=["queue"])
            fault("checkpoint_sealed")
        with unit_of_work(actor) as work:
            sealing.finish(work, run)
