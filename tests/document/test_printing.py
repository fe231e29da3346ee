"""Paper: whatever text people enter is printed as text, over as many pages as needed, without opening anything."""

from __future__ import annotations

import io
import sys
import time

import pytest
from pypdf import PdfReader

from erp_app.document.sheet import Column, Letterhead, Sheet, clean, figure
from erp_app.document.words import amount_in_words

HOSTILE = [
    "\u202eevil\u202c",
    "a\x00b",
    "<img src=x onerror=alert(1)>",
    "<img src='/etc/passwd'>",
    "javascript:alert(1)",
    "{nb}",
    "{satu:pages}",
    "x" * 5000,
    "**bold** __under__",
    "\u0645\u0631\u062d\u0628\u0627",
    "שלום",
    "👨‍👩‍👧",
    "😀",
    "漢字",
    "\ud800",
    "=1+1",
    "%s%n",
    "\\u0041",
    "]]>",
    "&lt;",
    "a\tb",
    "\u200b\u200d",
    "é" * 50,
    "\U0001d54f",
    "­soft",
    "\r\n\r\n",
    "../../etc/passwd",
    "file:///etc/passwd",
    "data:text/html,x",
    "İstanbul ǅ ﬀ",
]


def paper(text: str, rows: int = 2) -> bytes:
    sheet = Sheet(Letterhead(text[:200], (text[:200],)), "Invoice", text[:60], lang="en")
    sheet.facts([("Note", text)], [("Other", text[:100])])
    sheet.table([Column("a", "Item", 3), Column("b", "Amount", 1, right=True)], [{"a": text, "b": "1.000"} for _ in range(rows)], [("Total", "2.000")])
    sheet.paragraph(text)
    sheet.signatures(["Sender", "Receiver"])
    return sheet.content()


def read(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_printed_as_text(text):
    opened: list[str] = []
    watching = [True]

    def audit(event: str, args: tuple[object, ...]) -> None:
        if watching[0] and event == "open" and isinstance(args[0], str):
            opened.append(args[0])
        if watching[0] and event.startswith("socket.connect"):
            opened.append(event)

    sys.addaudithook(audit)
    started = time.monotonic()
    content = paper(text)
    watching[0] = False
    assert time.monotonic() - started < 10
    allowed = ("assets/fonts/", ".py", ".pyc", "zoneinfo", "id.json")
    assert [one for one in opened if not any(part in one for part in allowed)] == []
    if len(text) > 1000:
        assert read(content).count(text[0]) > 2 * len(text)  # in the facts and the paragraph, over pages
    elif text.isascii() and "\n" not in text:
        assert "".join(clean(text).split()) in "".join(read(content).split())


def test_letters_of_many_scripts_come_out_again():
    text = "Ünïcödé Ελληνικά Кириллица ≤ € \u2013 “x”"
    assert text in read(paper(text))


def test_a_long_table_goes_over_pages_with_its_head_and_page_numbers():
    started = time.monotonic()
    content = paper("Pipe 2 inch", rows=500)
    assert time.monotonic() - started < 10
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) > 8
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page.extract_text()
    assert all("Item" in page.extract_text() for page in pages[:-1])


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        ("1234567", "1.234.567", "1,234,567"),
        ("-1000.5", "-1.000,5", "-1,000.5"),
        ("0", "0", "0"),
        ("SO-1", "SO-1", "SO-1"),
        (None, "", ""),
        ("-", "-", "-"),
    ],
)
def test_figures_have_the_separators_of_the_language(value, indonesian, english):
    assert figure(value, "id") == indonesian
    assert figure(value, "en") == english


@pytest.mark.parametrize(
    ("amount", "indonesian", "english"),
    [
        (0, "Nol rupiah", "Zero rupiah"),
        (1000, "Seribu rupiah", "One thousand rupiah"),
        (1100, "Seribu seratus rupiah", "One thousand one hundred rupiah"),
        (
            10_744_800,
            "Sepuluh juta tujuh ratus empat puluh empat ribu delapan ratus rupiah",
            "Ten million seven hundred forty-four thousand eight hundred rupiah",
        ),
        (1_000_000, "Satu juta rupiah", "One million rupiah"),
        (111_011, "Seratus sebelas ribu sebelas rupiah", "One hundred eleven thousand eleven rupiah"),
        (-19, "Minus sembilan belas rupiah", "Minus nineteen rupiah"),
        (2_000_000_000_013, "Dua triliun tiga belas rupiah", "Two trillion thirteen rupiah"),
    ],
)
def test_amounts_in_words(amount, indonesian, english):
    assert amount_in_words(amount, "id") == indonesian
    assert amount_in_words(amount, "en") == english
