"""Alembic's entry: runs migrations online, as the owner role, one transaction for all."""

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from alembic import context
from erp_app.domains import metadata

url = context.config.attributes["owner_url"]
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
