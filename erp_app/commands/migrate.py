"""`./erp migrate`: bring the database to the schema of this version; nothing is done when it is there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from erp_app.kernel import migrations
from erp_app.kernel.installation import installation, passwords_of

if TYPE_CHECKING:
    import argparse

HELP = "bring the database to this version's schema"


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Migrate the running or the stopped installation."""
    with installation(options.data, prepared=False) as endpoints:
        changed = migrations.prepare(os.environ["ERP_ADMIN_URL"], passwords_of(options.data, endpoints))
    sys.stdout.write("The database was migrated.\n" if changed else "The database is up to date.\n")
    return 0
