"""Credit exposure by customer: what stands in orders, deliveries and unpaid invoices, against the limit."""

from __future__ import annotations

from typing import Any, LiteralString

from erp_app.kernel.uow import Work
from erp_app.reports.margin import percent
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report

PARTS = ("orders", "delivered", "invoices", "receipts")
_EXPOSURE: LiteralString = (
    "SELECT c.code AS customer, c.name, g.code AS grade, coalesce(c.credit_limit, g.credit_limit) AS credit_limit,"
    " coalesce(sum(e.amount) FILTER (WHERE e.kind = 'order'), 0)::bigint AS orders,"
    " coalesce(sum(e.amount) FILTER (WHERE e.kind = 'delivered'), 0)::bigint AS delivered,"
    " coalesce(sum(e.amount) FILTER (WHERE e.kind = 'invoice'), 0)::bigint AS invoices,"
    " coalesce(sum(e.amount) FILTER (WHERE e.kind = 'receipt'), 0)::bigint AS receipts,"
    " (SELECT count(*) FROM sales_order o WHERE o.customer_id = c.id AND o.state = 'credit_hold') AS held"
    " FROM customer c LEFT JOIN customer_grade g ON g.id = c.grade_id LEFT JOIN credit_exposure e ON e.customer_id = c.id"
    " WHERE (%(customer)s::bigint IS NULL OR c.id = %(customer)s) AND c.active GROUP BY c.tenant_id, c.id, g.code, g.credit_limit ORDER BY c.code"
)


def run(work: Work, asked: Asked) -> Answer:
    """Return `rows` as of now: the parts of the exposure, their sum, the limit (null: none), the headroom and its use in percent."""
    rows: list[dict[str, Any]] = []
    for one in work.rows(_EXPOSURE, {"customer": asked.values.get("customer")}):
        exposure, limit = sum(one[part] for part in PARTS), one["credit_limit"]
        rows.append({
            "customer": one["customer"], "name": one["name"], "grade": one["grade"], **{part: str(one[part]) for part in PARTS}, "exposure": str(exposure),
            "credit_limit": None if limit is None else str(limit), "headroom": None if limit is None else str(limit - exposure),
            "used": percent(exposure, limit) if limit else "", "held": one["held"],
        })
    return {"rows": rows}


REPORT = Report(
    "credit-exposure", "Credit exposure", run,
    (
        Column("customer", "Customer"), Column("name", "Name"), Column("grade", "Grade"), Column("orders", "Open orders", "money"),
        Column("delivered", "Delivered, not invoiced", "money"), Column("invoices", "Unpaid invoices", "money"),
        Column("receipts", "Unallocated receipts", "money"), Column("exposure", "Exposure", "money"), Column("credit_limit", "Credit limit", "money"),
        Column("headroom", "Headroom", "money"), Column("used", "Used %", "percent"), Column("held", "Orders held", "integer"),
    ),
    view=("manager", "sales", "sales_manager", "finance", "finance_manager"), parameters=(Parameter("customer", "ref", "Customer", ref="customers"),),
    section="Sales", icon="gauge", dated=False,
)
