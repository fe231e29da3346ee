"""Stock transfers: goods of ours go from one place to another, through transit while they are on the way."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field

from erp_app.document.declare import SCREENS, Access, Action, Ask, DocumentType, Lines, Menu
from erp_app.document.fields import Quantity, Ref, Str
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.warehouse import transfer_service as service


class StockTransfer(Document, table=True):
    """A transfer. Sending puts the goods in transit; receiving in the same step leaves nothing there."""

    __table_args__ = (CheckConstraint("from_id <> to_id", name="stock_transfer_places_differ"),)

    from_id: int = Ref("places", required=True, label="From")
    to_id: int = Ref("places", required=True, label="To")
    dated: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})  # somebody said when it happens
    vehicle: str | None = Str(max_length=20, label="Vehicle")
    driver: str | None = Str(max_length=80, label="Driver")


class StockTransferLine(Line, table=True):
    """One item moved."""

    __table_args__ = (CheckConstraint("quantity > 0", name="stock_transfer_line_positive"),)

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")


STOCK_TRANSFERS = DocumentType(
    StockTransfer, label="Stock transfer", plural="stock-transfers", number="TRF-{year}-{seq:05}",
    columns=["number", "effective_at", "from", "to", "reference", "state"],
    search=["number", "reference", "vehicle", "driver", "note"], filters=["from", "to", "state"], sort="-effective_at",
    lines=[Lines("lines", StockTransferLine)],
    states=["draft", "sent", "received", "reversed"],
    actions=[
        Action("send", ("draft",), "sent", "post", service.send, preview=effects.show),
        Action("receive", ("sent",), "received", "post", service.receive, form=(Ask("effective_at", "moment", "Received at"),), preview=effects.show),
        Action("reverse", ("sent", "received"), "reversed", "cancel", service.reverse, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "staff:own", "warehouse", "production", "finance", "finance_manager"],
        create=["manager", "warehouse"], edit=["manager", "warehouse"], post=["manager", "warehouse"], cancel=["manager"],
        export=["manager", "finance_manager"],
    ),
    menu=Menu("Warehouse", icon="arrow-left-right", order=20),
    check=service.differ, on_save=service.check_transfer,
)
