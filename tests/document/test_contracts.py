"""Every document type of the product keeps the contract; where a rule of the domain wants something particular, it is said here."""

from __future__ import annotations

import itertools

import pytest

import erp_app.domains  # noqa: F401
from erp_app.document import registry
from tests.contract import contract
from tests.contract_samples import Firm
from tests.flows.firm import Firm as Story
from tests.flows.firm import moment

TYPES = [one.plural for one in registry.all_types() if not one.plural.startswith("sample-")]
_count = itertools.count(1)


@pytest.fixture(scope="module")
def story(admin_url) -> Story:
    """A firm with an order of a customer and enough goods to deliver it many times."""
    made = Story()
    made.create("items", code="FG", name="FG", kind="finished")
    made.create("items", code="BOX", name="BOX", kind="packaging")
    made.create("suppliers", code="PT Baja", name="PT Baja")
    made.create("customers", code="TSR", name="Toko Sumber Rejeki")
    made.received("FG", 10_000, 50_000, "2026-01-05", "PT Baja")
    return made


@pytest.fixture(scope="module")
def firm(story) -> Firm:
    other = Story()
    return Firm(story.tenant, other.tenant, story.users["admin"], story.users["warehouse"], samples(story))


def samples(story: Story) -> dict[str, dict]:
    """Values by type and field; `...` leaves a field out, or says with `unique` that the same content cannot be entered twice."""

    def receipt(_firm):
        return [story.received("FG", 1, 1000, "2026-01-06", "PT Baja")["number"]]

    def gone_out(_firm):
        lines = [{"item": "FG", "quantity": 1}]
        when = moment("2026-01-10").isoformat()
        order = story.create("sales-orders", customer="TSR", warehouse="WH", effective_at=when, lines=[{"item": "FG", "quantity": 1, "unit_price": 90_000}])
        story.act("sales-orders", order["id"], "confirm")
        return story.post("delivery-notes", sales_order=order["id"], effective_at=when, lines=lines, vehicle="B 1", driver="Udin")["number"]

    two_items = [{"item": "FG", "counted": "3"}, {"item": "BOX", "counted": "4"}]
    return {
        "purchase-orders": {"lines": [{"item": "FG", "quantity": "2", "unit_price": "1000"}]},
        "journal-entries": {"lines": [{"account": "1-1110", "debit": 1000}, {"account": "3-1000", "credit": 1000}]},
        "customer-receipts": {"charge": 100},
        "supplier-bills": {"receipts": receipt, "supplier": "PT Baja", "supplier_number": lambda _: f"B{next(_count)}", "lines": ..., "unique": ...},
        "landed-costs": {"receipts": receipt},
        "sales-invoices": {"customer": "TSR", "delivery_orders": ..., "lines": [{"item": "FG", "quantity": "1", "unit_price": "1000"}]},
        "delivery-verifications": {"delivery_note": gone_out, "rejects_to": "QUAR", "lines": ..., "unique": ...},
        "stock-counts": {"lines": two_items},
        "stock-transfers": {"from": "WH", "to": "WH2"},
    }


@pytest.mark.parametrize("plural", TYPES)
def test_type_keeps_the_contract(plural, firm):
    contract(registry.get(plural), firm)
