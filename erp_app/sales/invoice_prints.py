"""The invoice on paper: letterhead, lines, tax base and VAT as the law wants them shown, amount in words."""

from __future__ import annotations

from typing import Any

from erp_app.document import chain
from erp_app.document.printing import Column, Sheet, amount_in_words, day, figure, letterhead
from erp_app.document.words import LIMIT
from erp_app.i18n import say
from erp_app.kernel.uow import Work
from erp_app.sales import repo


def invoice_pdf(work: Work, record: dict[str, Any]) -> bytes:
    """Return the PDF of an invoice (given in API form)."""
    lang = work.actor.lang
    customer = chain.record(work, "customers", record["refs"]["customer"]["id"])
    sheet = Sheet(letterhead(work), "Invoice", record["number"], lang=lang)
    sheet.facts(
        [("To", customer.name), ("Address", customer.address), ("City", customer.city), ("NPWP", customer.tax_number)],
        [
            ("Date", day(record["effective_at"], lang)),
            ("Due on", day(record["due_on"], lang)), ("Tax invoice number", record["tax_invoice"]),
            ("Delivery orders", ", ".join(record["delivery_orders"])), ("Your reference", record["reference"]),
        ],
    )
    sheet.table(
        [
            Column("no", "No.", 0.5, right=True),
            Column("what", "Description", 4), Column("quantity", "Quantity", 1.1, right=True), Column("unit", "Unit", 0.8),
            Column("price", "Unit price", 1.5, right=True), Column("amount", "Amount", 1.6, right=True),
        ],
        _rows(work, record, lang), _totals(record, lang),
    )
    if abs(int(record["total"])) < LIMIT:
        sheet.paragraph(f"{say('In words', lang)}: {amount_in_words(int(record['total']), lang)}", bold=True)
    company = chain.record(work, "companies", work.actor.tenant_id)
    if company.bank:
        sheet.paragraph(f"{say('Please pay to', lang)}: {company.bank}")
    if record.get("note"):
        sheet.paragraph(record["note"])
    sheet.signatures(["Received by", company.signatory or "Finance"])
    return sheet.content()


def _rows(work: Work, record: dict[str, Any], lang: str) -> list[dict[str, Any]]:
    ids = {line["line_no"]: line.get("refs", {}).get("item", {}).get("id", 0) for line in record["lines"]}
    items = repo.item_facts(work, ids.values())
    rows = []
    for line in record["lines"]:
        item = items.get(ids[line["line_no"]], {})
        name = " ".join(text for text in (line["item"], item.get("name") if item.get("name") != line["item"] else "", line["description"]) if text)
        rows.append({
            "no": line["line_no"], "what": name, "quantity": figure(line["quantity"], lang), "unit": item.get("unit", ""),
            "price": figure(line["unit_price"], lang), "amount": figure(line["amount"], lang),
        })
    return rows


def _totals(record: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return net, tax base, VAT with the name of its rule, and total; without tax only the total."""
    totals = [("Net", figure(record["net"], lang))]
    if record["tax_rule"]:
        totals += [("Tax base (DPP)", figure(record["tax_base"], lang)), (record["tax_rule"], figure(record["vat"], lang))]
    return [*totals, ("Total", figure(record["total"], lang))]
