"""Goods receipts: goods came from a supplier; each line becomes a cost layer at the price of the order or of the receipt."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint

from erp_app.document.declare import SCREENS, Access, Action, DocumentType, Lines, Menu
from erp_app.document.fields import Integer, Money, Price, Quantity, Ref, Str
from erp_app.document.models import Document, Line
from erp_app.posting import effects
from erp_app.purchasing import receipt_service as service


class GoodsReceipt(Document, table=True):
    """A receipt into one warehouse, of an order or without one. Supplier and warehouse follow from the order when not given."""

    purchase_order_id: int | None = Ref("purchase-orders", label="Purchase order")
    supplier_id: int | None = Ref("suppliers", label="Supplier")
    warehouse_id: int | None = Ref("places", label="Warehouse", filter={"kind": ["warehouse", "quarantine"]})
    supplier_note: str | None = Str(max_length=60, label="Supplier's delivery note")
    vehicle: str | None = Str(max_length=20, label="Vehicle")
    total: int = Money(label="Value", default=0, required=True, edit=False, see="see_cost")


class GoodsReceiptLine(Line, table=True):
    """One item received; `billed` and `billed_value` are kept by the bills."""

    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price >= 0", name="goods_receipt_line_positive"),
        CheckConstraint("billed >= 0 AND billed <= quantity", name="goods_receipt_line_billed"),
    )

    item_id: int = Ref("items", required=True, label="Item")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal | None = Price(label="Unit price", see="see_cost")
    amount: int = Money(label="Amount", default=0, required=True, edit=False, see="see_cost")
    order_line: int | None = Integer(label="Order line")
    billed: Decimal = Quantity(label="Billed", default=Decimal(0), required=True, edit=False)
    billed_value: int = Money(label="Billed value", default=0, required=True, edit=False, see="see_cost")


GOODS_RECEIPTS = DocumentType(
    GoodsReceipt, label="Goods receipt", plural="goods-receipts", number="GR-{year}-{seq:05}",
    columns=["number", "effective_at", "supplier", "purchase_order", "warehouse", "total", "state"],
    search=["number", "reference", "supplier_note", "note"], filters=["supplier", "warehouse", "purchase_order", "state"], sort="-effective_at",
    lines=[Lines("lines", GoodsReceiptLine, required=False)],
    links=["purchase_order_id"],
    states=["draft", "posted", "billed", "reversed"],
    actions=[
        Action("post", ("draft",), "posted", "post", service.post_receipt, preview=effects.show),
        Action("reverse", ("posted",), "reversed", "cancel", service.reverse_receipt, implied=False, confirm=True, reason=SCREENS, preview=effects.show),
    ],
    access=Access(
        view=["manager", "staff:own", "warehouse", "purchasing", "purchasing_manager", "finance", "finance_manager", "gate"],
        create=["manager", "warehouse"], edit=["manager", "warehouse"], post=["manager", "warehouse"], cancel=["manager"],
        export=["manager", "purchasing_manager", "finance_manager"],
        see_cost=["manager", "purchasing", "purchasing_manager", "finance", "finance_manager"],
    ),
    menu=Menu("Purchasing", icon="package-plus", order=20),
    on_save=service.complete_receipt,
)
