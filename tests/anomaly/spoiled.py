"""Books that are wrong on purpose."""

from __future__ import annotations

from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

_PIECE = (
    "SELECT c.move_id, c.layer_id, c.date, m.to_account_id, m.from_account_id, m.effective_at FROM cost_piece c"
    " JOIN stock_move m ON m.id = c.move_id WHERE m.document_id = %s ORDER BY m.id DESC LIMIT 1"
)


def spoil(tenant: int, document: int, amount: int) -> None:
    """Add a wrong amount to what a document's last movement is worth, with the journal it would have had."""
    with unit_of_work(system_actor(tenant)) as work:
        row = work.row(_PIECE, (document,))
        work.run(
            "INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)"
            " VALUES (%s, %s, %s, %s, 0, %s, %s, %s)", (tenant, row["move_id"], row["layer_id"], document, amount, document, row["date"]),
        )
        entry = work.value(
            "INSERT INTO journal_entry (tenant_id, document_id, kind, cause_document_id, date, effective_at)"
            " VALUES (%s, %s, 'correction', %s, %s, %s) RETURNING id", (tenant, document, document, row["date"], row["effective_at"]),
        )
        for line, (account, debit, credit) in enumerate(((row["to_account_id"], amount, 0), (row["from_account_id"], 0, amount)), 1):
            work.run(
                "INSERT INTO journal_line (tenant_id, entry_id, line_no, account_id, debit, credit, date) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (tenant, entry, line, account, debit, credit, row["date"]),
            )
