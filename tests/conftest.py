"""Real servers for every test: PostgreSQL and Valkey from the wheels, a fresh database for each test module."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as search
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from erp_app.domains import metadata
from erp_app.kernel import bus, db, migrations, roles, sqlfiles
from erp_app.kernel.config import settings
from erp_app.kernel.embedded import PostgresServer, ValkeyServer, start_postgres, start_valkey

TEMPLATE = "erp_template"
# The same examples in every run: a red run means a changed project, not other dice. ERP_TEST_SEARCH=1 looks for new ones.
search.register_profile("repeatable", derandomize=True)
search.register_profile("search", derandomize=False)
search.load_profile("search" if os.environ.get("ERP_TEST_SEARCH") else "repeatable")


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path: the sockets of the servers lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="erp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run."""
    server = start_postgres(server_folder / "pg")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(server_folder: Path) -> Iterator[ValkeyServer]:
    """One Valkey for the whole run."""
    server = start_valkey(server_folder / "kv")
    yield server
    server.stop()


def make_schema(admin_url: str) -> None:
    """Bring an empty database to the newest schema: by the migrations, as an installation does."""
    if migrations.FIRST.exists() and migrations.fingerprint(metadata) in migrations.FIRST.read_text():
        migrations.prepare(admin_url)
        return
    roles.ensure(admin_url)
    owner_url = roles.url_for(admin_url, roles.OWNER)
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("CREATE SEQUENCE IF NOT EXISTS record_id_seq")
    metadata.create_all(create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url), poolclass=NullPool))
    with psycopg.connect(owner_url) as conn:
        sqlfiles.apply(conn, "models")


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """The name of a database with the newest schema and no rows, to be copied in a tenth of a second."""
    with psycopg.connect(postgres.url_for("postgres", "postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {TEMPLATE}")
    make_schema(postgres.url_for(TEMPLATE, "postgres"))
    return TEMPLATE


@pytest.fixture(scope="module")
def admin_url(postgres: PostgresServer, valkey: ValkeyServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh database of this module, and the process configured for it; yields the superuser's URL."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url_for("postgres", "postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = postgres.url_for(name, "postgres")
    roles.ensure(url)
    changed = {
        "ERP_DATA": str(tmp_path_factory.mktemp("data")),
        "ERP_OWNER_URL": postgres.url_for(name, roles.OWNER),
        "ERP_APP_URL": postgres.url_for(name, roles.APP),
        "ERP_RELAY_URL": postgres.url_for(name, roles.RELAY),
        "ERP_ADMIN_URL": url,
        "ERP_REDIS_URL": valkey.url(),
        "ERP_POOL_SIZE": "36",
    }
    before = {key: os.environ.get(key) for key in changed}
    os.environ.update(changed)
    settings.cache_clear()
    bus.client.cache_clear()
    bus.client().flushall()
    yield url
    db.close_pools()
    bus.client.cache_clear()
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    settings.cache_clear()
    with psycopg.connect(postgres.url_for("postgres", "postgres"), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(admin_url: str) -> str:
    """The module's database; ask for it in every test that works on it."""
    return admin_url
