"""Schema changes: alembic to head, then the repeatable SQL.

`python -m erp_app.kernel.migrations regenerate ADMIN_URL` rewrites the first migration from the models (only until the first
release: after it, every change is a migration of its own).
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import psycopg
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from alembic import command
from erp_app.kernel import roles, sqlfiles
from erp_app.kernel.errors import Refused

FIRST = sqlfiles.ROOT / "alembic" / "versions" / "0001_first.py"


def config(owner_url: str) -> Config:
    """Return alembic's configuration for one database."""
    made = Config()
    made.set_main_option("script_location", str(sqlfiles.ROOT / "alembic"))
    made.attributes["owner_url"] = owner_url
    return made


def head() -> str:
    """Return the newest revision this program knows."""
    return ScriptDirectory.from_config(config("")).get_current_head() or ""


def _known() -> set[str]:
    """The revisions this program can bring further."""
    return {one.revision for one in ScriptDirectory.from_config(config("")).walk_revisions()}


def upgrade(owner_url: str) -> bool:
    """Bring a database to the newest schema; return whether anything had to be done.

    Raises:
        Refused: ERP-1020 when the database has a schema this program does not know; it is left as it is.
    """
    with psycopg.connect(owner_url) as conn:
        current = _current(conn)
    if current is not None and current not in _known():
        raise Refused(
            "ERP-1020",
            f"The database has the schema {current}, which this version of the program does not know. Nothing was changed. Start the version"
            " that made it, or start this one with another data folder (--data).",
        )
    moved = current != head()
    if moved:
        command.upgrade(config(owner_url), "head")
    with psycopg.connect(owner_url) as conn:
        applied = sqlfiles.apply(conn, head())
    return moved or applied


def prepare(admin_url: str, passwords: dict[str, str] | None = None) -> bool:
    """Make roles and schema ready on the administrator's database; return whether anything changed."""
    roles.ensure(admin_url, passwords)
    return upgrade(roles.url_for(admin_url, roles.OWNER, passwords))


def _current(conn: psycopg.Connection[tuple[object, ...]]) -> str | None:
    if conn.execute("SELECT to_regclass('public.alembic_version')").fetchone() != ("alembic_version",):
        return None
    found = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


def regenerate(admin_url: str, target: Path = FIRST) -> None:
    """Write the first migration anew from the models, against an empty database."""
    from erp_app.domains import metadata  # noqa: PLC0415 - the kernel imports no domain, except for this tool

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(admin_url), poolclass=NullPool)
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"target_metadata": metadata, "compare_type": True})
        script = produce_migrations(context, metadata)
        assert script.upgrade_ops  # noqa: S101 - an empty script has them too
        _references(metadata, script.upgrade_ops)
        up = render_python_code(script.upgrade_ops)
    target.write_text(_TEMPLATE.format(models=fingerprint(metadata), up=up), encoding="utf-8")


def fingerprint(metadata: MetaData) -> str:
    """Return a short hash of everything the models say about the schema."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    parts = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    parts += sorted(str(CreateIndex(index).compile(dialect=dialect)) for table in metadata.tables.values() for index in table.indexes)
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]


def _references(metadata: MetaData, up: ops.UpgradeOps) -> None:
    """Add the foreign keys that point forward, after all tables are there."""
    forward = [
        one for table in sorted(metadata.tables.values(), key=lambda table: table.name)
        for one in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)) if one.use_alter
    ]
    up.ops.extend(ops.CreateForeignKeyOp.from_constraint(one) for one in forward)


_TEMPLATE = '''"""The first schema: every table of the product as its models declare it (models {models})."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001_{models}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE IF NOT EXISTS record_id_seq")
    {up}


def downgrade() -> None:
    raise RuntimeError("Migrations go forward only. To go back, restore a backup: ./erp restore FILE")
'''


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "regenerate":  # noqa: PLR2004
        raise SystemExit("usage: python -m erp_app.kernel.migrations regenerate ADMIN_URL")
    regenerate(sys.argv[2])
