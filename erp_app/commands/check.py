"""`./erp check`: the integrity report of every company: each invariant of the ledgers, proved now, with the rows that were looked at."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from erp_app.kernel import clock
from erp_app.kernel.installation import installation

if TYPE_CHECKING:
    import argparse

HELP = "prove every invariant of the ledgers; exit code 1 when one is violated"


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Prove, and say so."""
    with installation(options.data):
        good = report()
    return 0 if good else 1


def report() -> bool:
    """Print the integrity report of every company of the installation this process works on; False when anything is violated."""
    import erp_app.domains  # noqa: F401 - what is proved belongs to the document types
    from erp_app.iam.service import tenants
    from erp_app.kernel.actor import system_actor
    from erp_app.kernel.uow import unit_of_work
    from erp_app.reports.integrity import prove

    good = True
    for tenant in tenants():
        started = clock.monotonic()
        with unit_of_work(system_actor(int(tenant["tenant_id"]), "cli"), dry_run=True) as work:
            answer = prove(work)
        rows = 0
        for check in answer["checks"]:
            rows += check["rows_checked"]
            verdict = f"VIOLATED {check['violations']} times" if check["violations"] else "ok"
            sys.stdout.write(f"{tenant['code']:<12} {check['name']:<48} {check['rows_checked']:>12,} rows  {verdict}\n")
        good = good and bool(answer["ok"])
        verdict = "clean" if answer["ok"] else "VIOLATED"
        sys.stdout.write(f"{tenant['code']:<12} {len(answer['checks'])} checks, {rows:,} rows, {clock.monotonic() - started:.2f} s: {verdict}\n")
    return good
