"""Every document type of the product keeps the contract."""

from __future__ import annotations

import pytest

import erp_app.domains  # noqa: F401
from erp_app.document import registry
from tests.contract import Firm, contract
from tests.iam.people import found

TYPES = [one.plural for one in registry.all_types() if not one.plural.startswith("sample-")]
SAMPLES: dict[str, dict] = {}


@pytest.fixture(scope="module")
def firm(admin_url) -> Firm:
    town = found()
    return Firm(town.ours.id, town.theirs.id, town.ours.users["admin"], town.ours.users["warehouse"], dict(SAMPLES))


@pytest.mark.parametrize("plural", TYPES)
def test_type_keeps_the_contract(plural, firm):
    contract(registry.get(plural), firm)
