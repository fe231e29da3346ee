"""How each kind of anomaly is found: one read-only query a kind, with the same columns, over what was recorded since a moment.

Columns: key (names the finding), record_id, item_id, happened_at, title, detail, amount (value touched, minor units).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

from erp_app.anomaly import repo
from erp_app.kernel.uow import Work

LIMIT = 500  # findings of one rule in one look; the next look brings the rest

LATE_INPUT: LiteralString = """
SELECT 'late_input:' || m.document_id AS key, m.document_id AS record_id, min(m.item_id) AS item_id, min(m.effective_at) AS happened_at,
  'Recorded ' || CASE WHEN max(m.recorded_at) - min(m.effective_at) > interval '96 hours'
    THEN extract(day FROM max(m.recorded_at) - min(m.effective_at)) || ' days'
    ELSE round(extract(epoch FROM max(m.recorded_at) - min(m.effective_at)) / 3600) || ' hours' END || ' after it happened' AS title,
  'Effective ' || to_char(min(m.effective_at) AT TIME ZONE %(zone)s, 'YYYY-MM-DD') || ', recorded '
    || to_char(max(m.recorded_at) AT TIME ZONE %(zone)s, 'YYYY-MM-DD') || '.' AS detail,
  (SELECT coalesce(sum(p.value), 0) FROM cost_piece p JOIN stock_move x ON x.tenant_id = p.tenant_id AND x.id = p.move_id
    WHERE x.document_id = m.document_id AND p.document_id = m.document_id)::bigint AS amount
FROM stock_move m
WHERE m.recorded_at >= %(since)s AND m.recorded_at - m.effective_at > make_interval(hours => %(hours)s)
GROUP BY m.document_id
"""

NEGATIVE_ATTEMPT: LiteralString = """
SELECT 'negative_attempt:' || e.id AS key, d.id AS record_id, i.id AS item_id, e.at AS happened_at,
  'Refused: more than there is' AS title, e.username || ': ' || coalesce(e.reason, '') AS detail, NULL::bigint AS amount
FROM audit_event e
LEFT JOIN item i ON i.code = e.after ->> 'item'
LEFT JOIN LATERAL (SELECT r.id FROM record_ref r WHERE r.number = e.after ->> 'document' ORDER BY r.id DESC LIMIT 1) d ON true
WHERE e.action = 'ledger.refused' AND e.at >= %(since)s AND e.after ->> 'code' = ANY(%(short_codes)s)
"""

MISSING_GATE: LiteralString = """
SELECT 'missing_gate:' || d.id AS key, d.id AS record_id, NULL::bigint AS item_id, d.effective_at AS happened_at,
  d.what || ' without a gate event' AS title, 'No vehicle was recorded at the gate for ' || d.number || '.' AS detail, NULL::bigint AS amount
FROM (
  SELECT id, number, effective_at, created_at, 'Delivery note' AS what FROM delivery_note WHERE state IN ('posted', 'verified', 'closed')
  UNION ALL SELECT id, number, effective_at, created_at, 'Goods receipt' FROM goods_receipt WHERE state IN ('posted', 'billed')
) d
WHERE d.created_at >= %(since)s AND d.effective_at < %(now)s - make_interval(hours => %(hours)s)
  AND NOT EXISTS (SELECT 1 FROM gate_event g WHERE g.state <> 'deleted' AND (g.delivery_note_id = d.id OR g.goods_receipt_id = d.id))
"""

PRICE_JUMP: LiteralString = """
SELECT 'price_jump:' || r.id || ':' || l.line_no AS key, r.id AS record_id, l.item_id, r.effective_at AS happened_at,
  'Price ' || CASE WHEN l.unit_price > b.unit_price THEN 'up ' ELSE 'down ' END
    || round(abs(l.unit_price - b.unit_price) * 100 / b.unit_price) || ' %%' AS title,
  'Was ' || trim_scale(b.unit_price) || ', now ' || trim_scale(l.unit_price) || '.' AS detail, l.amount AS amount
FROM goods_receipt r JOIN goods_receipt_line l ON l.tenant_id = r.tenant_id AND l.document_id = r.id
CROSS JOIN LATERAL (
  SELECT x.unit_price FROM goods_receipt_line x JOIN goods_receipt y ON y.tenant_id = x.tenant_id AND y.id = x.document_id
  WHERE x.item_id = l.item_id AND y.state IN ('posted', 'billed') AND (y.effective_at, y.id) < (r.effective_at, r.id)
  ORDER BY y.effective_at DESC, y.id DESC LIMIT 1) b
WHERE r.state IN ('posted', 'billed') AND r.updated_at >= %(since)s AND b.unit_price > 0
  AND abs(l.unit_price - b.unit_price) * 100 > b.unit_price * %(threshold)s
"""

ZERO_COST: LiteralString = """
SELECT 'zero_cost:' || m.id AS key, m.document_id AS record_id, m.item_id, m.effective_at AS happened_at,
  'Goods entered without any cost' AS title, trim_scale(m.quantity / 10000.0) || ' entered at a value of 0.' AS detail, 0::bigint AS amount
FROM stock_move m WHERE m.value = 0 AND m.recorded_at >= %(since)s
"""

QUANTITY_OUTLIER: LiteralString = """
SELECT 'quantity_outlier:' || m.id AS key, m.document_id AS record_id, m.item_id, m.effective_at AS happened_at,
  'Quantity ' || round(m.quantity / u.usual) || ' times what is usual' AS title,
  'This movement: ' || trim_scale(m.quantity / 10000.0) || '; usual: ' || trim_scale(round(u.usual / 10000.0, 2)) || '.' AS detail, NULL::bigint AS amount
