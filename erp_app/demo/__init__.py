"""The demo company: PT Contoh Otoparts with people, catalogue and some weeks of business up to today, and a second company.

Everything goes through the same services as a user's work. Only for installations that answer on this machine alone.
"""

from __future__ import annotations

from erp_app.demo import catalogue, people, weeks
from erp_app.demo.desk import Desk
from erp_app.document import registry, service
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work


def load() -> bool:
    """Load the demo companies unless they are there; return whether anything was done.

    People come first, each in a transaction; catalogue and documents of a company are one transaction, so that an interrupted
    load leaves nothing half-done and the next one completes it.
    """
    import erp_app.domains  # noqa: F401, PLC0415 - all document types, before any is used

    first, second = people.companies()
    done = [_fill(first, catalogue.CONTOH, weeks.play), _fill(second, catalogue.SEBELAH, weeks.play_small)]
    return any(done)


def _fill(staff: people.Staff, goods: catalogue.Catalogue, play: weeks.Play) -> bool:
    with unit_of_work(system_actor(staff.tenant, "cli")) as work:
        if service.page(work, registry.get("items"), service.Query(page_size=1)).total:
            return False
        desk = Desk(work, staff.actors)
        catalogue.fill(desk, goods)
        play(desk, clock.now())
    return True
