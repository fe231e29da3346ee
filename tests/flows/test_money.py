"""Money in and out, and journals by hand; what pays what, and what is left open."""

from __future__ import annotations

import pytest

from erp_app.accounting import mapping
from erp_app.document import registry, service
from erp_app.iam import service as iam
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Invalid, Refused
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue
from tests.flows.firm import moment


@pytest.fixture
def shop(firm):
    """A customer who owes 1,110,000 (due 31 Jan) and 2,220,000 (due 14 Feb), and a supplier owed 1,000."""
    firm.create("customers", code="C", name="C")
    firm.create("items", code="TUBE", name="TUBE", kind="raw")
    firm.create("suppliers", code="S", name="S")
    firm.invoices = [
        firm.post("sales-invoices", customer="C", effective_at=moment(day).isoformat(), lines=[{"description": "x", "quantity": 1, "unit_price": price}])
        for day, price in (("2026-01-15", 2000000), ("2026-01-01", 1000000))
    ][::-1]
    receipt = firm.received("TUBE", 10, 100, "2026-01-02", "S")
    firm.bill = firm.post("supplier-bills", supplier="S", receipts=[receipt["id"]], tax="none", effective_at=moment("2026-01-03").isoformat())
    return firm


def paid(firm, amount, **more):
    return firm.post("customer-receipts", customer="C", amount=amount, effective_at=moment("2026-01-26").isoformat(), **more)


def states(firm):
    return [(one["state"], one["paid"]) for one in (firm.get("sales-invoices", invoice["id"]) for invoice in firm.invoices)]


def test_a_receipt_pays_the_oldest_first_and_the_charge_is_ours(shop):
    receipt = paid(shop, 1500000, charge=6500, allocate="oldest")
    assert states(shop) == [("paid", "1110000"), ("part_paid", "390000")]
    assert shop.journal(receipt) == {"1-1110": 1493500, "6-1000": 6500, "1-1200": -1500000}
    assert [line["amount"] for line in receipt["lines"]] == ["1110000", "390000"]


def test_a_receipt_pays_what_it_is_told_and_the_rest_is_an_advance(shop):
    receipt = paid(shop, 1000000, allocate=[{"invoice": shop.invoices[1]["number"], "amount": 600000}])
    assert states(shop) == [("posted", "0"), ("part_paid", "600000")]
    assert shop.journal(receipt) == {"1-1110": 1000000, "1-1200": -600000, "2-1300": -400000}


def test_no_invoice_is_paid_beyond_what_is_open_and_no_more_than_there_is(shop):
    with pytest.raises(Refused, match="1110000 open"):
        paid(shop, 5000000, allocate=[{"invoice": shop.invoices[0]["id"], "amount": 1110001}])
    with pytest.raises(Refused, match="More is allocated"):
        paid(shop, 10, allocate=[{"invoice": shop.invoices[0]["id"], "amount": 11}])
    with pytest.raises(Invalid):
        paid(shop, 10, allocate="all of it")


def test_open_items_age_equal_to_the_ledger_and_know_the_past(shop):
    paid(shop, 1500000, allocate="oldest")
    report = catalogue.ask(shop.actor(), "aged-receivables", {"as_of": "2026-03-01"})[1]
    assert report["total"] | {"days_1_30": "1830000", "total": "1830000"} == report["total"]
    assert [one["open"] for one in report["open"]] == ["1830000"]
    assert catalogue.ask(shop.actor(), "aged-receivables", {"as_of": "2026-01-25"})[1]["total"]["total"] == "3330000"
    assert shop.balances()["1-1200"] == 1830000


def test_a_reversed_receipt_leaves_the_invoices_open_again(shop):
    receipt = paid(shop, 1500000, allocate="oldest")
    shop.act("customer-receipts", receipt["id"], "reverse", reason="bounced")
    assert states(shop) == [("posted", "0"), ("posted", "0")]
    assert catalogue.ask(shop.actor(), "aged-receivables", {})[1]["total"]["total"] == "3330000"


def test_a_payment_is_approved_by_the_finance_manager_and_pays_bills(shop):
    made = shop.create("supplier-payments", "finance", supplier="S", amount=600, allocate=[{"bill": shop.bill["number"], "amount": 600}])
    assert shop.act("supplier-payments", made["id"], "post")["state"] == "posted"
    assert shop.get("supplier-bills", shop.bill["id"])["state"] == "part_paid"
    assert catalogue.ask(shop.actor(), "aged-payables", {})[1]["total"]["total"] == "400"
    shop.act("supplier-payments", made["id"], "reverse", reason="wrong account")
    assert shop.get("supplier-bills", shop.bill["id"])["state"] == "posted"


