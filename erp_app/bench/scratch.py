"""Servers of their own for a measurement: in a temporary folder, with the newest schema, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from erp_app.kernel import bus, db, migrations, roles
from erp_app.kernel.config import settings
from erp_app.kernel.embedded import start_postgres, start_valkey


@contextmanager
def scratch() -> Iterator[str]:
    """Start PostgreSQL and Valkey, point this process at them, and yield the superuser's URL."""
    folder = Path(tempfile.mkdtemp(prefix="erpbench"))
    folder.chmod(0o755)
    postgres = start_postgres(folder / "pg")
    try:
        valkey = start_valkey(folder / "kv")
        try:
            url = postgres.url_for("postgres", "postgres")
            migrations.prepare(url)
            os.environ.update(
                {
                    "ERP_DATA": str(folder / "data"),
                    "ERP_ADMIN_URL": url,
                    "ERP_OWNER_URL": roles.url_for(url, roles.OWNER),
                    "ERP_APP_URL": roles.url_for(url, roles.APP),
                    "ERP_RELAY_URL": roles.url_for(url, roles.RELAY),
                    "ERP_REDIS_URL": valkey.url(0),
                }
            )
            settings.cache_clear()
            bus.client.cache_clear()
            yield url
        finally:
            db.close_pools()
            valkey.stop()
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
