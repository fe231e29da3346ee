"""Cost trace: where the cost of a document's goods comes from, back to purchases, fees, landed cost and overhead, with a proof.

Quantity and money stand on every edge. What the sources sum up to is compared with what the ledger says the goods cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from erp_app.kernel.errors import Invalid
from erp_app.kernel.money import QUANTITY_SCALE, half_up
from erp_app.kernel.uow import Work
from erp_app.reports import repo_trace as repo
from erp_app.reports.cost_graph import Flow, Graph, Key, Made, Part, Taken, attribute, sliced
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, moment_text, units_text

Row = dict[str, Any]
BOUGHT, ADDED = "bought", "added cost"


def run(work: Work, asked: Asked) -> Answer:
    """Trace a document, one of its lines (`line`), or one unit of that line (`unit`, counted from 1).

    Returns:
        document; `lines` of it (line_no, item, name, quantity); `nodes` (documents, and amounts from outside with a negative id);
        `edges` (from, to, item, quantity, value); `sources` (what was paid, for what); `proof` (hpp by the ledger, the sources'
        total, `ok`); `more` when it was cut off.

    Raises:
        Invalid: ERP-3401 when line or unit is none of the document's.
    """
    plural, document = asked.values["document"]
    moves = repo.moves(work, asked, document)
    line, unit = _asked_line(asked, moves)
    rows = repo.pieces(work, asked, [one["id"] for one in moves if line in (None, one["line_no"])])
    taken = _taken(rows, {one["id"]: one["document_id"] for one in moves})
    if unit is not None:
        taken = sliced(taken, (unit - 1) * QUANTITY_SCALE, unit * QUANTITY_SCALE)
    graph = attribute(taken, _layers(work, asked, rows))
    for one in taken:
        if one.document != document:  # an invoice stands behind the deliveries it bills
            graph.edges.setdefault(Key(one.document, document, _item(rows, one.layer), ""), Flow()).add(one.quantity, one.value)
    known = repo.records(work, {document, *(key.source for key in graph.edges), *(key.target for key in graph.edges), *(key.source for key in graph.sources)})
    for record in known.values():
        record["effective_at"] = moment_text(work, record["effective_at"])
    sources = _sources(graph, known)
    hpp, total = sum(one.value for one in taken), sum(int(one["value"]) for one in sources)
    return {
        "document": {"type": plural, "id": document, "number": known[document]["number"]},
        "line": line, "unit": unit, "lines": _lines(moves),
        "nodes": _nodes(graph, known, document), "edges": _edges(graph, known), "sources": sources,
        "proof": {"hpp": str(hpp), "total": str(total), "quantity": _text(sum((one.quantity for one in taken), Fraction(0))), "ok": hpp == total,
                  "sources": sources},
        "more": len(rows) == repo.MAX_PIECES,
    }


def _asked_line(asked: Asked, moves: list[Row]) -> tuple[int | None, int | None]:
    line, unit = asked.values.get("line"), asked.values.get("unit")
    if unit is not None and line is None and len({one["line_no"] for one in moves}) == 1:
        line = moves[0]["line_no"]
    mine = [one for one in moves if one["line_no"] == line]
    if line is not None and not mine:
        raise Invalid("ERP-3401", f"The document has no line {line}.", errors={"line": "is none of the document's"})
    if unit is not None and (line is None or not 1 <= unit <= max(one["quantity"] for one in mine) // QUANTITY_SCALE):
        raise Invalid("ERP-3401", f"There is no unit {unit} in that line.", errors={"unit": "is none of the line's"})
    return line, unit


def _taken(rows: list[Row], documents: dict[int, int]) -> list[Taken]:
    """Return what the document holds in the end: not what it passed on to itself, nor what it consumed to make something."""
    mine = [row for row in rows if row["move_id"] in documents]
    passed = {row["laid_by"] for row in mine if row["laid_by"] != row["move_id"]}
    made = any(row["transform"] and row["laid_by"] == row["move_id"] for row in mine)
    return [
        Taken(row["layer_id"], documents[row["move_id"]], Fraction(row["quantity"]), row["value"])
        for row in mine
        if row["move_id"] not in passed and not (made and row["laid_by"] != row["move_id"] and row["transform"])
    ]


def _layers(work: Work, asked: Asked, rows: list[Row]) -> dict[int, Made]:
    """Say of each layer that was met what it is made of."""
    by_move: dict[int, list[Row]] = defaultdict(list)
    by_document: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_move[row["move_id"]].append(row)
        if row["transform"]:
            by_document[row["document_id"]].append(row)
    revalued = repo.revaluations(work, asked, [key for key, mine in by_move.items() if mine[0]["given"] is not None])
    added = repo.added(work, by_document)
    layers: dict[int, Made] = {}
    for row in rows:
        laid = by_move.get(row["laid_by"])
        if laid and row["layer_id"] not in layers:
            layers[row["layer_id"]] = _made(row, laid, by_document, revalued, added)
    return layers


def _made(row: Row, laid: list[Row], by_document: dict[int, list[Row]], revalued: dict[int, list[tuple[int, int]]], added: dict[int, Row]) -> Made:
    first, document = laid[0], laid[0]["document_id"]
    order = (first["effective_at"].timestamp(), first["move_id"])
    if row["parent"]:
        parts = [Part(row["parent"], one["quantity"], one["value"]) for one in laid if one["layer_id"] == row["parent"]]
    elif first["given"] is not None:
        parts = [Part(0, first["moved"], first["given"], document)]
        parts += [Part(0, 0, amount, source, "") for source, amount in revalued.get(first["move_id"], ())]
    elif first["transform"]:
        used = [one for one in by_document[document] if one["laid_by"] != one["move_id"]]
        outside = added.get(document, {"added": 0, "weight": 0, "accounts": {}})
        parts = [Part(one["layer_id"], one["quantity"], one["value"]) for one in used] + _outside(document, outside)
        share = Fraction(first["weight"], outside["weight"]) if outside["weight"] else Fraction(1)
        return Made(document, first["item"], order, first["moved"], tuple(parts), share)
    else:
        parts = [Part(one["layer_id"], one["quantity"], one["value"]) for one in laid if one["laid_by"] != one["move_id"]]
    return Made(document, first["item"], order, sum(part.quantity for part in parts) or first["moved"], tuple(parts))


def _outside(document: int, found: Row) -> list[Part]:
    """Return fee and overhead a document added, by account where its journal says so."""
    if not found["added"]:
        return []
    accounts = {name: int(amount) for name, amount in found["accounts"].items()}
    if sum(accounts.values()) != found["added"]:
        accounts = {ADDED: found["added"]}
    return [Part(0, 0, amount, document, name) for name, amount in accounts.items()]


def _item(rows: list[Row], layer: int) -> str:
    return next(str(row["item"]) for row in rows if row["layer_id"] == layer)


def _lines(moves: list[Row]) -> list[dict[str, Any]]:
    """Return the document's lines, each once."""
    found: dict[int, dict[str, Any]] = {}
    for one in moves:
        found[one["line_no"]] = {"line_no": one["line_no"], "item": one["item"], "name": one["name"], "quantity": units_text(one["quantity"])}
    return list(found.values())


