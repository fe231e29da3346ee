"""The audit dashboard: what was found and is still open, whether it is settled in time, what was corrected lately, whether the ledger proves."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.document.declare import Access
from erp_app.iam import resources
from erp_app.kernel.access import may
from erp_app.kernel.uow import Work

RESOURCE = resources.declare(
    "audit-board", "Audit dashboard", "Control", Access(view=("manager", "finance", "finance_manager"), export=(), see_cost=()),
)
WEEKS, RECENT = 8, 12
_OPEN: LiteralString = (
    "SELECT coalesce(sum(n), 0)::int AS open, coalesce(sum(late), 0)::int AS overdue, coalesce(sum(n) FILTER (WHERE severity = 'high'), 0)::int AS high,"
    " coalesce(sum(nobodys), 0)::int AS unassigned, sum(amount)::bigint AS amount FROM grouped"
)
_GROUPED: LiteralString = (
    "WITH grouped AS (SELECT severity, kind, assignee_id, count(*)::int AS n, count(*) FILTER (WHERE due_at < now())::int AS late,"
    " count(*) FILTER (WHERE assignee_id IS NULL)::int AS nobodys, sum(amount) AS amount FROM anomaly WHERE state = 'open' GROUP BY 1, 2, 3) "
)
_BY_SEVERITY: LiteralString = (
    "SELECT severity AS key, sum(n)::int AS value, sum(late)::int AS part FROM grouped GROUP BY severity"
    " ORDER BY array_position(ARRAY['high', 'medium', 'low'], severity::text)"
)
_BY_RULE: LiteralString = "SELECT kind AS key, sum(n)::int AS value, sum(late)::int AS part FROM grouped GROUP BY 1 ORDER BY 2 DESC, 1"
_BY_OWNER: LiteralString = (
    "SELECT coalesce(u.code, '') AS key, g.assignee_id, sum(g.n)::int AS value, sum(g.late)::int AS part FROM grouped g"
    " LEFT JOIN user_account u ON u.id = g.assignee_id GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 8"
)
# A finding is settled when it was last changed; what was reopened counts as open.
_SETTLED: LiteralString = (
    "SELECT count(*)::int AS settled, count(*) FILTER (WHERE updated_at <= due_at)::int AS in_time,"
    " round(avg(extract(epoch FROM updated_at - created_at)) / 3600)::int AS hours FROM anomaly"
    " WHERE state IN ('explained', 'fixed', 'ignored') AND updated_at > now() - interval '30 days'"
)
_WEEKS: LiteralString = (
    "SELECT w.week::date AS week, (SELECT count(*) FROM anomaly a WHERE a.created_at >= w.week AND a.created_at < w.week + interval '7 days')::int AS found,"
    " (SELECT count(*) FROM anomaly a WHERE a.state IN ('explained', 'fixed', 'ignored') AND a.updated_at >= w.week"
    "   AND a.updated_at < w.week + interval '7 days')::int AS settled"
    " FROM generate_series(date_trunc('week', now()) - %(weeks)s * interval '7 days', date_trunc('week', now()), interval '7 days') AS w(week) ORDER BY 1"
)
_CORRECTIONS: LiteralString = (
    "SELECT e.id, e.date, e.recorded_at, r.id AS document_id, r.type, r.number, c.id AS cause_id, c.type AS cause_type, c.number AS cause,"
    " (SELECT sum(l.debit)::bigint FROM journal_line l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) AS amount"
    " FROM journal_entry e JOIN record_ref r ON r.id = e.document_id LEFT JOIN record_ref c ON c.id = e.cause_document_id"
    " WHERE e.kind = 'correction' ORDER BY e.id DESC LIMIT %(recent)s"
)
_REPAIRS: LiteralString = (
    "SELECT q.id, q.done_at, q.progress, i.code AS item, i.id AS item_id, r.id AS cause_id, r.type AS cause_type, r.number AS cause FROM stock_fix_queue q"
    " JOIN item i ON i.id = q.item_id LEFT JOIN record_ref r ON r.id = q.cause_document_id WHERE q.state = 'done' ORDER BY q.id DESC LIMIT 6"
)
_PROOF: LiteralString = "SELECT at, after FROM audit_event WHERE action = 'integrity.proved' ORDER BY id DESC LIMIT 1"


def figures(work: Work) -> dict[str, Any]:
    """Return what the dashboard shows, over the whole company.

    Returns:
        `open` (figures), `severity`, `rules`, `owners`, `weeks`, `settled`; and for those who may see what they are made of
        `proof`, `corrections`, `repairs`.
    """
    found: dict[str, Any] = {
        "open": work.row(_GROUPED + _OPEN), "severity": work.rows(_GROUPED + _BY_SEVERITY), "rules": work.rows(_GROUPED + _BY_RULE),
        "owners": work.rows(_GROUPED + _BY_OWNER), "weeks": work.rows(_WEEKS, {"weeks": WEEKS - 1}), "settled": work.row(_SETTLED),
    }
    if not may(work.actor, "anomalies", "see_cost"):
        found["open"]["amount"] = None
    if may(work.actor, "integrity", "view"):
        found["proof"] = work.row(_PROOF)
    if may(work.actor, "report-document-journals", "view"):
        found["corrections"] = work.rows(_CORRECTIONS, {"recent": RECENT})
    if may(work.actor, "cost-queues", "view"):
        found["repairs"] = work.rows(_REPAIRS)
    return found
