"""The bare floor a posting is measured against: the least a database does for a document of five lines, with nothing of a business in it.

One PL/pgSQL function stores a header under the idempotency key its client chose, locks five balances in the order of their keys, takes
five quantities off them, stores five movements with a stock card's index, a journal of a constant cost in two lines, and an event. No costing,
no row-level security, no trigger, no reference between tables; called by psycopg with autocommit. Quantities are numeric(18, 4), a balance has the
running sums a costing of cumulative positions would keep.

It stands here twice. `post` is the bare function, whose statements PostgreSQL plans anew for each array it is given: that is the floor the
goals are set against. `post_tuned` is the same with generic plans, as our own functions have them: a harder floor, told beside it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import LiteralString
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

FUNCTIONS: dict[str, LiteralString] = {"post": "", "post_tuned": "SET plan_cache_mode = force_generic_plan"}
SCHEMA = """
CREATE SCHEMA floor;
CREATE TABLE floor.balance (tenant_id int, item_id bigint, place_id int, on_hand numeric(18, 4) NOT NULL CHECK (on_hand >= 0),
  in_quantity bigint NOT NULL DEFAULT 0, out_quantity bigint NOT NULL DEFAULT 0, in_value bigint NOT NULL DEFAULT 0, out_value bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, item_id, place_id)) WITH (fillfactor = 50);
CREATE TABLE floor.document (tenant_id int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, kind text NOT NULL, key uuid NOT NULL,
  occurred_at timestamptz NOT NULL, posted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, key));
CREATE TABLE floor.move (tenant_id int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, item_id bigint NOT NULL, place_id int NOT NULL,
  quantity numeric(18, 4) NOT NULL CHECK (quantity <> 0), unit_cost numeric(18, 4), occurred_at timestamptz NOT NULL,
  posted_at timestamptz NOT NULL DEFAULT now(), document_id bigint NOT NULL, line_no int NOT NULL,
  PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, document_id, line_no));
CREATE INDEX ON floor.move (tenant_id, item_id, place_id, occurred_at, id);
CREATE TABLE floor.entry (tenant_id int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, document_id bigint NOT NULL, date date NOT NULL,
  PRIMARY KEY (tenant_id, id));
CREATE TABLE floor.line (tenant_id int NOT NULL, entry_id bigint NOT NULL, line_no int NOT NULL, account_id int NOT NULL,
  debit bigint NOT NULL DEFAULT 0, credit bigint NOT NULL DEFAULT 0, CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)),
  PRIMARY KEY (tenant_id, entry_id, line_no));
CREATE TABLE floor.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id int NOT NULL, topic text NOT NULL, payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp());
"""
FUNCTION = """
CREATE FUNCTION floor.{name}(t int, k uuid, p int, items bigint[], quantities numeric[]) RETURNS bigint LANGUAGE plpgsql
SET search_path = floor {plans} AS $$
DECLARE d bigint; e bigint; n int;
BEGIN
  INSERT INTO document (tenant_id, kind, key, occurred_at) VALUES (t, 'issue', k, now()) ON CONFLICT DO NOTHING RETURNING id INTO d;
  IF d IS NULL THEN
    RETURN (SELECT id FROM document WHERE tenant_id = t AND key = k);
  END IF;
  PERFORM 1 FROM balance WHERE tenant_id = t AND place_id = p AND item_id = ANY(items) ORDER BY item_id FOR NO KEY UPDATE;
  UPDATE balance b SET on_hand = b.on_hand - l.quantity FROM unnest(items, quantities) l(item_id, quantity)
    WHERE b.tenant_id = t AND b.place_id = p AND b.item_id = l.item_id;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n <> cardinality(items) THEN
    RAISE 'no balance row';
  END IF;
  INSERT INTO move (tenant_id, item_id, place_id, quantity, occurred_at, document_id, line_no)
    SELECT t, l.item_id, p, -l.quantity, now(), d, l.n FROM unnest(items, quantities) WITH ORDINALITY l(item_id, quantity, n);
  INSERT INTO entry (tenant_id, document_id, date) VALUES (t, d, current_date) RETURNING id INTO e;
  INSERT INTO line VALUES (t, e, 1, 5100, 1000, 0), (t, e, 2, 1300, 0, 1000);
  INSERT INTO outbox (tenant_id, topic, payload) VALUES (t, 'posted', jsonb_build_object('document', d));
  RETURN d;
END $$;
"""
_CALL, _CALL_TUNED = (SQL("SELECT floor.{}(%s, %s, %s, %s, %s)").format(Identifier(name)) for name in FUNCTIONS)
TENANT, PLACE, OPENING = 1, 1, 10_000_000


def lay(admin: psycopg.Connection[tuple[object, ...]], items: list[int]) -> None:
    """Make the floor, with plenty of every item."""
    admin.execute(SCHEMA)
    for name, plans in FUNCTIONS.items():
        admin.execute(SQL(FUNCTION).format(name=Identifier(name), plans=SQL(plans)))
    admin.execute("INSERT INTO floor.balance SELECT %s, i, %s, %s FROM unnest(%s::bigint[]) i", (TENANT, PLACE, OPENING, items))


def post(conn: psycopg.Connection[tuple[object, ...]], items: list[int], quantities: list[Decimal], *, tuned: bool = False) -> None:
    """Post one document; the connection commits by itself."""
    query = _CALL_TUNED if tuned else _CALL
    conn.execute(query, (TENANT, uuid4(), PLACE, items, quantities))
