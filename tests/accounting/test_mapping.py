"""Finance decides which account an event goes to; what lies in an account, or is open on it, is never left behind."""

from __future__ import annotations

import pytest

from erp_app.accounting import mapping
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Forbidden, Invalid, NotFound, Refused
from erp_app.kernel.uow import unit_of_work


def change(firm, *choice, as_="admin"):
    with unit_of_work(firm.actor(as_)) as work:
        return mapping.change(work, *choice)


@pytest.fixture
def shop(firm):
    firm.create("items", code="TUBE", name="TUBE", kind="raw")
    firm.create("suppliers", code="S", name="S")
    for code, kind in (("1-1311", "asset"), ("2-1111", "liability"), ("5-1101", "expense")):
        firm.create("accounts", code=code, name=f"New {code}", type=kind)
    return firm


def test_postings_from_now_on_go_to_the_new_account_and_earlier_ones_stay(shop):
    before = shop.received("TUBE", 10, 100, "2026-01-05", "S")
    shop.act("goods-receipts", before["id"], "reverse", reason="wrong")
    change(shop, "stock", "raw", "warehouse", "1-1311")
    change(shop, "grni", "", "", "2-1111")
    after = shop.received("TUBE", 10, 100, "2026-01-06", "S")
    assert shop.journal(before) == {"1-1310": 1000, "2-1110": -1000}
    assert shop.journal(after) == {"1-1311": 1000, "2-1111": -1000}


def test_an_account_that_holds_goods_or_open_documents_keeps_its_events(shop):
    shop.received("TUBE", 10, 100, "2026-01-05", "S")
    with pytest.raises(Refused, match="10 raw lie at a warehouse") as refusal:
        change(shop, "stock", "raw", "warehouse", "1-1311")
    assert refusal.value.code == "ERP-3322"
    with pytest.raises(Refused, match="2-1110 holds 1000"):
        change(shop, "grni", "", "", "2-1111")


def test_an_account_of_another_type_or_kept_otherwise_is_refused(shop):
    for choice in (("stock", "raw", "warehouse", "5-1101"), ("stock", "raw", "warehouse", "1-1200"), ("ar", "", "", "1-1311"), ("variance", "", "", "9-9999")):
        with pytest.raises(Invalid) as refusal:
            change(shop, *choice)
        assert refusal.value.code == "ERP-3321"
    for choice in (("nothing", "", "", "1-1311"), ("stock", "raw", "supplier", "2-1111")):
        with pytest.raises(NotFound):
            change(shop, *choice)


def test_only_whoever_may_edit_it_changes_the_mapping_and_it_is_audited(shop):
    for role in ("finance", "manager", "sales"):
        with pytest.raises(Forbidden):
            change(shop, "variance", "", "", "5-1101", as_=role)
    assert change(shop, "variance", "", "", "5-1101")["account"] == "5-1101"
    with unit_of_work(system_actor(shop.tenant)) as work:
        told = work.row("SELECT before, after, user_id FROM audit_event WHERE action = 'account_mapping.changed'")
    assert told == {"before": {"variance": "5-1100"}, "after": {"variance": "5-1101"}, "user_id": shop.users["admin"]}
    with unit_of_work(shop.actor("finance")) as work:
        assert {"variance", "stock"} <= {one["event"] for one in mapping.listed(work)}