def test_a_payment_lets_a_held_order_go_on(shop):
    shop.update("customers", "C", credit_limit=3500000)
    held = shop.create("sales-orders", customer="C", warehouse="WH", lines=[{"item": "TUBE", "quantity": 10, "unit_price": 100000}])
    held = shop.act("sales-orders", held["id"], "confirm")
    assert (held["state"], held["over_limit_by"]) == ("credit_hold", "940000")
    assert paid(shop, 1110000, allocate="oldest")["released"] == [held["number"]]
    assert shop.get("sales-orders", held["id"])["state"] == "confirmed"


def test_a_journal_by_hand_balances_and_can_be_reversed(shop):
    lines = [{"account": "1-1110", "debit": 200000000}, {"account": "3-1000", "credit": 200000000}]
    made = shop.post("journal-entries", lines=lines, effective_at=moment("2026-01-01").isoformat())
    assert shop.journal(made) == {"1-1110": 200000000, "3-1000": -200000000}
    shop.act("journal-entries", made["id"], "reverse", reason="typed twice")
    assert "3-1000" not in shop.balances()


def test_who_reverses_on_screen_says_why_and_a_program_may(shop):
    made = shop.post("journal-entries", lines=[{"account": "1-1110", "debit": 7}, {"account": "3-1000", "credit": 7}])
    screen = iam.actor_of(shop.tenant, shop.users["admin"], via="web")
    with pytest.raises(Invalid, match="reason is required"), unit_of_work(screen) as work:
        service.act(work, registry.get("journal-entries"), made["id"], "reverse")
    assert shop.get("journal-entries", made["id"])["state"] == "posted"
    assert shop.act("journal-entries", made["id"], "reverse")["state"] == "reversed"


def test_a_journal_that_does_not_balance_or_has_no_side_is_refused(shop):
    with pytest.raises(Invalid, match="differ by 1"):
        shop.post("journal-entries", lines=[{"account": "1-1110", "debit": 5}, {"account": "3-1000", "credit": 4}])
    with pytest.raises(Invalid, match="either a debit or a credit"):
        shop.create("journal-entries", lines=[{"account": "1-1110", "debit": 5, "credit": 5}, {"account": "3-1000"}])


@pytest.mark.parametrize("account", ["1-1310", "1-1340", "1-1350", "1-1360"])
def test_accounts_of_goods_change_with_goods_only(shop, account):
    before = shop.balances()
    with pytest.raises(Refused, match=f"{account} is the account of goods") as refusal:
        shop.post("journal-entries", lines=[{"account": account, "debit": 5}, {"account": "3-1000", "credit": 5}])
    assert refusal.value.code == "ERP-1223"
    with pytest.raises(Refused, match=f"{account} is the account of goods"):
        paid(shop, 10, account=account, allocate="oldest")
    assert shop.balances() == before


def test_an_account_of_one_place_s_goods_is_kept_too(shop):
    shop.create("accounts", code="1-1399", name="Goods at the fair", type="asset")
    shop.update("places", "WH2", account="1-1399")
    with pytest.raises(Refused, match="1-1399 is the account of goods"):
        shop.post("journal-entries", lines=[{"account": "1-1399", "debit": 5}, {"account": "3-1000", "credit": 5}])


def test_an_account_with_journals_of_other_things_does_not_become_one_of_goods(shop):
    shop.create("accounts", code="1-1398", name="Deposits", type="asset")
    shop.post("journal-entries", lines=[{"account": "1-1398", "debit": 5}, {"account": "3-1000", "credit": 5}])
    with pytest.raises(Refused, match="1-1398 has journals of other things") as refusal:
        shop.update("places", "WH2", account="1-1398")
    assert refusal.value.code == "ERP-1225"
    shop.create("items", code="BOX", name="BOX", kind="packaging")
    with pytest.raises(Refused, match="1-1398 has journals of other things"), unit_of_work(shop.actor()) as work:
        mapping.change(work, "stock", "consumable", "quarantine", "1-1398")
    shop.update("places", "WH2", account="1-1310")  # where goods lie already
    assert shop.received("BOX", 1, 100, "2026-01-05", "S", "WH2")["state"] == "posted"
    assert catalogue.ask(shop.actor(), "integrity", {})[1]["ok"]


