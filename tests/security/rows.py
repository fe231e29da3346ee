"""One row in every table for each of two tenants, made from the catalogue alone, so that a new table is tested without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

# A value for each type a column may have; what a table cannot take without its own rules is filled without triggers and checks.
_VALUES: dict[str, str] = {
    "int2": "1",
    "int4": "1",
    "int8": "%(n)s",
    "numeric": "1",
    "float8": "1",
    "bool": "true",
    "text": "'%(n)s'",
    "varchar": "'%(n)s'",
    "bpchar": "'x'",
    "jsonb": "'{}'",
    "json": "'{}'",
    "bytea": "'x'",
    "date": "'2026-01-01'",
    "timestamptz": "'2026-01-01'",
    "timestamp": "'2026-01-01'",
    "uuid": "gen_random_uuid()",
    "interval": "'1 hour'",
    "time": "'08:00'",
}


@dataclass(frozen=True)
class Table:
    """A table of the catalogue: its columns by name with their types, without generated ones."""

    name: str
    columns: dict[str, str]

    @property
    def tenant(self) -> bool:
        """Whether its rows belong to a tenant."""
        return "tenant_id" in self.columns

    def insert(self, tenant_id: int) -> sql.Composed:
        """A statement that inserts a row of a tenant."""
        names = list(self.columns)
        values = [sql.Literal(tenant_id) if name == "tenant_id" else sql.SQL(self._value(name, tenant_id)) for name in names]
        return sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            sql.Identifier(self.name),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(values),
        )

    def _value(self, name: str, tenant_id: int) -> str:
        kind = self.columns[name]
        if kind.startswith("_"):
            return "'{}'"
        return _VALUES[kind] % {"n": tenant_id} if "%" in _VALUES[kind] else _VALUES[kind]


def tables(conn: psycopg.Connection[Any]) -> list[Table]:
    """All tables of the product."""
    rows = conn.execute(
        "SELECT c.relname, a.attname, t.typname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
        " ORDER BY c.relname, a.attnum",
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return [Table(name, columns) for name, columns in found.items()]


def fill(admin_url: str, tenants: tuple[int, int]) -> None:
    """Put one row of each tenant into every table, as the superuser, without triggers, checks and foreign keys."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")
        checks = conn.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conparentid = 0",
        ).fetchall()
        for table, name in checks:
            conn.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table.strip('"')), sql.Identifier(name)))
        for table in tables(conn):
            if table.tenant:
                for tenant_id in tenants:
                    conn.execute(table.insert(tenant_id))
