"""The contract itself, on the sample types with every kind of field."""

from __future__ import annotations

import pytest

from tests.contract import contract
from tests.contract_samples import Firm
from tests.iam.people import found


@pytest.fixture(scope="module")
def firm(samples) -> Firm:
    town = found()
    return Firm(town.ours.id, town.theirs.id, town.ours.users["admin"], town.ours.users["warehouse"])


@pytest.mark.parametrize("number", [0, 1])
def test_a_sample_type_keeps_the_contract(number, firm, samples):
    contract(samples[number], firm)
