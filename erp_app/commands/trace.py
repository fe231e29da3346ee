"""`./erp trace KEY`: everything known of a document's number or id, a request id or an idempotency key."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "tell everything known of a document, a request or an idempotency key"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("key", metavar="KEY", help="number or id of a document, request id, or idempotency key")


def run(options: argparse.Namespace) -> int:
    """Print one JSON line for each fact, of every company that knows the key. 1 when none does."""
    found = 0
    with installation(options.data):
        from erp_app.iam.service import tenants
        from erp_app.kernel.actor import system_actor
        from erp_app.kernel.uow import unit_of_work
        from erp_app.reports.trace import trace

        for tenant in tenants():
            with unit_of_work(system_actor(int(tenant["tenant_id"]), "cli"), dry_run=True) as work:
                answer = trace(work, options.key)
            for kind, rows in answer.items():
                for row in rows:
                    found += 1
                    sys.stdout.write(json.dumps({"company": tenant["code"], "kind": kind} | row, default=str, ensure_ascii=False) + "\n")
    if not found:
        sys.stderr.write(f"erp: nothing is known of {options.key!r}\n")
    return 0 if found else 1
