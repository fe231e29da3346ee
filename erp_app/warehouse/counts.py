"""Stock counts (opname): somebody counts blind, somebody else approves, posting books the difference."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Quantity, Ref, User
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.warehouse import count_service as service


class StockCount(Document, table=True):
    """A count of one place. What the books say is filled in at approval, never before: the count is blind."""

    place_id: int = Ref("places", required=True, label="Place")
    approved_by: int | None = User(label="Approved by", edit=False)


class StockCountLine(Line, table=True):
    """One item counted; `expected` and `difference` appear at approval."""

    __table_args__ = (CheckConstraint("counted >= 0", name="stock_count_line_not_negative"),)

    item_id: int = Ref("items", required=True, label="Item")
    counted: Decimal = Quantity(required=True, label="Counted")
    expected: Decimal | None = Quantity(label="Expected", edit=False)
    difference: Decimal | None = Quantity(label="Difference", edit=False)


STOCK_COUNTS = DocumentType(
    StockCount, label="Stock count", plural="stock-counts", number="CNT-{year}-{seq:05}",
    columns=["number", "effective_at", "place", "reference", "state"],
    search=["number", "reference", "note"], filters=["place", "state"], sort="-effective_at",
    lines=[Lines("lines", StockCountLine)],
    states=["draft", "approved", "posted", "reversed"],
    actions=[
        Action("recount", ("approved",), "draft", "approve", service.recount, implied=False),
        Action("approve", ("draft",), "approved", "approve", service.approve),
        Action("post", ("approved",), "posted", "post", service.post_count, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_count, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "staff:own", "warehouse", "finance", "finance_manager"],
        create=["manager", "warehouse"], edit=["manager", "warehouse"],
        approve=["manager", "finance_manager"], post=["manager", "warehouse", "finance_manager"], cancel=["manager", "finance_manager"],
        export=["manager", "finance_manager"],
    ),
    menu=Menu("Warehouse", icon="list-checks", order=30),
    on_save=service.check_count,
)
