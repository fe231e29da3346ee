"""Reading what the open transaction wrote into the ledgers: its rows carry the transaction's own time."""

from __future__ import annotations

from typing import Any

from erp_app.kernel.uow import Work


def waiting_items(work: Work, document_id: int) -> list[int]:
    """Return the items whose costs wait because of this document or its reversal."""
    rows = work.rows(
        "SELECT DISTINCT q.item_id FROM hpp_queue q WHERE q.state IN ('waiting', 'running') AND (q.cause_document_id = %(id)s"
        " OR q.cause_document_id IN (SELECT to_id FROM record_link WHERE from_id = %(id)s AND kind = 'reversed_by')) ORDER BY q.item_id",
        {"id": document_id},
    )
    return [row["item_id"] for row in rows]


def journal_lines(work: Work) -> list[dict[str, Any]]:
    """Return all journal lines of this transaction with their document."""
    return work.rows(
        "SELECT e.id AS entry_id, e.document_id, e.kind, e.date, r.number, r.type, a.code AS account, a.name, l.debit, l.credit"
        " FROM journal_entry e JOIN journal_line l ON l.tenant_id = e.tenant_id AND l.entry_id = e.id"
        " JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id"
        " LEFT JOIN record_ref r ON r.tenant_id = e.tenant_id AND r.id = e.document_id"
        " WHERE e.recorded_at = now() ORDER BY e.id, l.line_no",
    )


def stock_values(work: Work) -> list[dict[str, Any]]:
    """Return how the value of goods changes, by item and kind of place: what moved in less what moved out, at their pieces' value."""
    return work.rows(
        "SELECT i.code AS item, x.kind AS place_kind, sum(x.value)::bigint AS change FROM ("
        "  SELECT m.item_id, t.kind, p.value FROM cost_piece p JOIN stock_move m ON m.tenant_id = p.tenant_id AND m.id = p.move_id"
        "    JOIN place t ON t.tenant_id = m.tenant_id AND t.id = m.to_place_id WHERE p.recorded_at = now()"
        "  UNION ALL"
        "  SELECT m.item_id, f.kind, -p.value FROM cost_piece p JOIN stock_move m ON m.tenant_id = p.tenant_id AND m.id = p.move_id"
        "    JOIN place f ON f.tenant_id = m.tenant_id AND f.id = m.from_place_id WHERE p.recorded_at = now()"
        ") x JOIN item i ON i.id = x.item_id WHERE x.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine', 'customer')"
        " GROUP BY i.code, x.kind HAVING sum(x.value) <> 0 ORDER BY i.code, x.kind",
    )


def margins(work: Work, document_id: int) -> list[dict[str, Any]]:
    """Return the deliveries sold before whose HPP changes, with the change (more HPP is less margin)."""
    return work.rows(
        "SELECT r.number AS document, sum(p.value)::bigint AS cogs_change FROM cost_piece p"
        " JOIN stock_move m ON m.tenant_id = p.tenant_id AND m.id = p.move_id"
        " JOIN place t ON t.tenant_id = m.tenant_id AND t.id = m.to_place_id AND t.kind = 'customer'"
        " JOIN record_ref r ON r.tenant_id = m.tenant_id AND r.id = m.document_id"
        " WHERE p.recorded_at = now() AND m.document_id <> %s GROUP BY r.number HAVING sum(p.value) <> 0 ORDER BY r.number",
        (document_id,),
    )


def balances(work: Work, accounts: list[str]) -> dict[str, int]:
    """Return the balance of accounts without what this transaction wrote, debit positive."""
    rows = work.rows(
        "SELECT a.code, coalesce(sum(l.debit - l.credit) FILTER (WHERE e.recorded_at < now()), 0)::bigint AS amount FROM account a"
        " LEFT JOIN journal_line l ON l.tenant_id = a.tenant_id AND l.account_id = a.id"
        " LEFT JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id WHERE a.code = ANY(%s) GROUP BY a.code",
        (accounts,),
    )
    return {row["code"]: row["amount"] for row in rows}


def posted_before(work: Work, documents: list[int]) -> dict[int, dict[str, int]]:
    """Return by document and account what its journals said before this transaction, debit positive."""
    rows = work.rows(
        "SELECT e.document_id, a.code, sum(l.debit - l.credit)::bigint AS amount FROM journal_entry e"
        " JOIN journal_line l ON l.tenant_id = e.tenant_id AND l.entry_id = e.id JOIN account a ON a.tenant_id = l.tenant_id AND a.id = l.account_id"
        " WHERE e.document_id = ANY(%s) AND e.recorded_at < now() GROUP BY 1, 2",
        (documents,),
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["document_id"], {})[row["code"]] = row["amount"]
    return found


def stock_now(work: Work, items: list[str]) -> dict[tuple[str, str], int]:
    """Return what lies where, by item and kind of place, with all this transaction did: value in minor units."""
    rows = work.rows(
        "SELECT i.code AS item, p.kind, sum(y.value - cost_portion(y.value, y.quantity, y.taken))::bigint AS value FROM item i"
        " JOIN cost_layer y ON y.tenant_id = i.tenant_id AND y.item_id = i.id JOIN place p ON p.tenant_id = y.tenant_id AND p.id = y.place_id"
        " WHERE i.code = ANY(%s) AND y.taken < y.quantity AND p.kind IN ('warehouse', 'vendor', 'in_transit', 'quarantine') GROUP BY 1, 2",
        (items,),
    )
    return {(row["item"], row["kind"]): row["value"] for row in rows}


def sold(work: Work, documents: list[str]) -> dict[str, dict[str, int]]:
    """Return by delivery what it is sold for (net of tax) and what its goods cost before this transaction.

    The order's price stands on the delivery's lines; the ledger only knows what goods cost.
    """
    rows = work.rows(
        "SELECT d.number, (SELECT coalesce(sum(round(l.quantity * l.unit_price)), 0) FROM delivery_order_line l"
        "   WHERE l.tenant_id = d.tenant_id AND l.document_id = d.id)::bigint AS net,"
        " (SELECT coalesce(sum(p.value), 0) FROM stock_move m JOIN cost_piece p ON p.tenant_id = m.tenant_id AND p.move_id = m.id"
        "   WHERE m.tenant_id = d.tenant_id AND m.document_id = d.id AND p.recorded_at < now())::bigint AS cogs"
        " FROM delivery_order d WHERE d.number = ANY(%s)",
        (documents,),
    )
    return {row["number"]: {"net": row["net"], "cogs": row["cogs"]} for row in rows}


def revalues(work: Work, document_id: int) -> bool:
    """Tell whether the document adds to the cost of goods others brought in."""
    return bool(work.value("SELECT EXISTS (SELECT 1 FROM cost_revaluation WHERE document_id = %s)", (document_id,)))
