"""Fixtures of the ledger tests."""

from __future__ import annotations

import itertools

import pytest

from tests.ledger.company import Company

_tenants = itertools.count(1)


@pytest.fixture
def company(database):
    """A new tenant in the module's database."""
    return Company.found(next(_tenants))
