"""Landed costs: freight, duty and the like, spread over what was received, wherever those goods are by now (rule C4)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Choice, Money, Ref, Refs
from erp_app.document.models import Document, Line
from erp_app.purchasing import landed_cost_service as service


class LandedCost(Document, table=True):
    """One amount for one or more receipts; `shares` is given with the method `manual` and filled in by the others."""

    __table_args__ = (CheckConstraint("amount > 0", name="landed_cost_positive"),)

    supplier_id: int = Ref("suppliers", required=True, label="Supplier")
    method: str = Choice("quantity", "value", "weight", "manual", default="quantity", required=True, label="Spread by")
    amount: int = Money(required=True, label="Amount", see="see_cost")
    receipts: list[int] | None = Refs("goods-receipts", label="Receipts")


class LandedCostShare(Line, table=True):
    """What one receipt bears of the amount."""

    __table_args__ = (CheckConstraint("amount >= 0", name="landed_cost_share_not_negative"),)

    receipt_id: int = Ref("goods-receipts", required=True, label="Receipt")
    amount: int = Money(required=True, label="Amount", see="see_cost")


LANDED_COSTS = DocumentType(
    LandedCost, label="Landed cost", plural="landed-costs", number="LC-{year}-{seq:05}",
    columns=["number", "effective_at", "supplier", "method", "amount", "reference", "state"],
    search=["number", "reference", "note"], filters=["supplier", "method", "state"], sort="-effective_at",
    lines=[Lines("shares", LandedCostShare, label="Shares", required=False)],
    links=["receipts"],
    states=["draft", "posted", "billed", "reversed"],
    actions=[
        Action("post", ("draft",), "posted", "post", service.post_landed_cost, preview=service.show_effects),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_landed_cost, implied=False, confirm=True, reason=SCREENS,
               preview=service.show_effects),
    ],
    access=Access(
        view=["manager", "purchasing", "purchasing_manager", "finance", "finance_manager"], create=["finance", "finance_manager"],
        edit=["finance", "finance_manager"], post=["finance", "finance_manager"], cancel=["finance_manager"],
        export=["manager", "purchasing_manager", "finance_manager"],
        see_cost=["manager", "purchasing", "purchasing_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Purchasing", icon="ship", order=40),
    check=service.check_landed_cost, on_save=service.spread,
)