FROM stock_move m
CROSS JOIN LATERAL (
  SELECT avg(q.quantity) AS usual, count(*) AS n FROM (
    SELECT x.quantity FROM stock_move x WHERE x.item_id = m.item_id AND x.from_place_id = m.from_place_id AND x.from_lot = 0 AND m.from_lot = 0
      AND (x.effective_at, x.id) < (m.effective_at, m.id) ORDER BY x.effective_at DESC, x.id DESC LIMIT 50) q) u
WHERE m.recorded_at >= %(since)s AND u.n >= 10 AND m.quantity * 100 > u.usual * %(threshold)s
"""

RECEIPT_WITHOUT_BILL: LiteralString = """
SELECT 'receipt_without_bill:' || r.id AS key, r.id AS record_id, NULL::bigint AS item_id, r.effective_at AS happened_at,
  'Received ' || extract(day FROM %(now)s - r.effective_at) || ' days ago, not billed' AS title,
  r.number || ' stands in goods received not billed.' AS detail,
  (SELECT sum(l.amount - l.billed_value) FROM goods_receipt_line l WHERE l.tenant_id = r.tenant_id AND l.document_id = r.id)::bigint AS amount
FROM goods_receipt r
WHERE r.state = 'posted' AND r.effective_at < %(now)s - make_interval(hours => %(hours)s) AND r.effective_at >= %(since)s - make_interval(hours => %(hours)s)
"""

DELIVERY_WITHOUT_VERIFICATION: LiteralString = """
SELECT 'delivery_without_verification:' || n.id AS key, n.id AS record_id, NULL::bigint AS item_id, n.effective_at AS happened_at,
  'Delivered ' || extract(day FROM %(now)s - n.effective_at) || ' days ago, not verified' AS title,
  n.number || ' cannot be billed before it is verified.' AS detail,
  (SELECT coalesce(sum(p.value), 0) FROM cost_piece p JOIN stock_move x ON x.tenant_id = p.tenant_id AND x.id = p.move_id
    WHERE x.document_id = n.id AND p.document_id = n.id)::bigint AS amount
FROM delivery_note n
WHERE n.state = 'posted' AND n.effective_at < %(now)s - make_interval(hours => %(hours)s) AND n.effective_at >= %(since)s - make_interval(hours => %(hours)s)
"""

DUPLICATE_BILL: LiteralString = """
SELECT 'duplicate_bill:' || a.id || ':' || b.id AS key, b.id AS record_id, NULL::bigint AS item_id, b.effective_at AS happened_at,
  'Looks like ' || a.number AS title,
  'Same supplier and amount within ' || %(hours)s / 24 || ' days: ' || coalesce(a.supplier_number, a.number) || ' and '
    || coalesce(b.supplier_number, b.number) || '.' AS detail, b.total AS amount
FROM supplier_bill b JOIN supplier_bill a ON a.tenant_id = b.tenant_id AND a.supplier_id = b.supplier_id AND a.total = b.total AND a.id < b.id
WHERE b.state IN ('posted', 'part_paid', 'paid') AND a.state IN ('posted', 'part_paid', 'paid') AND b.updated_at >= %(since)s
  AND abs(extract(epoch FROM b.effective_at - a.effective_at)) <= %(hours)s * 3600
"""

QUERIES: dict[str, LiteralString] = {
    "late_input": LATE_INPUT, "negative_attempt": NEGATIVE_ATTEMPT, "missing_gate": MISSING_GATE, "price_jump": PRICE_JUMP,
    "zero_cost": ZERO_COST, "quantity_outlier": QUANTITY_OUTLIER, "receipt_without_bill": RECEIPT_WITHOUT_BILL,
    "delivery_without_verification": DELIVERY_WITHOUT_VERIFICATION, "duplicate_bill": DUPLICATE_BILL,
}
SHORT_CODES = ["ERP-1201", "ERP-1220"]


def find(work: Work, kind: str, *, since: datetime, hours: int, threshold: Decimal | None) -> list[dict[str, Any]]:
    """Return what a rule of this kind finds, newest first, at most 500.

    Args:
        since: only what was recorded (or fell due) after it.
        hours: what the rule allows.
        threshold: percent, where the kind has one.
    """
    if kind == "integrity":
        return _integrity(work)
    params = {"since": since, "now": work.now, "hours": hours, "threshold": threshold or Decimal(0), "short_codes": SHORT_CODES, "zone": work.actor.tz}
    rows = work.rows(QUERIES[kind], params)
    rows.sort(key=lambda row: row["happened_at"], reverse=True)
    return rows[:LIMIT]


def _integrity(work: Work) -> list[dict[str, Any]]:
    """Every check of the integrity report that is violated is one finding a day for each item it is about (or one, when about none)."""
    from erp_app.reports.integrity import prove_and_note  # noqa: PLC0415 - heavy, and only this kind needs it

    day = work.now.date().isoformat()
    found = []
    for check in prove_and_note(work)["checks"]:
        for item, offenders in repo.items_of(work, check["offenders"]).items() if check["violations"] else ():
            found.append({
                "key": f"integrity:{check['name']}:{item or ''}:{day}"[:120], "record_id": repo.record_of(work, offenders[0].get("document")), "item_id": item,
                "happened_at": work.now, "title": f"The ledger does not prove: {check['name']}",
                "detail": f"{check['violations']} of {check['rows_checked']} rows. First: {_said(offenders[0])}."[:2000], "amount": None,
            })
    return found


def _said(offender: dict[str, Any]) -> str:
    """Write what breaks an invariant as words: `layer 5, taken 100.0, document TRF-2026-00001`."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in offender.items() if value is not None)
