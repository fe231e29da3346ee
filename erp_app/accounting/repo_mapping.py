"""SQL of the account mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erp_app.kernel.uow import Work


def stop_postings(work: Work) -> None:
    """Wait for the postings that have read the mapping, and let new ones wait until this transaction ends: it takes milliseconds."""
    work.run("LOCK TABLE account_map IN ACCESS EXCLUSIVE MODE")


def mapping(work: Work) -> list[dict[str, Any]]:
    """Return all rows with their accounts, goods first."""
    return work.rows(
        "SELECT m.event, m.item_kind, m.place_kind, m.account_id, a.code AS account, a.name, a.type FROM account_map m JOIN account a ON a.id = m.account_id"
        " ORDER BY m.event <> 'stock', a.code, m.place_kind, m.item_kind, m.event",
    )


def account(work: Work, code: str) -> dict[str, Any] | None:
    """Return an active account by its code."""
    return work.row("SELECT id, code, name, type, needs_party FROM account WHERE code = %s AND active", [code])


def accounts(work: Work) -> list[dict[str, Any]]:
    """Return all active accounts by code."""
    return work.rows("SELECT code, name, type, needs_party FROM account WHERE active ORDER BY code")


def put(work: Work, keys: Sequence[tuple[str, str, str]], account_id: int) -> None:
    """Let each (event, item kind, place kind) go to an account."""
    for event, item_kind, place_kind in keys:
        work.run(
            "UPDATE account_map SET account_id = %s WHERE event = %s AND item_kind = %s AND place_kind = %s", [account_id, event, item_kind, place_kind],
        )


def goods(work: Work, item_kind: str, place_kind: str) -> int:
    """Return how much of a kind lies at places of a kind, in ledger units."""
    return int(work.value(
        "SELECT coalesce(sum(b.on_hand), 0) FROM stock_balance b JOIN item i ON i.id = b.item_id JOIN place p ON p.id = b.place_id"
        " WHERE p.kind = %(place)s AND (i.kind = %(item)s OR %(item)s = '')", {"place": place_kind, "item": item_kind},
    ))


def open_on(work: Work, account_id: int) -> int:
    """Return how much is open on an account, each party by itself (what one owes and another has paid too much does not cancel out)."""
    return int(work.value(
        "SELECT coalesce(sum(abs(o.amount)), 0) FROM (SELECT sum(debit - credit) AS amount FROM journal_line WHERE account_id = %s GROUP BY party_id) o",
        [account_id],
    ))
