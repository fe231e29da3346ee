"""A firm with one rule of every kind."""

from __future__ import annotations

import pytest

from erp_app.anomaly import service
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.flows.firm import Firm


@pytest.fixture
def firm(database) -> Firm:
    """A new firm in the module's database."""
    made = Firm()
    with unit_of_work(system_actor(made.tenant)) as work:
        service.install(work)
    made.create("suppliers", code="PT Baja", name="PT Baja")
    made.create("items", code="TUBE", name="Tube", kind="raw")
    return made
