"""`./erp restore FILE`: the company as it was in a backup, in an empty or in a running system."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import installation, passwords_of

if TYPE_CHECKING:
    import argparse

HELP = "restore a backup (the present data are kept aside once)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
    parser.add_argument("--previous", action="store_true", help="instead: take back what the last restore has put aside")


def run(options: argparse.Namespace) -> int:
    """Check the file, restore beside the present database, prove, migrate, swap."""
    from erp_app.kernel import backup, migrations, restore, roles

    if options.previous or options.file is None:
        return _previous(options)
    started = clock.monotonic()
    with installation(options.data, prepared=False) as endpoints, backup.opened(options.file) as (archive, manifest):
        passwords = passwords_of(options.data, endpoints)
        place = restore.Place(endpoints.admin_url)
        fresh = f"{place.database}_restore"
        restore.drop(place, fresh)
        restore.into_database(archive, manifest, place, fresh, passwords)
        migrations.upgrade(roles.url_for(place.url(fresh), roles.OWNER, passwords))
        kept = restore.put_in_place(place, fresh)
        restore.files_in_place(archive, options.data.files)
        restore.forget_memory(endpoints.redis_url)
    rows = sum(table.rows for table in manifest.tables.values())
    sys.stdout.write(
        f"Restored the backup of {manifest.made_at}: {rows:,} rows and {len(manifest.entries) - 1} files proved equal, "
        f"{clock.monotonic() - started:.1f} s.\n"
    )
    if kept:
        sys.stdout.write(f"What was there before is kept as database {kept} and folder files.before.\n")
    return 0


def _previous(options: argparse.Namespace) -> int:
    """Undo the last restore; what it had brought is put aside in turn."""
    from erp_app.kernel import restore

    if not options.previous or options.file is not None:
        raise ServerError("name the backup to restore, or say --previous")
    with installation(options.data) as endpoints:
        place = restore.Place(endpoints.admin_url)
        kept = restore.put_in_place(place, restore.previous(place))
        restore.files_back(options.data.files)
        restore.forget_memory(endpoints.redis_url)
    sys.stdout.write(f"Took back what the last restore had put aside; what was there is now database {kept}.\n")
    return 0
