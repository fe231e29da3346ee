"""The migrations make exactly the schema the models declare, can be run twice, and back."""

from __future__ import annotations

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from alembic import command
from erp_app.domains import metadata
from erp_app.kernel import migrations, roles
from erp_app.kernel.errors import Refused

OURS = ("sql_state",)  # made by the repeatable SQL itself


@pytest.fixture(scope="module")
def empty(postgres):
    """An empty database; yields the superuser's URL."""
    with psycopg.connect(postgres.url_for("postgres", "postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE migrated")
    yield postgres.url_for("migrated", "postgres")
    with psycopg.connect(postgres.url_for("postgres", "postgres"), autocommit=True) as conn:
        conn.execute("DROP DATABASE migrated WITH (FORCE)")


def differences(url: str) -> list:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as conn:
        options = {"compare_type": True, "include_name": lambda name, kind, _parents: not (kind == "table" and name in OURS)}
        return compare_metadata(MigrationContext.configure(conn, opts=options), metadata)


def test_an_empty_database_comes_to_what_the_models_say_and_a_second_run_does_nothing(empty):
    assert migrations.prepare(empty) is True
    assert differences(empty) == []
    assert migrations.prepare(empty) is False


def test_every_change_of_the_models_is_in_a_migration():
    assert migrations.fingerprint(metadata) in migrations.FIRST.read_text(encoding="utf-8"), (
        "The models changed: before the first release, run python -m erp_app.kernel.migrations regenerate ADMIN_URL"
    )


def test_there_is_no_way_back_but_a_backup(empty):
    with pytest.raises(RuntimeError, match="restore a backup"):
        command.downgrade(migrations.config(roles.url_for(empty, roles.OWNER)), "base")
    assert differences(empty) == []


def test_a_schema_of_another_version_is_refused_in_one_sentence_and_left_as_it_is(empty):
    with psycopg.connect(empty) as conn:
        ours = conn.execute("UPDATE alembic_version SET version_num = '0001_of_elsewhere' RETURNING (SELECT version_num FROM alembic_version)").fetchone()
    with pytest.raises(Refused, match="0001_of_elsewhere") as refused:
        migrations.prepare(empty)
    assert refused.value.code == "ERP-1020"
    with psycopg.connect(empty) as conn:
        assert conn.execute("UPDATE alembic_version SET version_num = %s RETURNING true", ours).fetchone() == (True,)
    assert migrations.prepare(empty) is False
