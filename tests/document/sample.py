"""Two sample types with every kind of field, in tables of their own: what the engine's tests work on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import MetaData

from erp_app.document import registry
from erp_app.document.declare import Access, Action, Ask, DocumentType, Lines
from erp_app.document.fields import Choice, Day, Flag, Integer, LongText, Money, Percent, Price, Quantity, Ref, Refs, Str
from erp_app.document.models import Document, Line, Master
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import Refused
from erp_app.kernel.money import amount

SAMPLES = MetaData()
ALL = frozenset({"all"})


class SampleParty(Master, table=True):
    metadata: ClassVar[MetaData] = SAMPLES

    city: str | None = Str(max_length=40, label="City")
    kind: str = Choice("inside", "outside", default="outside", required=True, label="Kind")


class SampleOrder(Document, table=True):
    metadata: ClassVar[MetaData] = SAMPLES

    party_id: int = Ref("sample-parties", required=True, label="Party")
    store_id: int | None = Ref("sample-parties", label="Store", filter={"kind": "inside"})
    others: list[int] | None = Refs("sample-parties", label="Others")
    title: str | None = Str(max_length=60, label="Title")
    body: str | None = LongText(max_length=500, label="Body")
    priority: str = Choice("low", "high", default="low", required=True, label="Priority")
    due_on: date | None = Day(label="Due")
    pieces: int | None = Integer(label="Pieces")
    share: Decimal | None = Percent(label="Share")
    urgent: bool = Flag(label="Urgent")
    margin: int | None = Money(label="Margin", see="see_cost")
    total: int = Money(label="Total", default=0, required=True, edit=False)


class SampleOrderLine(Line, table=True):
    metadata: ClassVar[MetaData] = SAMPLES

    party_id: int = Ref("sample-parties", required=True, label="Party")
    quantity: Decimal = Quantity(required=True, label="Quantity")
    unit_price: Decimal | None = Price(label="Unit price", see="see_cost")
    taken: Decimal = Quantity(required=True, default=Decimal(0), edit=False, label="Taken")


def total(work, doc) -> None:
    from erp_app.document.service import lines_of

    lines = lines_of(work, SampleOrderLine, doc.id)
    if any(line.quantity <= 0 for line in lines):
        raise Refused("ERP-9001", f"Order {doc.number} has a line without quantity.")
    doc.total = sum(amount(line.quantity, line.unit_price or Decimal(0)) for line in lines)


def ship(work, doc, data: dict[str, Any]) -> dict[str, Any]:
    return {"shipped": doc.total, "by": data.get("vehicle")}


PARTIES = (
    "sample-parties",
    lambda: DocumentType(
        SampleParty,
        label="Party",
        label_plural="Parties",
        plural="sample-parties",
        columns=["code", "name", "city", "kind", "active"],
        search=["code", "name", "city"],
        filters=["city", "kind", "active"],
        access=Access(view=["staff"], create=["manager"], edit=["manager"]),
    ),
)
ORDERS = (
    "sample-orders",
    lambda: DocumentType(
        SampleOrder,
        label="Order",
        plural="sample-orders",
        number="SO-{year}-{seq:05}",
        columns=["number", "effective_at", "party", "title", "priority", "total", "margin", "state"],
        search=["number", "title", "party", "reference"],
        filters=["party", "priority", "due_on", "urgent", "state", "store", "pieces"],
        sort="-effective_at",
        lines=[Lines("lines", SampleOrderLine)],
        links=["others"],
        states=["draft", "approved", "sent", "closed", "cancelled"],
        on_save=total,
        actions=[
            Action("approve", ("draft",), "approved", "approve"),
            Action("send", ("approved",), "sent", "post", ship, form=(Ask("vehicle"), Ask("to", "ref", ref="sample-parties"))),
            Action("close", ("sent",), "closed", "edit"),
            Action("cancel", ("draft", "approved"), "cancelled", "cancel", implied=False, reason=True),
        ],
        access=Access(view=["staff:own"], create=["staff"], edit=["staff:own"], approve=["manager"], post=["manager"], cancel=["manager"]),
    ),
)


def register() -> tuple[DocumentType, DocumentType]:
    """Enter both into the registry; `unregister` takes them out again."""
    made = []
    for plural, make in (PARTIES, ORDERS):
        if plural not in _cache:
            _cache[plural] = make()  # enters the registry itself, and completes the table: only once
        registry._types[plural] = _cache[plural]
        made.append(_cache[plural])
    return made[0], made[1]


_cache: dict[str, DocumentType] = {}


def unregister() -> None:
    for plural in ("sample-parties", "sample-orders"):
        registry._types.pop(plural, None)


def person(tenant: int, user: int, name: str, grants: dict[tuple[str, str], frozenset[str]]) -> Actor:
    return Actor(tenant_id=tenant, user_id=user, username=name, roles=frozenset({name}), grants=grants, tz="Asia/Jakarta", via="api")


def manager(tenant: int = 1, user: int = 501) -> Actor:
    """All rights."""
    return person(tenant, user, "manager", {("*", "*"): ALL})


def clerk(tenant: int = 1, user: int = 502) -> Actor:
    """Sees and edits own orders, no costs, no approval."""
    own = frozenset({"own"})
    return person(
        tenant,
        user,
        "clerk",
        {
            ("sample-parties", "view"): ALL,
            ("sample-orders", "view"): own,
            ("sample-orders", "create"): ALL,
            ("sample-orders", "edit"): own,
        },
    )