@pytest.mark.parametrize(("resource", "wrong", "field"), [
    ("customer-receipts", {"customer": "C", "amount": -10}, "amount"),
    ("customer-receipts", {"customer": "C", "amount": 10, "charge": 20}, "charge"),
    ("customer-receipts", {"customer": "C", "amount": 10, "charge": -1}, "charge"),
    ("supplier-payments", {"supplier": "S", "amount": 0}, "amount"),
    ("landed-costs", {"supplier": "S", "amount": 0, "method": "quantity"}, "amount"),
    ("stock-transfers", {"from": "WH", "to": "WH", "lines": [{"item": "TUBE", "quantity": 1}]}, "to"),
])
def test_what_is_wrong_is_told_at_its_field(shop, resource, wrong, field):
    with pytest.raises(Invalid) as refusal:
        shop.create(resource, **wrong)
    assert (refusal.value.code, set(refusal.value.errors)) == ("ERP-1102", {field})


def test_an_account_that_postings_go_to_stays_in_use(shop):
    with pytest.raises(Refused, match="1-1110 is in use") as refusal:
        shop.update("accounts", "1-1110", active=False)
    assert refusal.value.code == "ERP-3327"
    shop.create("accounts", code="6-9999", name="Nothing", type="expense")
    assert shop.update("accounts", "6-9999", active=False)["active"] is False


def test_an_account_by_party_needs_one_that_exists(shop):
    with pytest.raises(Invalid, match="no customer and no supplier"):
        shop.create("journal-entries", lines=[{"account": "1-1200", "debit": 5, "party": "X"}, {"account": "3-1000", "credit": 5}])
    with pytest.raises(Refused):
        shop.post("journal-entries", lines=[{"account": "1-1200", "debit": 5}, {"account": "3-1000", "credit": 5}])
    shop.post("journal-entries", lines=[{"account": "1-1200", "debit": 5, "party": "C"}, {"account": "3-1000", "credit": 5}])


SUBLEDGERS = "receivables and payables are the open documents of each party"


def test_receivables_and_payables_are_proved_party_by_party(shop):
    def check():
        found = catalogue.ask(shop.actor(), "integrity", {})[1]
        return next(one for one in found["checks"] if one["name"] == SUBLEDGERS)

    receipt = paid(shop, 1500000, allocate="oldest")
    paid(shop, 5000000, allocate="oldest")
    assert (check()["violations"], check()["rows_checked"] >= 4) == (0, True)
    shop.act("customer-receipts", receipt["id"], "reverse", reason="bounced")
    payment = shop.create("supplier-payments", supplier="S", amount=1500, allocate="oldest", effective_at=moment("2026-01-30").isoformat())
    shop.act("supplier-payments", payment["id"], "approve")
    shop.act("supplier-payments", payment["id"], "post")
    assert check()["violations"] == 0
    with unit_of_work(system_actor(shop.tenant)) as work:
        work.run("UPDATE sales_invoice SET paid = paid - 10 WHERE number = %s", [shop.invoices[1]["number"]])
    assert check()["violations"] == 1
    assert check()["offenders"][0]["party"] == "C"


def test_the_ledger_shows_the_numbers_of_journals_at_once(shop):
    rows = catalogue.ask(shop.actor(), "general-ledger", {"account": "1-1200"})[1]["rows"]
    assert all(one["number"] and one["number"].startswith("JE-") for one in rows)


def test_the_journal_is_seen_before_it_is_posted_and_nothing_is_stored(shop):
    wanted = {"customer": "C", "amount": 1500000, "charge": 6500, "allocate": "oldest", "effective_at": moment("2026-01-26").isoformat()}
    draft = shop.create("customer-receipts", **wanted)
    shown = service.preview(shop.actor(), registry.get("customer-receipts"), draft["id"], "post", {})
    (one,) = shown["effects"]["documents"]
    assert {line["account"]: line["debit"] - line["credit"] for line in one["lines"]} == {"1-1110": 1493500, "6-1000": 6500, "1-1200": -1500000}
    assert states(shop) == [("posted", "0"), ("posted", "0")]
    assert shop.get("customer-receipts", draft["id"])["state"] == "draft"
    undone = service.preview(shop.actor(), registry.get("sales-invoices"), shop.invoices[0]["id"], "reverse", {"reason": "-"})
    assert [account["change"] for account in undone["effects"]["accounts"] if account["account"] == "1-1200"] == [-1110000]
