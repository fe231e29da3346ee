"""`./erp backup [FILE]`: database and files into one file, while people work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from erp_app.kernel import clock, safety
from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "back up database and files into one file"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: backups/satu-<time>.backup in the data folder")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="then remove all but the N newest in the data folder")


def run(options: argparse.Namespace) -> int:
    """Write the backup."""
    from erp_app.kernel import backup

    started = clock.monotonic()
    target = (options.file or options.data.backups / f"satu-{clock.now():%Y%m%d-%H%M%S}.backup").absolute()
    with installation(options.data) as endpoints:
        manifest = backup.write(endpoints.admin_url, options.data.files, target)
    if options.keep > 0:
        for old in sorted(options.data.backups.glob("satu-*.backup"), reverse=True)[options.keep :]:
            old.unlink()
    rows, seconds = sum(table.rows for table in manifest.tables.values()), clock.monotonic() - started
    safety.note(options.data.backups, safety.BACKUP, file=target.name, bytes=target.stat().st_size, rows=rows, seconds=round(seconds, 1))
    sys.stdout.write(
        f"{target}: {target.stat().st_size:,} bytes, {len(manifest.tables)} tables, {rows:,} rows, "
        f"{len(manifest.entries) - 1} files, {seconds:.1f} s\n"
    )
    return 0
