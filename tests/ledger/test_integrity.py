"""The integrity report finds what is wrong, whoever made it so, and names the document; on a sound ledger it finds nothing."""

from __future__ import annotations

import psycopg
import pytest

from erp_app.accounting import repo
from erp_app.costing.settle import settle
from erp_app.kernel import audit
from erp_app.reports.integrity import prove
from erp_app.reports.integrity_checks import CHECKS

TAMPERS = {
    "every journal balances": "UPDATE journal_line SET debit = debit + 1 WHERE tenant_id = {t} AND debit > 0 AND entry_id = {entry}",
    "debits equal credits in all": "UPDATE journal_line SET debit = debit + 1 WHERE tenant_id = {t} AND debit > 0 AND entry_id = {entry}",
    "every journal belongs to a document": "UPDATE journal_entry SET document_id = -1 WHERE tenant_id = {t} AND id = {entry}",
    "movements, pieces and journal lines refer to what exists": "UPDATE stock_move SET document_id = -1 WHERE tenant_id = {t} AND value IS NOT NULL",
    "journals are numbered without gaps": "DELETE FROM journal_number WHERE tenant_id = {t} AND seq = 1",
    "receivables and payables name their party": "UPDATE journal_line SET party_id = NULL WHERE tenant_id = {t} AND party_id IS NOT NULL",
    "receivables and payables are the open documents of each party":
    "UPDATE record_ref SET type = 'sales-invoices' WHERE tenant_id = {t} AND number = 'INV-1'",
    "every balance is the sum of its movements": "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE tenant_id = {t} AND on_hand > 0",
    "nothing is below zero at any time": "UPDATE stock_move SET effective_at = '2026-02-01' WHERE tenant_id = {t} AND value IS NOT NULL",
    "blocks of the past say what their movements say":
    "INSERT INTO stock_block SELECT tenant_id, item_id, to_place_id, to_lot, effective_at, quantity, quantity + 1 FROM stock_move"
    " WHERE tenant_id = {t} AND value IS NOT NULL",
    "layers hold what is on hand": "UPDATE cost_layer SET taken = taken - 1 WHERE tenant_id = {t} AND taken > 0",
    "layers are worth what the inventory accounts say": "UPDATE cost_layer SET value = value + 7 WHERE tenant_id = {t} AND parent_layer_id IS NULL",
    "what was cut from a layer is its pieces": "UPDATE cost_piece SET value = value + 1 WHERE tenant_id = {t}",
    "a layer is made of its pieces": "UPDATE cost_piece SET value = value - 1 WHERE tenant_id = {t}",
    "every movement has its pieces": "DELETE FROM cost_piece WHERE tenant_id = {t} AND move_id = (SELECT max(move_id) FROM cost_piece WHERE tenant_id = {t})",
    "no late cost is stuck": "UPDATE stock_balance SET dirty_from = now() WHERE tenant_id = {t}",
    "the audit chain is whole": "UPDATE audit_event SET action = 'other' WHERE tenant_id = {t}",
    "every audit row is sealed": "UPDATE audit_chain SET sealed_at = now() + interval '1 hour' WHERE tenant_id = {t};"
    "INSERT INTO audit_event (tenant_id, user_id, username, via, address, request_id, action, resource) VALUES ({t}, 0, 'x', 'cli', '-', '-', 'x', 'x')",
    "every event was handed on":
    "UPDATE outbox SET sent_at = now() + interval '1 hour' WHERE tenant_id = {t} AND id = (SELECT max(id) FROM outbox WHERE tenant_id = {t})",
}


@pytest.fixture
def busy(company):
    """A company with a receipt, a delivery, an invoice, an audit row, all sealed."""
    company.post("GR-1", "2026-01-05", [("FG", "SUPPLIER", "WH", 10, {"value": 1000})])
    company.post("SJ-1", "2026-01-06", [("FG", "WH", "TRANSIT", 4)])
    company.post("INV-1", "2026-01-07", lines={"ar/Toko": 900, "sales": -900})
    with company.work() as work:
        work.audit("thing.changed", resource="things", record_id=1)
    with company.work() as work:
        audit.seal(work.conn, company.tenant)
        repo.give_numbers(work)
    return company


def violated(company):
    with company.work(dry_run=True) as work:
        return {check["name"]: check for check in prove(work)["checks"] if check["violations"]}


def test_a_sound_ledger_proves(busy):
    assert violated(busy) == {}


def test_every_check_has_a_tamper_that_it_finds():
    assert set(TAMPERS) == {check.name for check in CHECKS}


@pytest.mark.parametrize("name", TAMPERS)
def test_tampering_is_found_by_its_check(busy, database, name):
    with busy.work() as work:
        entry = work.value("SELECT min(id) FROM journal_entry")
    with psycopg.connect(database) as admin:
        admin.execute("SET session_replication_role = replica")  # no trigger and no key stops a superuser
        for statement in TAMPERS[name].split(";"):
            assert admin.execute(statement.format(t=busy.tenant, entry=entry)).rowcount
    found = violated(busy)
    assert name in found
    assert found[name]["offenders"]


def test_offenders_name_item_place_and_document(busy, database):
    with psycopg.connect(database) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE stock_move SET effective_at = '2026-02-01' WHERE tenant_id = %s AND value IS NOT NULL", (busy.tenant,))
    offender = violated(busy)["nothing is below zero at any time"]["offenders"][0]
    assert (offender["item"], offender["place"], offender["document"], offender["balance"]) == ("FG", "WH", "SJ-1", -4)


def test_late_work_in_the_queue_is_no_violation_before_nor_after(busy):
    with busy.work() as work:
        busy.document(work, "SJ-0")
    assert busy.post("SJ-0", "2026-01-05", [("FG", "WH", "TRANSIT:SJ-0", 2)]).pending
    assert violated(busy) == {}
    with busy.work() as work:
        settle(work, busy.ids["FG"])
    assert violated(busy) == {}
