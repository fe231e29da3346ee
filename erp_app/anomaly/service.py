"""Looking for anomalies: try a rule over the past, store what is found, give it an owner, settle it with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from erp_app.anomaly import detect, repo
from erp_app.anomaly.kinds import KINDS
from erp_app.document import registry, service
from erp_app.kernel.errors import Invalid
from erp_app.kernel.uow import Work

TRY_DAYS, MAX_TRY_DAYS = 90, 730
LOOK_BACK = timedelta(days=7)  # a scan looks again over a week: commits may come late, and what is known is not found twice
SHOWN = 50


def install(work: Work) -> None:
    """Give a new company one rule of every kind."""
    rules = registry.get("anomaly-rules")
    for kind in KINDS:
        if work.value("SELECT 1 FROM anomaly_rule WHERE code = %s", (kind.code,)) is None:
            service.create(work, rules, {
                "code": kind.code, "name": kind.label, "kind": kind.code, "severity": kind.severity, "hours": kind.hours,
                "threshold": None if kind.threshold is None else str(kind.threshold), "sla_hours": kind.sla_hours,
            }, internal=True)


def try_rule(work: Work, rule: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Tell what the rule would have found in the last days (90 unless said), with its own limits or with others, and store nothing.

    Raises:
        Invalid: ERP-5001 for a number of days outside 1 to 730.
    """
    days = int(data.get("days") or TRY_DAYS)
    if not 1 <= days <= MAX_TRY_DAYS:
        raise Invalid("ERP-5001", f"Look back between 1 and {MAX_TRY_DAYS} days.", errors={"days": f"1 to {MAX_TRY_DAYS}"})
    hours = rule.hours if data.get("hours") is None else max(0, int(data["hours"]))
    threshold = data.get("threshold") or rule.threshold
    rows = detect.find(work, rule.kind, since=work.now - timedelta(days=days), hours=hours, threshold=threshold)
    records = repo.records(work, [row["record_id"] for row in rows[:SHOWN] if row["record_id"]])
    return {"found": len(rows), "days": days, "examples": [_shown(row, records.get(row["record_id"])) for row in rows[:SHOWN]]}


def scan_rule(work: Work, rule: Any, _data: dict[str, Any]) -> dict[str, Any]:
    """Store what the rule finds now and did not find before."""
    return {"stored": _store(work, rule, _found(work, rule, LOOK_BACK))}


def scan(work: Work) -> int:
    """Run every enabled rule of the tenant; return how many new findings there are."""
    rules = work.rows("SELECT id FROM anomaly_rule WHERE enabled AND active ORDER BY code")
    dt = registry.get("anomaly-rules")
    return sum(scan_rule(work, service.load(work, dt, row["id"]), {})["stored"] for row in rules)


def about(work: Work, record: int | None) -> dict[str, Any] | None:
    """Return what a finding is about, as a reference (id, type, number, label); None when it is about no record."""
    found = repo.records(work, [record]).get(record) if record else None
    return {**found, "label": found["number"]} if found else None


def assign(_work: Work, anomaly: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Give the finding an owner."""
    anomaly.assignee_id = data["assignee_id"]
    return {}


def settle(_work: Work, anomaly: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Keep why it is settled."""
    anomaly.reason = data["reason"]
    return {}


def _found(work: Work, rule: Any, back: timedelta) -> list[dict[str, Any]]:
    return detect.find(work, rule.kind, since=work.now - back, hours=rule.hours, threshold=rule.threshold)


def _store(work: Work, rule: Any, rows: list[dict[str, Any]]) -> int:
    known = {row["key"] for row in work.rows("SELECT key FROM anomaly WHERE key = ANY(%s)", ([row["key"] for row in rows],))}
    numbers = {key: row["number"] for key, row in repo.records(work, [row["record_id"] for row in rows if row["record_id"]]).items()}
    new = [row for row in rows if row["key"] not in known]
    for row in new:
        service.create(work, registry.get("anomalies"), {
            "key": row["key"], "title": row["title"], "kind": rule.kind, "severity": rule.severity, "rule": rule.id, "record_id": row["record_id"],
            "document_number": numbers.get(row["record_id"]), "item": row["item_id"], "detail": row["detail"], "amount": row["amount"],
            "happened_at": row["happened_at"].isoformat(), "due_at": (work.now + timedelta(hours=rule.sla_hours)).isoformat(),
        }, internal=True)
    return len(new)


def _shown(row: dict[str, Any], record: dict[str, Any] | None) -> dict[str, Any]:
    return {**row, "happened_at": row["happened_at"].isoformat(), "number": record["number"] if record else "", "type": record["type"] if record else ""}
