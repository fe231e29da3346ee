"""`./erp drill [FILE]`: prove that a backup can be restored, in a scratch database, while people work."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from erp_app.kernel import clock, safety
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import adopted, installation, passwords_of

if TYPE_CHECKING:
    import argparse

    from erp_app.kernel.datafolder import DataFolder

HELP = "restore the newest backup into a scratch database and prove it"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: the newest; one is made when there is none")


def run(options: argparse.Namespace) -> int:
    """Restore, compare with the manifest, run the integrity report, remove the scratch database. 1 when anything is violated."""
    from erp_app.commands import check
    from erp_app.kernel import backup, migrations, restore, roles

    started = clock.monotonic()
    with installation(options.data) as endpoints:
        file = options.file or newest(options.data) or _make(options.data, endpoints.admin_url)
        place = restore.Place(endpoints.admin_url)
        passwords = passwords_of(options.data, endpoints)
        scratch = f"{place.database}_drill_{os.getpid()}"
        with backup.opened(file) as (archive, manifest):
            restore.into_database(archive, manifest, place, scratch, passwords)
        try:
            url = place.url(scratch)
            migrations.upgrade(roles.url_for(url, roles.OWNER, passwords))
            urls = {variable: roles.url_for(url, role, passwords) for variable, role in _ROLES.items()}
            with adopted({"ERP_ADMIN_URL": url} | urls):
                good = check.report()
        finally:
            restore.drop(place, scratch)
    rows, seconds = sum(table.rows for table in manifest.tables.values()), clock.monotonic() - started
    safety.note(options.data.backups, safety.DRILL, file=file.name, backup_at=manifest.made_at, ok=good, rows=rows, seconds=round(seconds, 1))
    sys.stdout.write(
        f"{file}: backup of {manifest.made_at} restored; {len(manifest.tables)} tables, {rows:,} rows equal; "
        f"integrity {'clean' if good else 'VIOLATED'}; {seconds:.1f} s\n"
    )
    return 0 if good else 1


_ROLES = {"ERP_OWNER_URL": "erp_owner", "ERP_APP_URL": "erp_app", "ERP_RELAY_URL": "erp_relay"}


def newest(data: DataFolder) -> Path | None:
    """The newest backup in the data folder."""
    return max(data.backups.glob("*.backup"), key=lambda path: path.stat().st_mtime, default=None)


def _make(data: DataFolder, admin_url: str) -> Path:
    from erp_app.kernel import backup

    target = data.backups / f"satu-{clock.now():%Y%m%d-%H%M%S}.backup"
    backup.write(admin_url, data.files, target)
    if not target.exists():
        raise ServerError(f"the backup {target} was not written")
    return target
