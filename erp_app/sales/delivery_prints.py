"""The delivery note on paper: what travels with the goods, without prices, to be signed on the way."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain
from erp_app.document.printing import Column, Sheet, day, figure, letterhead
from erp_app.kernel.uow import Work
from erp_app.sales import repo


def delivery_note_pdf(work: Work, record: dict[str, Any]) -> bytes:
    """Return the PDF of a delivery note (given in API form): customer, vehicle, driver, items and quantities, places to sign."""
    lang = work.actor.lang
    order = chain.record(work, "sales-orders", record["refs"]["sales_order"]["id"])
    customer = chain.record(work, "customers", record["refs"]["customer"]["id"])
    sheet = Sheet(letterhead(work), "Delivery note", record["number"], lang=lang)
    sheet.facts(
        [("To", customer.name), ("Address", order.delivery_address or customer.address), ("City", customer.city), ("Phone", customer.phone)],
        [
            ("Date", day(record["effective_at"], lang)), ("Sales order", order.number), ("Your reference", order.reference), ("Vehicle", record["vehicle"]),
            ("Driver", record["driver"]), ("Packages", record["packages"]),
        ],
    )
    items = repo.item_facts(work, (line["refs"]["item"]["id"] for line in record["lines"]))
    rows = [
        {
            "no": line["line_no"], "code": line["item"], "name": items[line["refs"]["item"]["id"]]["name"],
            "quantity": figure(line["quantity"], lang), "unit": items[line["refs"]["item"]["id"]]["unit"],
        }
        for line in record["lines"]
    ]
    sheet.table(
        [Column("no", "No.", 0.5, right=True), Column("code", "Item", 1.6), Column("name", "Name", 4), Column("quantity", "Quantity", 1.2, right=True),
         Column("unit", "Unit", 0.9)],
        rows,
    )
    if record.get("note"):
        sheet.paragraph(record["note"])
    sheet.signatures(["Prepared by", "Driver", "Gate", "Received by"])
    return sheet.content()
