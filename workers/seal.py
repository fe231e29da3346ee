"""Links new audit rows into each tenant's hash chain, about once a second, so that a later change of history is found; numbers journals."""

from __future__ import annotations

from collections.abc import Iterable

from erp_app.accounting import repo as accounting
from erp_app.kernel import audit, clock, db, log
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import ErpError, Unavailable
from erp_app.kernel.uow import unit_of_work

ALL_EVERY = 10.0  # seconds; audit rows without an event (a refused login), and of transactions that ended late, wait at most that long


class Sealer:
    """Remembers which tenants have new audit rows."""

    def __init__(self) -> None:
        self.waiting: set[int] = set()
        self.looked = -ALL_EVERY

    def noticed(self, tenants: Iterable[int]) -> None:
        """Note tenants in which something has happened."""
        self.waiting.update(tenants)

    def seal(self, relay: db.Connection) -> int:
        """Seal what waits; return the number of links. A tenant whose chain is busy stays in waiting."""
        thorough = clock.monotonic() - self.looked >= ALL_EVERY
        if thorough:
            self.waiting.update(audit.tenants(relay))
            self.looked = clock.monotonic()
        links = 0
        for tenant in sorted(self.waiting):
            try:
                with unit_of_work(system_actor(tenant)) as work:
                    links += audit.seal(work.conn, tenant, audit.FAR_BACK if thorough else audit.NEAR_BACK)
                    accounting.give_numbers(work)
            except Unavailable:
                raise
            except ErpError as error:
                log.logger("seal").warning("seal.later", tenant=tenant, error=error.detail)
                continue
            self.waiting.discard(tenant)
        return links
