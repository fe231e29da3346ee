"""Anomaly rules as data: an administrator changes thresholds, tries a rule over the past, and switches it on or off."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.anomaly import service
from erp_app.anomaly.kinds import CODES
from erp_app.document.declare import Access, Action, Ask, DocumentType, Menu
from erp_app.document.fields import Choice, Flag, Integer, Percent
from erp_app.document.models import Master


class AnomalyRule(Master, table=True):
    """One rule: a kind of finding with the limits this company accepts."""

    __table_args__ = (CheckConstraint("hours >= 0 AND sla_hours > 0", name="anomaly_rule_times"),)

    kind: str = Choice(*CODES, required=True, label="Looks for")
    enabled: bool = Flag(default=True, label="Enabled")
    severity: str = Choice("low", "medium", "high", default="medium", required=True, label="Severity")
    hours: int = Integer(label="Hours allowed", default=0, required=True)
    threshold: Decimal | None = Percent(label="Threshold")
    sla_hours: int = Integer(label="Settle within hours", default=48, required=True)


ANOMALY_RULES = DocumentType(
    AnomalyRule, label="Anomaly rule", plural="anomaly-rules",
    columns=["code", "name", "kind", "severity", "hours", "threshold", "sla_hours", "enabled"],
    search=["code", "name"], filters=["kind", "severity", "enabled"], sort="code",
    actions=[
        Action("try", ("",), "", "view", service.try_rule, label="Try on the past", stores=False, implied=False,
               form=(Ask("days", "integer", "Days back"), Ask("hours", "integer", "Hours allowed"), Ask("threshold", "percent", "Threshold"))),
        Action("scan", ("",), "", "edit", service.scan_rule, label="Look now", stores=False, implied=False),
    ],
    access=Access(view=["manager", "finance_manager"], create=["finance_manager"], edit=["finance_manager"]),
    menu=Menu("Control", icon="shield-alert", order=20),
)
