"""Delivery verifications (NC): the delivery note checked line by line; they fix what may be billed and where rejects go."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, text

from erp_app.document.declare import Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Quantity, Ref
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.sales import verification_service as service


class DeliveryVerification(Document, table=True):
    """The check of one delivery note. Each sent piece is accepted, damaged or short; extra ones came on top."""

    __table_args__ = (
        Index("delivery_verification_once", "tenant_id", "delivery_note_id", unique=True, postgresql_where=text("state = 'posted'")),
    )

    delivery_note_id: int = Ref("delivery-notes", required=True, label="Delivery note")
    customer_id: int | None = Ref("customers", label="Customer", edit=False)
    rejects_to_id: int | None = Ref("places", label="Rejects to", filter={"kind": ["quarantine", "warehouse"]})
    delivery_order_id: int | None = Ref("delivery-orders", label="Delivery order", edit=False)


class DeliveryVerificationLine(Line, table=True):
    """The result for one item: accepted + damaged + short = sent; extra pieces were found beyond the note and accepted."""

    __table_args__ = (
        CheckConstraint("accepted >= 0 AND damaged >= 0 AND short >= 0 AND extra >= 0", name="delivery_verification_line_not_negative"),
    )

    item_id: int = Ref("items", required=True, label="Item")
    sent: Decimal | None = Quantity(label="Sent", edit=False)
    accepted: Decimal | None = Quantity(label="Accepted")
    damaged: Decimal = Quantity(label="Damaged", default=Decimal(0), required=True)
    short: Decimal = Quantity(label="Short", default=Decimal(0), required=True)
    extra: Decimal = Quantity(label="Extra", default=Decimal(0), required=True)


DELIVERY_VERIFICATIONS = DocumentType(
    DeliveryVerification, label="Delivery verification", plural="delivery-verifications", number="NC-{year}-{seq:05}",
    columns=["number", "effective_at", "delivery_note", "customer", "delivery_order", "state"],
    search=["number", "reference", "note"], filters=["customer", "delivery_note", "state"], sort="-effective_at",
    lines=[Lines("lines", DeliveryVerificationLine, required=False)],
    links=["delivery_note_id"],
    initial="open", states=["open", "verified", "posted"], editable=["open"],
    actions=[
        Action("verify", ("open",), "verified", "edit"),
        Action("post", ("verified",), "posted", "post", service.post_verification, preview=effects.show),
    ],
    access=Access(
        view=["manager", "staff:own", "sales", "sales_manager", "warehouse", "finance", "finance_manager"],
        create=["manager", "sales", "sales_manager"], edit=["manager", "sales", "sales_manager"],
        approve=["manager", "sales_manager"], post=["manager", "sales", "sales_manager"],
        export=["manager", "sales_manager"], see_cost=["manager", "sales_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Sales", icon="clipboard-check", order=30),
    on_save=service.complete_verification,
)
