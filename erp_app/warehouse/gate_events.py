"""Gate events: a vehicle came in or went out; each is matched to the receipt or delivery note it belongs to, or explained."""

from __future__ import annotations

from sqlalchemy import Index

from erp_app.document.declare import Access, Action, Ask, DocumentType, Menu
from erp_app.document.fields import Choice, Ref, Str
from erp_app.document.models import Document
from erp_app.warehouse import gate_service as service


class GateEvent(Document, table=True):
    """One passage of the gate."""

    __table_args__ = (
        Index("gate_event_delivery_note", "tenant_id", "delivery_note_id"),
        Index("gate_event_goods_receipt", "tenant_id", "goods_receipt_id"),
    )

    direction: str = Choice("in", "out", default="in", required=True, label="Direction")
    plate: str = Str(max_length=20, required=True, label="Plate")
    driver: str | None = Str(max_length=80, label="Driver")
    paper: str | None = Str(max_length=80, label="Paper number")
    delivery_note_id: int | None = Ref("delivery-notes", label="Delivery note")
    goods_receipt_id: int | None = Ref("goods-receipts", label="Goods receipt")


GATE_EVENTS = DocumentType(
    GateEvent, label="Gate event", plural="gate-events", number="GATE-{year}{month}-{seq:05}",
    columns=["number", "effective_at", "direction", "plate", "driver", "delivery_note", "goods_receipt", "state"],
    search=["number", "plate", "driver", "paper"], filters=["direction", "state"], sort="-effective_at",
    links=["delivery_note_id", "goods_receipt_id"],
    initial="open", editable=["open", "unmatched"], states=["open", "matched", "unmatched", "explained"],
    actions=[
        Action("match", ("open", "unmatched"), "matched", "edit", service.match,
               form=(Ask("delivery_note", "ref", "Delivery note", ref="delivery-notes"), Ask("goods_receipt", "ref", "Goods receipt", ref="goods-receipts")),
               implied=False),
        Action("unmatch", ("open",), "unmatched", "edit", label="No paper found", implied=False),
        Action("explain", ("open", "unmatched"), "explained", "approve", implied=False, reason=True),
    ],
    access=Access(
        view=["manager", "warehouse", "gate", "sales", "purchasing"], create=["gate", "warehouse", "manager"], edit=["gate", "warehouse", "manager"],
        approve=["manager"],
    ),
    menu=Menu("Warehouse", icon="door-open", order=60),
    on_save=service.complete,
)
