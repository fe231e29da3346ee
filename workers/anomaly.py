"""Looks for anomalies when it is time: runs the company's rules; what they find is stored once."""

from __future__ import annotations

import erp_app.domains  # noqa: F401 - findings are documents, and all types must be known here
from erp_app.anomaly import service
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work


def find(actor: Actor, _key: str) -> int:
    """Run every enabled rule; return how many new findings there are."""
    with unit_of_work(actor) as work:
        return service.scan(work)
