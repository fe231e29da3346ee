"""Part of `./erp up`: schema and demo company, in the environment `up` hands over."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psycopg

from erp_app.kernel import db, migrations
from erp_app.kernel.config import settings
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import ROLE_NAMES, one_at_a_time

if TYPE_CHECKING:
    import argparse

HELP = "part of ./erp up"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do besides migrating."""
    parser.add_argument("--demo", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Migrate, then load the demo company unless it is there."""
    own_server = bool(os.environ.get("ERP_OWN_DATABASE"))
    passwords = options.data.role_passwords(ROLE_NAMES) if own_server else None
    try:
        with one_at_a_time(os.environ["ERP_ADMIN_URL"]):
            changed = migrations.prepare(os.environ["ERP_ADMIN_URL"], passwords)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServerError(f"its role has too few rights ({error.diag.message_primary}); docs/runbook.md says which it needs") from error
    except (psycopg.ProgrammingError, psycopg.IntegrityError, psycopg.InternalError) as error:
        raise ServerError(str(error.diag.message_primary or error).splitlines()[0]) from error
    sys.stdout.write("Database migrated\n" if changed else "Database is up to date\n")
    sys.stdout.flush()
    settings().secret_key()  # made here, before several processes would want to make it
    if options.demo:
        from erp_app import demo

        loaded = demo.load()
        sys.stdout.write("Demo company loaded\n" if loaded else "Demo company is there\n")
    db.close_pools()
    return 0
