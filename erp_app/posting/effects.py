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
        Beside `effects`, in a preview, `standing`: what each of them is before.
    """
    lines = repo.journal_lines(work)
    documents = _documents(lines, document_id)
    effects = {
        "documents": documents[:MAX_SHOWN], "more": max(0, len(documents) - MAX_SHOWN), "accounts": _accounts(lines),
        "stock": repo.stock_values(work), "margins": repo.margins(work, document_id),
    }
    return {"effects": effects, **({"standing": _standing(work, document_id, effects)} if work.dry_run else {})}


def _standing(work: Work, document_id: int, effects: dict[str, Any]) -> dict[str, Any]:
    """Return what accounts, goods, margins and documents are without this transaction. It is no part of what a token promises.

    Returns:
        accounts: {code: balance}; stock: {"item place_kind": value} for goods of ours; margins: {delivery: {net, cogs}};
        documents: {id: {account: posted}}; revalues: whether the document adds to the cost of goods others brought in.
    """
    now = repo.stock_now(work, sorted({one["item"] for one in effects["stock"]}))
    return {
        "accounts": repo.balances(work, [one["account"] for one in effects["accounts"]]),
        "stock": {
            f"{one['item']} {one['place_kind']}": now.get((one["item"], one["place_kind"]), 0) - one["change"]
            for one in effects["stock"] if one["place_kind"] != "customer"
        },
        "margins": repo.sold(work, [one["document"] for one in effects["margins"]]),
        "documents": {str(key): amounts for key, amounts in repo.posted_before(work, [one["id"] for one in effects["documents"]]).items()},
        "revalues": repo.revalues(work, document_id),
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
