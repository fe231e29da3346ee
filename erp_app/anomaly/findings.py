"""Findings: one document for each thing a rule found, with owner, status, reason and due time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from erp_app.anomaly import repair, service
from erp_app.document.declare import Access, Action, Ask, DocumentType, Menu
from erp_app.document.fields import Choice, Integer, LongText, Moment, Money, Ref, Str, User
from erp_app.document.models import Document


class Anomaly(Document, table=True):
    """One finding. `key` names what was found, so that the same thing is found once."""

    __tablename__ = "anomaly"
    __table_args__ = (Index("anomaly_key", "tenant_id", "key", unique=True),)

    key: str = Str(max_length=120, required=True, edit=False)
    title: str = Str(max_length=200, required=True, edit=False, label="Finding")
    kind: str = Str(max_length=40, required=True, edit=False, label="Kind")
    severity: str = Choice("low", "medium", "high", default="medium", required=True, label="Severity")
    rule_id: int | None = Ref("anomaly-rules", label="Rule", edit=False)
    record_id: int | None = Integer(label="Record")
    document_number: str | None = Str(max_length=80, label="Document", edit=False)
    item_id: int | None = Ref("items", label="Item", edit=False)
    detail: str | None = LongText(max_length=2000, label="Detail")
    amount: int | None = Money(label="Value touched", see="see_cost", edit=False)
    happened_at: datetime | None = Moment(label="Happened", edit=False)
    due_at: datetime | None = Moment(label="Settle by", edit=False)
    assignee_id: int | None = User(label="Owner")
    reason: str | None = LongText(max_length=1000, label="Reason")


ANOMALIES = DocumentType(
    Anomaly, label="Anomaly", plural="anomalies", label_plural="Anomalies", number="AN-{year}-{seq:05}",
    columns=["number", "severity", "title", "document_number", "item", "amount", "assignee", "due_at", "state"],
    told=["title", "detail", "reason"],
    search=["number", "title", "detail", "document_number"], filters=["kind", "severity", "assignee", "item", "due_at", "state"], sort="-effective_at",
    title="title", initial="open", states=["open", "explained", "fixed", "ignored"], editable=["open"], creatable=False,
    actions=[
        Action("assign", ("open",), "open", "edit", service.assign, form=(Ask("assignee", "user", "Owner", required=True, ref="users"),), implied=False),
        Action("explain", ("open",), "explained", "edit", service.settle, implied=False, reason=True),
        Action("repair", ("open",), "fixed", "approve", repair.repair, label="Repair this item", implied=False, reason=True, preview=repair.show,
               visible=lambda row: row.get("item_id") is not None),
        Action("fix", ("open",), "fixed", "edit", service.settle, label="Mark as fixed", implied=False, reason=True),
        Action("ignore", ("open",), "ignored", "approve", service.settle, implied=False, reason=True),
        Action("reopen", ("explained", "fixed", "ignored"), "open", "approve", implied=False, reason=True),
    ],
    access=Access(
        view=["manager", "finance", "finance_manager", "warehouse", "purchasing_manager", "sales_manager"],
        edit=["manager", "finance", "finance_manager", "warehouse"], approve=["manager", "finance_manager"],
        export=["manager", "finance_manager"],
    ),
    menu=Menu("Control", icon="triangle-alert", order=10),
)
