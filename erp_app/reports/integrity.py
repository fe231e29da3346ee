"""Integrity: every invariant of the ledgers, proved now, with the rows that were looked at and the time it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erp_app.kernel import clock
from erp_app.reports.integrity_checks import CHECKS

if TYPE_CHECKING:
    from erp_app.kernel.uow import Work


def prove(work: Work) -> dict[str, Any]:
    """Prove everything for the tenant of the unit of work.

    Returns:
        {"ok": bool, "checks": [{"name", "rows_checked", "violations", "seconds", "offenders": [first few, as facts by name]}]}
    """
    work.flush()
    # Whole tables are compared with whole tables; without statistics of a young table the planner would think of loops.
    work.conn.execute("SELECT set_config('work_mem', '24MB', true), set_config('enable_nestloop', 'off', true)")
    checks = []
    for check in CHECKS:
        started = clock.monotonic()
        found = work.conn.execute(check.query, {"tenant": work.actor.tenant_id}).fetchone()
        assert found is not None  # noqa: S101 - an aggregate has one row
        rows, violations, offenders = found
        checks.append(
            {"name": check.name, "rows_checked": rows, "violations": violations, "seconds": round(clock.monotonic() - started, 3), "offenders": offenders},
        )
    work.conn.execute("SELECT set_config('work_mem', '8MB', true), set_config('enable_nestloop', 'on', true)")
    return {"ok": not any(check["violations"] for check in checks), "checks": checks}


def prove_and_note(work: Work) -> dict[str, Any]:
    """Prove everything and keep what came out, in the audit trail; returns what `prove` returns."""
    found = prove(work)
    checks = found["checks"]
    totals = {"checks": len(checks), "rows": sum(one["rows_checked"] for one in checks), "violations": sum(one["violations"] for one in checks)}
    work.audit("integrity.proved", resource="integrity", after=totals)
    work.emit("integrity.proved", totals, topics=["integrity"])
    return found
