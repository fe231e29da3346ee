"""What a posting changes beyond itself: every document, account, margin and stock value, read inside its own transaction.

A preview posts, settles what became late, reads the effects and rolls back; posting with the preview's token does the same and
commits only when the effects are still exactly those.
"""

from __future__ import annotations

from typing import Any

from erp_app.costing.settle import settle
from erp_app.kernel.uow import Work
from erp_app.posting import repo_effects as repo

MAX_SHOWN = 500


def show(work: Work, doc: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Settle what the document made late, and tell what all of it changes; the `preview` of every step that posts."""
    for item in repo.waiting_items(work, doc.id):
        settle(work, item)
    return of_transaction(work, doc.id)


def of_transaction(work: Work, document_id: int) -> dict[str, Any]:
    """Return what this transaction wrote into the ledgers.

    Returns:
        documents: [{number, type, kind, date, lines: [{account, name, debit, credit}]}], the document itself first;
        accounts: [{account, name, change}] net over all; stock: [{item, place_kind, change}] value of goods by where they lie;
        margins: [{document, cogs_change}] for deliveries whose HPP changes; `more`: how many documents are not shown.
    """
    lines = repo.journal_lines(work)
    documents = _documents(lines, document_id)
    return {
        "effects": {
            "documents": documents[:MAX_SHOWN], "more": max(0, len(documents) - MAX_SHOWN), "accounts": _accounts(lines),
            "stock": repo.stock_values(work), "margins": repo.margins(work, document_id),
        }
    }


def _documents(lines: list[dict[str, Any]], document_id: int) -> list[dict[str, Any]]:
    """Gather the lines by journal, the previewed document first, then by date and number."""
    found: dict[int, dict[str, Any]] = {}
    for line in lines:
        one = found.setdefault(line["entry_id"], {
            "id": line["document_id"], "number": line["number"], "type": line["type"], "kind": line["kind"], "date": line["date"].isoformat(), "lines": [],
        })
        one["lines"].append({key: line[key] for key in ("account", "name", "debit", "credit")})
    return sorted(found.values(), key=lambda one: (one["id"] != document_id, one["date"], one["number"] or ""))


def _accounts(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the net change of every account, debit positive; accounts that net to nothing are left out."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        one = found.setdefault(line["account"], {"account": line["account"], "name": line["name"], "change": 0})
        one["change"] += line["debit"] - line["credit"]
    return [found[code] for code in sorted(found) if found[code]["change"]]
