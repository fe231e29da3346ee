"""The document graph: what led to what, around one record, both ways."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from erp_app.document import anchor, registry, shape
from erp_app.document.declare import DocumentType
from erp_app.document.values import moment_text
from erp_app.kernel.access import may, scope_filter
from erp_app.kernel.uow import Work

DEPTH, MAX_NODES = 8, 200
_AMOUNTS = ("total", "amount")


def graph(work: Work, record_id: int) -> dict[str, Any]:
    """Return nodes (id, type, label, number, state, effective_at, amount, here) and edges (from, to, kind) the actor may see.

    Raises:
        NotFound: ERP-1001.
    """
    anchor.hold(work, record_id)
    edges = work.rows(
        "WITH RECURSIVE near(id, depth) AS (VALUES (%(id)s::bigint, 0) UNION"
        "  SELECT CASE WHEN l.from_id = near.id THEN l.to_id ELSE l.from_id END, near.depth + 1 FROM near"
        "  JOIN record_link l ON near.id IN (l.from_id, l.to_id) WHERE near.depth < %(depth)s)"
        " SELECT DISTINCT l.from_id, l.to_id, l.kind FROM record_link l WHERE l.from_id IN (SELECT id FROM near) AND l.to_id IN (SELECT id FROM near)"
        " ORDER BY l.from_id, l.to_id LIMIT 1000",
        {"id": record_id, "depth": DEPTH},
    )
    ids = sorted({record_id} | {one["from_id"] for one in edges} | {one["to_id"] for one in edges})
    nodes = _nodes(work, _nearest(record_id, edges, ids))
    known = {one["id"] for one in nodes}
    for one in nodes:
        one["here"] = one["id"] == record_id
    shown = [{"from": one["from_id"], "to": one["to_id"], "kind": one["kind"]} for one in edges if one["from_id"] in known and one["to_id"] in known]
    return {"nodes": nodes, "edges": shown}


def _nearest(start: int, edges: list[dict[str, Any]], ids: list[int]) -> list[int]:
    """Return the ids nearest to the start when there are too many to draw."""
    if len(ids) <= MAX_NODES:
        return ids
    neighbours: dict[int, set[int]] = {}
    for one in edges:
        neighbours.setdefault(one["from_id"], set()).add(one["to_id"])
        neighbours.setdefault(one["to_id"], set()).add(one["from_id"])
    found, queue = {start}, [start]
    for here in queue:
        for near in sorted(neighbours.get(here, ())):
            if near not in found and len(found) < MAX_NODES:
                found.add(near)
                queue.append(near)
    return sorted(found)


def _nodes(work: Work, ids: list[int]) -> list[dict[str, Any]]:
    rows = work.rows(
        "SELECT id, type, number, label, state, effective_at FROM record_ref WHERE id = ANY(%s) AND state <> 'deleted' ORDER BY effective_at, id",
        (ids,),
    )
    known = {one.plural: one for one in registry.all_types()}
    amounts: dict[int, Any] = {}
    for plural in {row["type"] for row in rows} & set(known):
        if may(work.actor, plural, "view"):
            amounts |= _amounts(work, known[plural], [row["id"] for row in rows if row["type"] == plural])
    return [
        {
            **row,
            "type_label": known[row["type"]].label,
            "amount": amounts[row["id"]],
            "effective_at": moment_text(row["effective_at"], work.actor.tz) if row["effective_at"] else None,
        }
        for row in rows
        if row["id"] in amounts
    ]


def _amounts(work: Work, dt: DocumentType, ids: list[int]) -> dict[int, str | None]:
    """Return the visible records of a type with what they amount to (None without such a field, or without the right to see it)."""
    fields = shape.seen(work.actor, dt, shape.header(dt))
    column = next((dt.table.c[name] for name in _AMOUNTS if name in fields), None)
    columns = [dt.table.c.id] + ([column] if column is not None else [])
    query = select(*columns).where(dt.table.c.id.in_(ids), scope_filter(work.actor, dt.plural, dt.table))
    work.flush()
    return {row[0]: str(row[1]) if len(row) > 1 and row[1] is not None else None for row in work.session.connection().execute(query)}
