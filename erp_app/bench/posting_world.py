"""What the posting benchmark works on: a company with items in fifty layers each, and the bare floor in a schema of its own."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from erp_app.accounting import chart
from erp_app.bench import posting_floor
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import Work, unit_of_work

TENANT, ITEMS, HOT, LAYERS, PAPERS = 1, 1000, 10, 50, 4000
PLACES = {"WH": "warehouse", "ADJUSTMENT": "adjustment", "SUPPLIER": "supplier"}


@dataclass(frozen=True)
class Ids:
    """The records the clients need."""

    tenant: int
    items: list[int]
    hot: list[int]
    warehouse: int
    adjustment: int


def build(admin_url: str) -> Ids:
    """Make chart, places, items and stock, and the floor with as much of everything."""
    with unit_of_work(system_actor(TENANT)) as work:
        chart.install(work)
        places = {
            code: work.value("INSERT INTO place (tenant_id, code, name, kind) VALUES (%s, %s, %s, %s) RETURNING id", (TENANT, code, code, kind))
            for code, kind in PLACES.items()
        }
        rows = work.rows(
            "INSERT INTO item (tenant_id, code, name, kind) SELECT %s, 'SKU-' || n, 'bench', 'finished' FROM generate_series(1, %s) n RETURNING id",
            (TENANT, ITEMS + HOT),
        )
        items = [row["id"] for row in rows]
        _stock(work, items[:ITEMS], places, 20)
        _stock(work, items[ITEMS:], places, 20_000)
    with psycopg.connect(admin_url) as admin:
        posting_floor.lay(admin, items)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE")
    return Ids(TENANT, items[:ITEMS], items[ITEMS:], places["WH"], places["ADJUSTMENT"])


def papers(admin_url: str, tenant: int) -> list[int]:
    """Return ids of draft documents that wait to be posted."""
    with psycopg.connect(admin_url) as admin:
        admin.execute("SELECT set_config('app.tenant', %s, true)", (str(tenant),))
        rows = admin.execute(
            "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
            " SELECT %s, n, 'bench', 'B-' || n, '', '', '' FROM (SELECT nextval('record_id_seq') AS n FROM generate_series(1, %s)) x RETURNING id",
            (tenant, PAPERS),
        ).fetchall()
    return [row[0] for row in rows]


def _stock(work: Work, items: list[int], places: dict[str, int], quantity: int) -> None:
    """Receive every item in layers, one a day."""
    document = work.value(
        "INSERT INTO record_ref (tenant_id, id, type, number, label, state, search)"
        " SELECT %s, n, 'bench', 'GR-' || n, '', '', '' FROM nextval('record_id_seq') n RETURNING id", (TENANT,),
    )
    work.run(
        "INSERT INTO stock_move (tenant_id, document_id, line_no, item_id, from_place_id, to_place_id, quantity, effective_at, value,"
        " from_account_id, to_account_id) SELECT %(tenant)s, %(document)s, row_number() OVER (), i, %(supplier)s, %(warehouse)s, %(quantity)s * 10000,"
        " '2025-11-01'::timestamptz + d * interval '1 day', %(quantity)s * (1000 + d),"
        " (SELECT id FROM account WHERE code = '2-1110'), (SELECT id FROM account WHERE code = '1-1340')"
        " FROM generate_series(1, %(layers)s) d, unnest(%(items)s::bigint[]) i ORDER BY d, i",
        {
            "tenant": TENANT, "document": document, "supplier": places["SUPPLIER"], "warehouse": places["WH"], "quantity": quantity,
            "layers": LAYERS, "items": items,
        },
    )
    work.run(
        "WITH laid AS (INSERT INTO cost_layer (tenant_id, move_id, origin_document_id, item_id, place_id, effective_at, quantity, value)"
        " SELECT tenant_id, id, document_id, item_id, to_place_id, effective_at, quantity, value FROM stock_move WHERE document_id = %s RETURNING *)"
        " INSERT INTO cost_piece (tenant_id, move_id, layer_id, document_id, quantity, value, cause_document_id, date)"
        " SELECT tenant_id, move_id, id, origin_document_id, quantity, value, origin_document_id, effective_at::date FROM laid",
        (document,),
    )

