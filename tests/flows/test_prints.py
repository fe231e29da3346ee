"""What is printed: the delivery note without prices, the invoice with tax base, VAT and words, pages numbered."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from erp_app.document import registry
from erp_app.document.printing import document_pdf
from erp_app.kernel.uow import unit_of_work
from tests.flows.test_selling import CUSTOMER, ordered, sent, shop, verified

__all__ = ["shop"]


def printed(firm, plural, ref):
    """The text of each page."""
    with unit_of_work(firm.actor()) as work:
        name, content = document_pdf(work, registry.get(plural), ref)
    assert name.endswith(".pdf")
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


@pytest.fixture
def delivery(shop):
    """An order of 90 delivered and verified."""
    note = sent(shop, ordered(shop, 90), 90)
    check = verified(shop, note)
    return note, shop.act("delivery-orders", check["delivery_order"], "post")


def test_the_delivery_note_names_driver_and_goods_but_no_price(shop, delivery):
    text = "\n".join(printed(shop, "delivery-notes", delivery[0]["id"]))
    for expected in (delivery[0]["number"], CUSTOMER, "Udin", "B 1234 XYZ", "FG", "90"):
        assert expected in text
    assert "110" not in text
    assert "9.900.000" not in text


def test_the_invoice_shows_base_tax_total_and_words(shop, delivery):
    invoice = shop.post("sales-invoices", delivery_orders=[delivery[1]["id"]])
    text = " ".join("\n".join(printed(shop, "sales-invoices", invoice["id"])).split())
    for expected in (invoice["number"], "9.075.000", "1.089.000", "10.989.000", "PPN 11/12 x 12%"):
        assert expected in text or expected.replace(".", ",") in text
    assert "epuluh juta sembilan ratus delapan puluh sembilan ribu rupiah" in text or "nine hundred eighty nine thousand" in text


def test_a_long_invoice_goes_over_pages_that_say_how_many(shop):
    lines = [{"description": f"Service {n}", "quantity": 1, "unit_price": 1000 + n} for n in range(120)]
    made = shop.create("sales-invoices", customer=CUSTOMER, lines=lines)
    pages = printed(shop, "sales-invoices", made["id"])
    assert len(pages) > 2
    assert any(f"1 {word} {len(pages)}" in " ".join(pages[0].split()) for word in ("of", "dari"))
    assert "Service 119" in pages[-2] + pages[-1]
