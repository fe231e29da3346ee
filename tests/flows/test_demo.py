"""The demo company: complete, consistent, quick, and loaded once."""

from __future__ import annotations

from erp_app import demo
from erp_app.iam import service as iam
from erp_app.iam.login import check
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from erp_app.reports import catalogue


def ask(tenant, name, **given):
    return catalogue.ask(system_actor(tenant), name, given)[1]


def test_the_demo_is_loaded_once_and_its_books_agree(database):
    assert demo.load()
    assert not demo.load()
    tenant = iam.find_tenant("contoh")
    with unit_of_work(system_actor(tenant)) as work:
        counts = {row["type"]: row["n"] for row in work.rows("SELECT type, count(*) AS n FROM record_ref GROUP BY type")}
    assert sum(counts.values()) > 300
    for plural in ("purchase-orders", "goods-receipts", "supplier-bills", "sales-orders", "delivery-notes", "sales-invoices", "customer-receipts"):
        assert counts[plural] >= 5
    trial = ask(tenant, "trial-balance")
    assert trial["total_debit"] == trial["total_credit"]
    layers = ask(tenant, "stock-layers")
    inventory = sum(int(row["debit"]) for row in trial["rows"] if row["account"] in ("1-1310", "1-1330", "1-1340", "1-1350", "1-1360"))
    assert int(layers["total"]) == inventory
    assert not layers["pending"]
    proof = ask(tenant, "integrity")
    assert proof["ok"], [check for check in proof["checks"] if check["violations"]]
    receivable = next(int(row["debit"]) for row in trial["rows"] if row["account"] == "1-1200")
    assert int(ask(tenant, "aged-receivables")["total"]["total"]) == receivable


def test_the_demo_people_log_in_from_this_machine(database):
    demo.load()
    for username in ("admin", "manager", "staff", "admin2"):
        assert check(username, "demo", address="127.0.0.1", via="web")
