"""What the posting benchmark works on: a company with items in fifty layers each, and the bare floor in a schema of its own."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from erp_app.accounting import chart
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
        admin.execute(_FLOOR)
        admin.execute("INSERT INTO floor.balance SELECT %s, i, 1000000000000 FROM unnest(%s::bigint[]) i", (TENANT, items))
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


_FLOOR = """
CREATE SCHEMA floor;
CREATE TABLE floor.document (tenant_id bigint, id bigint, posted_at timestamptz DEFAULT now(), PRIMARY KEY (tenant_id, id));
CREATE TABLE floor.balance (tenant_id bigint, item_id bigint, on_hand bigint NOT NULL CHECK (on_hand >= 0), PRIMARY KEY (tenant_id, item_id))
  WITH (fillfactor = 50);
CREATE TABLE floor.move (tenant_id bigint, id bigint GENERATED ALWAYS AS IDENTITY, document_id bigint, line_no int, item_id bigint, quantity bigint,
  effective_at timestamptz, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, document_id, line_no));
CREATE INDEX ON floor.move (tenant_id, item_id, effective_at, id);
CREATE TABLE floor.entry (tenant_id bigint, id bigint GENERATED ALWAYS AS IDENTITY, document_id bigint, date date, PRIMARY KEY (tenant_id, id));
CREATE TABLE floor.line (tenant_id bigint, entry_id bigint, line_no int, account_id int, debit bigint, credit bigint,
  PRIMARY KEY (tenant_id, entry_id, line_no));
CREATE TABLE floor.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id bigint, name text, payload jsonb);
CREATE FUNCTION floor.post(d bigint, items bigint[], quantities bigint[]) RETURNS bigint LANGUAGE plpgsql
SET search_path = floor SET plan_cache_mode = force_generic_plan AS $$
DECLARE e bigint; n int; t bigint := 1;
BEGIN
  INSERT INTO document (tenant_id, id) VALUES (t, d);
  PERFORM 1 FROM balance WHERE tenant_id = t AND item_id = ANY(items) ORDER BY item_id FOR NO KEY UPDATE;
  UPDATE balance b SET on_hand = on_hand - l.quantity FROM unnest(items, quantities) l(item_id, quantity) WHERE b.tenant_id = t AND b.item_id = l.item_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n <> cardinality(items) THEN RAISE 'no balance row'; END IF;
  INSERT INTO move (tenant_id, document_id, line_no, item_id, quantity, effective_at)
    SELECT t, d, l.n, l.item_id, -l.quantity, now() FROM unnest(items, quantities) WITH ORDINALITY l(item_id, quantity, n);
  INSERT INTO entry (tenant_id, document_id, date) VALUES (t, d, current_date) RETURNING id INTO e;
  INSERT INTO line VALUES (t, e, 1, 5100, 1000, 0), (t, e, 2, 1300, 0, 1000);
  INSERT INTO outbox (tenant_id, name, payload) VALUES (t, 'posted', jsonb_build_object('document', d));
  RETURN d;
END $$;
"""
