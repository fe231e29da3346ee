"""What a step would change, as the screen shows it: every account, goods, margin and document before, after, and the difference."""

from __future__ import annotations

from typing import Any

from erp_app.document import registry

_OURS = ("warehouse", "vendor", "in_transit", "quarantine")


def wants_reason(step: dict[str, Any]) -> bool:
    """Tell whether a step asks people why."""
    return any(one["name"] == "reason" for one in step["fields"])


def only_a_reason(step: dict[str, Any]) -> bool:
    """Tell whether a step asks for nothing else than a reason: it is asked for beside the preview."""
    return not step["lines"] and all(one["name"] == "reason" for one in step["fields"])


def reaches_further(shown: dict[str, Any], record: int) -> bool:
    """Tell whether a step changes what other documents cost, so that people see it before it is done."""
    effects = shown.get("effects") or {}
    others = any(one["id"] != record and one["kind"] == "correction" for one in effects.get("documents", ()))
    return others or bool(effects.get("margins")) or bool((shown.get("standing") or {}).get("revalues"))


def for_screen(step: dict[str, Any], shown: dict[str, Any], record: int, *, stale: bool = False) -> dict[str, Any]:
    """Return a preview for the browser: rows of before, change and after (texts of whole minor units)."""
    effects, standing = shown.get("effects") or {}, shown.get("standing") or {}
    documents = effects.get("documents", [])
    late = any(one["id"] != record and one["kind"] == "correction" for one in documents)
    types = {one.plural: one.label for one in registry.all_types()}
    return {
        "action": step["name"], "label": step["label"], "reason": wants_reason(step), "danger": step["danger"], "stale": stale,
        "later": late and not wants_reason(step) and not standing.get("revalues"), "exact": bool(shown.get("token")),
        "accounts": [
            _row(one["account"], one["change"], standing.get("accounts", {}).get(one["account"]), name=one["name"]) for one in effects.get("accounts", ())
        ],
        "stock": [
            _row(one["item"], one["change"], standing.get("stock", {}).get(f"{one['item']} {one['place_kind']}"), place=one["place_kind"])
            for one in effects.get("stock", ()) if one["place_kind"] in _OURS
        ],
        "margins": [_margin(one, standing.get("margins", {}).get(one["document"])) for one in effects.get("margins", ())],
        "documents": [_document(one, standing.get("documents", {}).get(str(one["id"]), {}), types, own=one["id"] == record) for one in documents],
        "more": effects.get("more", 0), "repair": _repair(shown),
    }


def _repair(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what a repair found on the shadow copy, with the movements that differ; {} for any other step."""
    rows = [
        {**one, "href": f"/{one['type']}/{one['id']}", "before": str(one["before"]), "after": str(one["after"]), "change": str(one["change"])}
        for one in shown.get("differences", ())
    ]
    return {**shown["repair"], "differences": rows} if shown.get("repair") else {}


def _row(key: str, change: int, before: int | None, **more: Any) -> dict[str, Any]:
    return {"key": key, "before": "" if before is None else str(before), "change": str(change), "after": "" if before is None else str(before + change), **more}


def _margin(one: dict[str, Any], standing: dict[str, int] | None) -> dict[str, Any]:
    """Return a delivery's HPP and margin; more HPP is less margin."""
    change = one["cogs_change"]
    if standing is None:
        return {"key": one["document"], "cogs": _row("", change, None), "margin": _row("", -change, None)}
    return {"key": one["document"], "cogs": _row("", change, standing["cogs"]), "margin": _row("", -change, standing["net"] - standing["cogs"])}


def _document(one: dict[str, Any], posted: dict[str, int], types: dict[str, str], *, own: bool) -> dict[str, Any]:
    """Return a document with one row for each account its new journal touches."""
    changes: dict[str, list[Any]] = {}
    for line in one["lines"]:
        found = changes.setdefault(line["account"], [line["name"], 0])
        found[1] += line["debit"] - line["credit"]
    return {
        "number": one["number"] or "", "type_label": types.get(one["type"], ""), "href": f"/{one['type']}/{one['id']}" if one["type"] in types else "",
        "kind": one["kind"], "date": one["date"], "own": own,
        "lines": [_row(account, change, posted.get(account, 0), name=name) for account, (name, change) in changes.items() if change],
    }
