"""Two companies with people in them."""

from __future__ import annotations

import pytest

from tests.iam.people import Town, found


@pytest.fixture
def town(database) -> Town:
    """Two companies with users of several roles; fresh names for every test."""
    return found()
