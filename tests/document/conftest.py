"""The sample types in the module's database."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from erp_app.kernel import roles, sqlfiles
from tests.document import sample


def add_tables(admin_url: str) -> None:
    """Create the sample tables with all guards, as a migration would."""
    owner = roles.url_for(admin_url, roles.OWNER)
    sample.SAMPLES.create_all(create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(owner), poolclass=NullPool))
    with psycopg.connect(owner) as conn:
        sqlfiles.apply(conn, "with samples")


@pytest.fixture(scope="module")
def samples(admin_url):
    """Both declarations, registered while the module runs: (parties, orders)."""
    types = sample.register()
    add_tables(admin_url)
    yield types
    sample.unregister()
