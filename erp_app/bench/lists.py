"""How fast lists are on a million documents: any page, every sort, search and filter, as the screens and the API call them.

The documents are made by SQL from the type's own declaration. The reference is the plainest query of the same run: fifty rows in
order of the primary key, without rights, references or a total.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg import sql

import erp_app.domains  # noqa: F401 - the document types
from erp_app.bench.scratch import scratch
from erp_app.document import criteria, registry, service, shape
from erp_app.document.declare import DocumentType
from erp_app.document.service import Query
from erp_app.document.shape import Shape
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

GOAL_MS, TARGETS, TENANT = 300.0, 2000, 1
_WORDS = ("pipe", "bolt", "gasket", "bracket", "mirror", "filter", "lamp", "cable", "seal", "spring")


def run(rows: int = 1_000_000, repeats: int = 15, plural: str = "sales-orders") -> Iterator[dict[str, Any]]:
    """Yield one figure after the other: name, p50_ms, p95_ms, rows, goal_ms, reference_ms, ratio, ok."""
    dt = registry.get(plural)
    with scratch() as admin_url:
        started = time.monotonic()
        fill(admin_url, dt, rows)
        yield {"figure": "lists.filled", "rows": rows, "seconds": round(time.monotonic() - started, 1)}
        reference = _measure(lambda: _plainest(dt), repeats)[0]
        for name, query in cases(dt, rows).items():
            middle, worst, total, exact = _listed(dt, query, repeats)
            yield {
                "figure": f"lists.{name}",
                "p50_ms": middle,
                "p95_ms": worst,
                "rows": rows,
                "total": total,
                "exact": exact,
                "goal_ms": GOAL_MS,
                "reference_ms": reference,
                "ratio": round(middle / reference, 1),
                "ok": worst < GOAL_MS,
            }


def cases(dt: DocumentType, rows: int) -> dict[str, Query]:
    """Return what is measured."""
    last = rows // 50
    found = {
        "page_1": Query(),
        "page_100": Query(page=100),
        "page_middle": Query(page=last // 2),
        "page_deep": Query(page=last * 9 // 10),
        "page_last": Query(page=last),
        "page_large": Query(page_size=500),
    }
    known = {**shape.header(dt), **shape.engine_fields()}
    for name in criteria.sortable(dt, known):
        found[f"sort_{name}"], found[f"sort_{name}_down"] = Query(sort=name), Query(sort=f"-{name}")
        found[f"sort_{name}_page_1000"] = Query(sort=name, page=min(1000, last))
    found |= {
        "search_number": Query(q=f"{rows // 3:07}"),
        "search_rare": Query(q="zanzibar"),
        "search_common": Query(q="pipe"),
        "search_two_words": Query(q="pipe bolt"),
        "search_nothing": Query(q="qqqqqq"),
        "search_short": Query(q="pi"),
        "search_party": Query(q="target 0077"),
        "search_common_page_100": Query(q="pipe", page=100),
        "search_sorted": Query(q="zanzibar", sort="number"),
    }
    for name, one in shape.header(dt).items():
        if name in {item.name for item in (shape.find(dt, wanted) for wanted in dt.filters) if item}:
            value: Any = {"ref": "T0077", "choice": one.choices[0] if one.choices else "", "flag": "true"}.get(one.kind, "2025-06-01")
            if one.kind == "state":
                for state in shape.allowed_state(dt):
                    found[f"filter_state_{state}"] = Query(filters={"state": state})
            elif one.kind in ("ref", "choice", "flag", "date", "moment"):
                found[f"filter_{name}"] = Query(filters={name: value})
    found["filter_range"] = Query(filters={"effective_at": {"gte": "2025-03-01", "lte": "2025-03-31"}})
    found["filter_and_sort"] = Query(filters={"state": shape.allowed_state(dt)[-1]}, sort="-number")
    return found


def fill(admin_url: str, dt: DocumentType, rows: int) -> None:
    """Make the documents and what they refer to, and the register the trigger would have kept."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant', %s, false)", (str(TENANT),))
        for other in dict.fromkeys(one.ref for one in shape.header(dt).values() if one.kind == "ref"):
            _targets(conn, registry.get(other))
        table = sql.Identifier(dt.table.name)
        columns = [one for one in shape.header(dt).values() if one.column not in ("number", "state", "effective_at")]
        values = [_expression(one) for one in columns]
        states = list(shape.allowed_state(dt))
        conn.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        conn.execute(
            sql.SQL(
                "INSERT INTO {} (tenant_id, id, number, state, effective_at, created_at, updated_at, custom, {})"
                " SELECT {}, nextval('record_id_seq'), 'SO-2025-' || to_char(n, 'FM0000000'), (%s::text[])[1 + n %% %s],"
                " timestamptz '2023-01-01' + (n * interval '94 seconds'), now(), now(), '{{}}', {} FROM generate_series(1, %s::bigint) n",
            ).format(table, sql.SQL(", ").join(sql.Identifier(one.column) for one in columns), sql.Literal(TENANT), sql.SQL(", ").join(values)),
            (states, len(states), rows),
        )
        _register(conn, dt)
        conn.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
        conn.execute("VACUUM (ANALYZE)")


