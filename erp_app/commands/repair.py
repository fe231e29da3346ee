"""`./erp repair ITEM`: replay the whole history of one item and append what differs; all other items go on being posted."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from erp_app.kernel import clock
from erp_app.kernel.embedded import ServerError
from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "replay one item's costs from its beginning and append what differs"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("item", metavar="ITEM", help="code of the item")
    parser.add_argument("--tenant", metavar="CODE", help="needed when there is more than one company")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be appended")


def run(options: argparse.Namespace) -> int:
    """Repair, and tell how much differed."""
    started = clock.monotonic()
    with installation(options.data):
        import erp_app.domains  # noqa: F401 - the item is found through its document type
        from erp_app.catalog.items import ITEMS
        from erp_app.costing.recost import Request, recost
        from erp_app.document import service
        from erp_app.iam.service import find_tenant, tenants
        from erp_app.kernel.actor import system_actor
        from erp_app.kernel.uow import unit_of_work

        companies = tenants()
        if options.tenant is None and len(companies) != 1:
            raise ServerError(f"say which company with --tenant: {', '.join(one['code'] for one in companies) or 'there is none'}")
        tenant = find_tenant(options.tenant) if options.tenant else int(companies[0]["tenant_id"])
        with unit_of_work(system_actor(tenant, "cli"), dry_run=options.dry_run) as work:
            item = service.get_id(work, ITEMS, options.item)
            done = recost(work, lambda: Request({item: BEGINNING}, ()))
    sys.stdout.write(
        f"{options.item}: {done.moves:,} movements replayed, {done.pieces:,} cost pieces and {len(done.documents):,} documents "
        f"{'would differ' if options.dry_run else 'differed'}, {clock.monotonic() - started:.2f} s\n"
    )
    return 0