def _text(quantity: Fraction) -> str:
    """Write ledger units that may be fractions of one, rounded to four decimals of the item's unit."""
    return units_text(half_up(quantity.numerator, quantity.denominator))


def _outside_id(key: Key) -> int:
    """Give an amount from outside a number of its own in the picture: documents have positive ones."""
    return -(key.source * 100 + sum(key.note.encode()) % 100)


def _edges(graph: Graph, known: dict[int, Row]) -> list[dict[str, Any]]:
    return [
        {
            "from": _outside_id(key) if key.note else key.source, "to": key.target,
            "from_number": f"{known[key.source]['number']}: {key.note}" if key.note else known[key.source]["number"],
            "to_number": known[key.target]["number"], "item": key.item, "quantity": _text(flow.quantity) if key.item else "", "value": str(flow.value),
        }
        for key, flow in graph.edges.items()
    ]


def _sources(graph: Graph, known: dict[int, Row]) -> list[dict[str, Any]]:
    """Return what was paid, for what and with which document, oldest first."""
    found: dict[tuple[int, str, str], list[Any]] = {}
    for key, flow in graph.sources.items():
        sums = found.setdefault((key.source, key.item, key.note), [Fraction(0), 0])
        sums[0] += flow.quantity
        sums[1] += flow.value
    order = sorted(found.items(), key=lambda one: (not one[0][1], _when(known[one[0][0]]), one[0]))
    return [
        {
            "source": known[source]["number"], "source_id": source, "source_type": known[source]["type"],
            "kind": note or (BOUGHT if item else known[source]["type"]),
            "item": item, "quantity": _text(quantity) if item else "", "value": str(value),
        }
        for (source, item, note), (quantity, value) in order
    ]


def _when(record: Row) -> str:
    """Return when a document is effective, as `run` has written it into its record."""
    return str(record["effective_at"])


def _nodes(graph: Graph, known: dict[int, Row], document: int) -> list[dict[str, Any]]:
    """Return documents of the picture with what was bought with them, and the amounts that came from outside."""
    bought: dict[int, list[Any]] = {}
    for key, flow in graph.sources.items():
        if not key.note:  # goods bought with the document itself, or what it added to the goods of another one
            sums = bought.setdefault(key.source, [Fraction(0), 0])
            sums[0] += flow.quantity
            sums[1] += flow.value
    drawn = {document, *(key.target for key in graph.edges), *(key.source for key in graph.edges if not key.note), *bought}
    nodes = [
        {**known[one], "effective_at": _when(known[one]) or None, "kind": "source" if one in bought else "document",
         **({"quantity": _text(bought[one][0]) if bought[one][0] else "", "value": str(bought[one][1])} if one in bought else {})}
        for one in _in_order(drawn, known)
    ]
    outside = {_outside_id(key): (key, flow) for key, flow in graph.edges.items() if key.note}
    return nodes + [
        {"id": number, "type": known[key.source]["type"], "number": key.note, "label": known[key.source]["number"], "state": "", "kind": "added",
         "effective_at": _when(known[key.source]) or None, "document": key.source, "value": str(flow.value)}
        for number, (key, flow) in outside.items()
    ]


def _in_order(ids: Iterable[int], known: dict[int, Row]) -> list[int]:
    return sorted(ids, key=lambda one: (_when(known[one]), one))


REPORT = Report(
    "cost-trace", "Cost trace", run,
    (
        Column("from_number", "From"), Column("to_number", "To"), Column("item", "Item"), Column("quantity", "Quantity", "quantity"),
        Column("value", "Value", "money"),
    ),
    view=("manager", "finance", "finance_manager"),
    parameters=(Parameter("document", "document", "Document", required=True), Parameter("line", "integer", "Line"), Parameter("unit", "integer", "Unit")),
    rows_of=lambda answer: list(answer["edges"]), section="Accounting", icon="route",
)