def _targets(conn: psycopg.Connection[Any], dt: DocumentType) -> None:
    """Make records to refer to, by their own trigger; required fields get what is right for every kind."""
    needed = [one for one in shape.header(dt).values() if one.required and one.column not in ("code", "name")]
    defaults = [one for one in shape.header(dt).values() if one.default is not None and one.column not in ("code", "name", "active") and not one.required]
    chosen = {one.column: one.choices[0] if one.choices else 0 for one in needed} | {one.column: one.default for one in defaults}
    for one in shape.header(dt).values():
        if one.column == "kind" and "warehouse" in one.choices:
            chosen["kind"] = "warehouse"
    key = "number" if dt.is_document else "code"
    extra = [] if dt.is_document else ["name", "active"]
    names = [key, *extra, *chosen]
    values: list[sql.Composable] = [sql.SQL("'T' || to_char(n, 'FM0000')")]
    values += [sql.SQL("'Target ' || to_char(n, 'FM0000')"), sql.SQL("true")] if extra else []
    values += [sql.Literal(value) for value in chosen.values()]
    conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, id, created_at, updated_at, custom, {}) SELECT {}, nextval('record_id_seq'), now(), now(), '{{}}', {}"
            " FROM generate_series(1, {}) n"
        ).format(
            sql.Identifier(dt.table.name),
            sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys(names))),
            sql.Literal(TENANT),
            sql.SQL(", ").join(values),
            sql.Literal(TARGETS),
        ),
    )


def _expression(one: Shape) -> sql.Composable:
    """Return a value for row n that spreads as real ones do."""
    if one.kind == "ref":
        return sql.SQL("(SELECT min(id) FROM record_ref WHERE type = {}) + (n * 7919) %% {}").format(sql.Literal(one.ref), sql.Literal(TARGETS))
    if one.kind == "choice":
        return sql.SQL("(ARRAY[{}])[1 + n %% {}]").format(sql.SQL(", ").join(map(sql.Literal, one.choices)), sql.Literal(len(one.choices)))
    if one.kind in ("text", "long_text"):
        words = sql.SQL(", ").join(map(sql.Literal, _WORDS))
        return sql.SQL("(ARRAY[{0}])[1 + n %% 10] || ' ' || (ARRAY[{0}])[1 + (n / 10) %% 10] || CASE WHEN n %% 100000 = 7 THEN ' zanzibar' ELSE '' END").format(
            words
        )
    if one.kind in ("money", "integer", "quantity", "price", "percent"):
        return sql.SQL("(n * 104729) %% 90000")
    if one.kind == "date":
        return sql.SQL("date '2023-01-01' + (n %% 1200)::int")
    return sql.SQL("n %% 2 = 0") if one.kind == "flag" else sql.SQL("NULL")


def _register(conn: psycopg.Connection[Any], dt: DocumentType) -> None:
    """Fill record_ref as the trigger does, in one statement; afterwards touch one row through the trigger to prove that both agree."""
    title = next((one.column for one in shape.header(dt).values() if one.kind == "ref"), None)
    words = [one.column for one in (shape.find(dt, name) for name in dt.search) if one and one.column != dt.key and one.kind in ("text", "long_text")]
    named = sql.SQL("(SELECT coalesce(nullif(o.label, ''), o.number) FROM record_ref o WHERE o.tenant_id = t.tenant_id AND o.id = t.{})").format(
        sql.Identifier(title or "id")
    )
    label = named if title else sql.SQL("''")
    conn.execute(
        sql.SQL(
            "INSERT INTO record_ref (tenant_id, id, type, number, label, state, effective_at, search)"
            " SELECT t.tenant_id, t.id, {}, t.number, coalesce(l.label, ''), t.state, t.effective_at,"
            " ' ' || lower(concat_ws(' ', t.number, l.label, {})) FROM {} t CROSS JOIN LATERAL (SELECT {} AS label) l",
        ).format(
            sql.Literal(dt.plural), sql.SQL(", ").join(sql.Identifier("t", name) for name in words) or sql.SQL("''"), sql.Identifier(dt.table.name), label
        ),
    )


def _listed(dt: DocumentType, query: Query, repeats: int) -> tuple[float, float, int, bool]:
    found: list[service.Page] = []

    def call() -> None:
        with unit_of_work(system_actor(TENANT)) as work:
            found.append(service.page(work, dt, query))

    middle, worst = _measure(call, repeats)
    return middle, worst, found[-1].total, found[-1].exact


def _plainest(dt: DocumentType) -> None:
    with unit_of_work(system_actor(TENANT)) as work:
        work.rows(sql.SQL("SELECT * FROM {} ORDER BY tenant_id, id LIMIT 50").format(sql.Identifier(dt.table.name)))


def _measure(call: Callable[[], None], repeats: int) -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds, after one call that warms up."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return round(statistics.median(times), 2), round(times[min(len(times) - 1, int(len(times) * 0.95))], 2)
