"""A firm for each test of the books."""

from __future__ import annotations

import pytest

from tests.flows.firm import Firm


@pytest.fixture
def firm(database) -> Firm:
    """A new firm in the module's database."""
    return Firm()
