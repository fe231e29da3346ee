"""One stream of everything that happened to a record: steps and changes field by field, comments, files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from erp_app.document import anchor, custom, shape
from erp_app.document.declare import DocumentType
from erp_app.document.shape import Shape
from erp_app.document.values import moment_text
from erp_app.kernel.uow import Work

MAX_ENTRIES = 200


def timeline(work: Work, record_id: int, *, kinds: Iterable[str] = ("change", "comment", "attachment"), limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest entries, newest first.

    Each has kind, at, username, and: for a change `action`, `state`, `reason`, `via` and `changes` [{field, label, before, after}] (only
    fields the actor may see; lines as {field, label, before: [...], after: [...]}); for a comment `body`; for a file `name`, `size`, `id`.

    Raises:
        NotFound: ERP-1001.
    """
    dt, _ = anchor.hold(work, record_id)
    wanted, size = set(kinds), min(limit, MAX_ENTRIES)
    entries: list[dict[str, Any]] = []
    if "change" in wanted:
        entries += _changes(work, dt, record_id, size)
    if "comment" in wanted:
        rows = work.rows("SELECT id, at, username, body FROM record_comment WHERE record_id = %s ORDER BY id DESC LIMIT %s", (record_id, size))
        entries += [{"kind": "comment", **row} for row in rows]
    if "attachment" in wanted:
        rows = work.rows(
            "SELECT id, at, username, name, size, media_type FROM record_attachment WHERE record_id = %s ORDER BY id DESC LIMIT %s",
            (record_id, size),
        )
        entries += [{"kind": "attachment", **row} for row in rows]
    entries.sort(key=lambda one: (one["at"], one["id"]), reverse=True)
    return [{**one, "at": moment_text(one["at"], work.actor.tz)} for one in entries[:size]]


def _changes(work: Work, dt: DocumentType, record_id: int, size: int) -> list[dict[str, Any]]:
    rows = work.rows(
        "SELECT id, at, username, via, action, before, after, reason FROM audit_event WHERE record_id = %s AND resource = %s"
        " AND action NOT LIKE '%%.attach' ORDER BY id DESC LIMIT %s",
        (record_id, dt.plural, size),
    )
    fields = shape.seen(work.actor, dt, shape.header(dt))
    tables = {one.name: (one.label, shape.seen(work.actor, dt, shape.line(one))) for one in dt.lines}
    labels = _labels(work, rows, fields, tables)
    extra = {name: one.shape.label for name, one in custom.fields(work, dt.plural).items()}
    return [_entry(row, fields, tables, labels, extra) for row in rows]


def _entry(
    row: dict[str, Any], fields: dict[str, Shape], tables: dict[str, tuple[str, dict[str, Shape]]], labels: dict[int, str], extra: dict[str, str]
) -> dict[str, Any]:
    before, after = row["before"] or {}, row["after"] or {}
    changes: list[dict[str, Any]] = []
    for name, one in fields.items():
        if name in after and name != "number":
            was, is_ = _named(one, before.get(name), labels), _named(one, after[name], labels)
            changes.append({"field": name, "label": one.label, "kind": one.kind, "before": was, "after": is_})
    was, is_ = before.get("custom") or {}, after.get("custom") or {}
    changes += [
        {"field": f"custom.{name}", "label": label, "before": was.get(name), "after": is_.get(name)}
        for name, label in extra.items()
        if was.get(name) != is_.get(name)
    ]
    for name, (label, known) in tables.items():
        if name in after:
            changes.append({"field": name, "label": label, "before": _lines(before.get(name), known, labels), "after": _lines(after[name], known, labels)})
    return {
        "kind": "change",
        "id": row["id"],
        "at": row["at"],
        "username": row["username"],
        "via": row["via"],
        "reason": row["reason"],
        "action": row["action"].rpartition(".")[2],
        "state": after.get("state"),
        "changes": changes,
    }


def _lines(rows: Any, known: dict[str, Shape], labels: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {"line_no": row.get("line_no"), **{name: _named(one, row.get(name), labels) for name, one in known.items() if row.get(name) is not None}}
        for row in rows or []
        if isinstance(row, dict)
    ]


def _named(one: Shape, value: Any, labels: dict[int, str]) -> Any:
    if one.kind in ("ref", "user") and isinstance(value, int):
        return labels.get(value, value)
    if one.kind == "refs" and isinstance(value, list):
        return [labels.get(item, item) for item in value]
    return value


def _labels(work: Work, rows: list[dict[str, Any]], fields: dict[str, Shape], tables: dict[str, tuple[str, dict[str, Shape]]]) -> dict[int, str]:
    """Return number by id of everything the changes refer to."""
    ids: set[int] = set()
    for row in rows:
        for part in (row["before"] or {}, row["after"] or {}):
            ids |= _ids(part, fields)
            for name, (_, known) in tables.items():
                for line in part.get(name) or []:
                    ids |= _ids(line, known)
    found = work.rows("SELECT id, number FROM record_ref WHERE id = ANY(%s)", (sorted(ids),)) if ids else []
    return {row["id"]: row["number"] for row in found}


def _ids(values: dict[str, Any], fields: dict[str, Shape]) -> set[int]:
    found: set[int] = set()
    for name, one in fields.items():
        value = values.get(name)
        if one.kind in shape.REFERENCES:
            found |= {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, int)}
    return found
