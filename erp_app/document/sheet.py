"""A printed sheet: letterhead, title, facts, a table that goes over pages, totals, amount in words, signatures, page x of y.

Built on fpdf2 cell by cell; no HTML is ever interpreted, so text stays text. Hostile characters (controls, direction overrides)
are left out, letters the font lacks are printed as empty boxes.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from erp_app.i18n import say

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
FAMILY = "DejaVu"
MAX_ROWS, MAX_TEXT = 2000, 6000
WIDTH, MARGIN, FOOT = 210, 15, 15
_PAGES = "{satu:pages}"


@dataclass(frozen=True)
class Letterhead:
    """Who writes: name in bold, lines of address below, a picture (PNG or JPEG bytes) at the right."""

    name: str = ""
    lines: tuple[str, ...] = ()
    logo: bytes | None = None
    colour: str = "#1f4e79"


@dataclass(frozen=True)
class Column:
    """A column of a table: `share` is its part of the width, figures stand at the right."""

    key: str
    label: str
    share: float = 1.0
    right: bool = False


class Sheet:
    """One document on paper; call the parts in the order they stand, then `content()`.

    Args:
        head: the letterhead.
        title: what it is (`Delivery note`), translated here.
        number: its number.
        lang: language of labels, `id` or `en`.
        copy: a mark beside the title, such as `Copy 2`.
    """

    def __init__(self, head: Letterhead, title: str, number: str, *, lang: str = "id", copy: str = "") -> None:
        self.lang = lang
        self._pdf = _Paper(head, f"{say(title, lang)} {number}".strip(), say("Page", lang), say("of", lang))
        self._pdf.add_page()
        self._heading(say(title, lang), number, copy)

    def facts(self, left: Sequence[tuple[str, Any]], right: Sequence[tuple[str, Any]] = ()) -> None:
        """Print two blocks of label and value beside each other; labels are translated, empty values left out."""
        pdf, half = self._pdf, (WIDTH - 2 * MARGIN) / 2
        top, ends = pdf.get_y(), []
        for place, rows in enumerate((left, right)):
            pdf.set_y(top)
            x = MARGIN + place * half
            for label, value in rows:
                if value not in (None, ""):
                    self._fact(x, half - 4, say(label, self.lang), clean(value))
            ends.append(pdf.get_y())
        pdf.set_y(max(ends) + 3)

    def table(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], totals: Sequence[tuple[str, Any]] = ()) -> None:
        """Print a table; its head stands on every page. Totals follow at the right, the last one in bold."""
        widths = _widths(columns)
        self._table_head(columns, widths)
        for row in rows[:MAX_ROWS]:
            self._row(columns, widths, [clean(row.get(one.key)) for one in columns])
        pdf = self._pdf
        for number, (label, value) in enumerate(totals, 1):
            self._room(6)
            pdf.set_font(FAMILY, "B" if number == len(totals) else "", 9)
            pdf.set_x(WIDTH - MARGIN - 90)
            pdf.cell(50, 6, say(label, self.lang), border="B")
            pdf.cell(40, 6, clean(value), border="B", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(3)

    def paragraph(self, text: Any, *, bold: bool = False, size: int = 9) -> None:
        """Print running text."""
        pdf = self._pdf
        pdf.set_font(FAMILY, "B" if bold else "", size)
        pdf.multi_cell(0, size * 0.55, clean(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        pdf.ln(1)

    def signatures(self, names: Sequence[str]) -> None:
        """Print places to sign, side by side, kept together on a page."""
        if not names:
            return
        pdf, width = self._pdf, (WIDTH - 2 * MARGIN) / len(names)
        self._room(34)
        pdf.ln(4)
        top = pdf.get_y()
        pdf.set_font(FAMILY, "", 9)
        for place, name in enumerate(names):
            pdf.set_xy(MARGIN + place * width, top)
            pdf.cell(width, 5, say(clean(name), self.lang), align="C")
            pdf.line(MARGIN + place * width + 8, top + 26, MARGIN + (place + 1) * width - 8, top + 26)
        pdf.set_xy(MARGIN, top + 30)

    def content(self) -> bytes:
        """Return the finished PDF."""
        return bytes(self._pdf.output())

    def _heading(self, title: str, number: str, copy: str) -> None:
        pdf = self._pdf
        pdf.set_font(FAMILY, "B", 15)
        pdf.cell(0, 8, clean(title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_font(FAMILY, "", 10)
        pdf.cell(90, 5, clean(number))
        pdf.cell(0, 5, clean(copy), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(3)

    def _fact(self, x: float, width: float, label: str, value: str) -> None:
        pdf = self._pdf
        y = pdf.get_y()
        pdf.set_font(FAMILY, "", 8)
        pdf.set_text_color(110)
        pdf.set_xy(x, y)
        pdf.multi_cell(30, 4.6, label, align="L", new_x=XPos.RIGHT, new_y=YPos.NEXT)
        low = pdf.get_y()
        pdf.set_text_color(0)
        pdf.set_font(FAMILY, "", 9)
        pdf.set_xy(x + 30, y)
        pdf.multi_cell(width - 30, 4.6, value, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)
        pdf.set_y(max(low, pdf.get_y()) if pdf.get_y() >= y else pdf.get_y())

    def _table_head(self, columns: Sequence[Column], widths: Sequence[float]) -> None:
        pdf = self._pdf
        self._room(14)
        pdf.set_font(FAMILY, "B", 8)
        pdf.set_fill_color(238)
        for one, width in zip(columns, widths, strict=True):
            pdf.cell(width, 6, clean(say(one.label, self.lang)), align="R" if one.right else "L", fill=True)
        pdf.ln(6)

    def _row(self, columns: Sequence[Column], widths: Sequence[float], texts: list[str]) -> None:
        """Print one row; a text longer than its column goes over several lines, a row longer than a page is cut."""
        pdf = self._pdf
        pdf.set_font(FAMILY, "", 8.5)
        cells: list[list[str]] = []
        for width, text in zip(widths, texts, strict=True):
            fits = "\n" not in text and pdf.get_string_width(text) < width - 2
            broken: Any = [text] if fits else pdf.multi_cell(width, 4.4, text, dry_run=True, output=MethodReturnValue.LINES)
            cells.append(list(broken)[:50])
        height = 4.4 * max(len(lines) for lines in cells) + 1.2
        if pdf.will_page_break(height):
            pdf.add_page()
            self._table_head(columns, widths)
            pdf.set_font(FAMILY, "", 8.5)
        top, x = pdf.get_y(), float(MARGIN)
        for one, width, lines in zip(columns, widths, cells, strict=True):
            for number, line in enumerate(lines):
                pdf.set_xy(x, top + 0.6 + number * 4.4)
                pdf.cell(width, 4.4, line, align="R" if one.right else "L")
            x += width
        pdf.set_draw_color(225)
        pdf.line(MARGIN, top + height, WIDTH - MARGIN, top + height)
        pdf.set_draw_color(0)
        pdf.set_xy(MARGIN, top + height)

    def _room(self, height: float) -> None:
        if self._pdf.will_page_break(height):
            self._pdf.add_page()


class _Paper(FPDF):
    """The page: letterhead above, number and page below."""

    def __init__(self, head: Letterhead, footer: str, page: str, of: str) -> None:
        super().__init__(format="A4")
        self._head, self._foot, self._page, self._of = head, clean(footer), page, of
        self.add_font(FAMILY, "", FONTS / "DejaVuSansCondensed.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSansCondensed-Bold.ttf")
        self.set_fallback_fonts([FAMILY], exact_match=False)
        self.alias_nb_pages(_PAGES)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, FOOT + 5)
        self.set_title(clean(footer))
        self.set_producer("Satu ERP")
        self.c_margin = 1

    def header(self) -> None:
        """Print the letterhead on the first page, only the name on the others."""
        first = self.page_no() == 1
        self.set_font(FAMILY, "B", 12 if first else 8)
        self.set_text_color(*_rgb(self._head.colour))
        self.cell(0, 6 if first else 4, clean(self._head.name), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)
        self.set_font(FAMILY, "", 8)
        for line in self._head.lines if first else ():
            self.multi_cell(120, 4, clean(line), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if first and self._head.logo:
            self.image(io.BytesIO(self._head.logo), x=WIDTH - MARGIN - 40, y=MARGIN - 2, w=40, h=18, keep_aspect_ratio=True)
            self.set_y(max(self.get_y(), MARGIN + 18))
        self.set_draw_color(*_rgb(self._head.colour))
        self.line(MARGIN, self.get_y() + 1, WIDTH - MARGIN, self.get_y() + 1)
        self.set_draw_color(0)
        self.set_y(self.get_y() + 5)

    def footer(self) -> None:
        """Print what it is and page x of y."""
        self.set_y(-FOOT)
        self.set_font(FAMILY, "", 7.5)
        self.set_text_color(110)
        self.cell(WIDTH - 2 * MARGIN - 26, 5, self._foot[:90])
        self.cell(0, 5, f"{self._page} {self.page_no()} {self._of} {_PAGES}")  # not at the right: the width of the total is not known yet
        self.set_text_color(0)


def clean(value: Any) -> str:
    """Return text that is safe to print: no controls or direction overrides, tabs as blanks, at most 6,000 characters."""
    text = "" if value is None else str(value)
    kept = (c if c == "\n" else " " if c == "\t" else c for c in text[:MAX_TEXT] if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept).replace(_PAGES, "")


def figure(value: Any, lang: str = "id") -> str:
    """Return a number with the language's separators: `1.234.567,5` in Indonesian, `1,234,567.5` in English. Other text stays."""
    text = "" if value is None else str(value)
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = digits.partition(".")
    if not whole.isdigit() or not (part.isdigit() or not part):
        return text
    grouped = f"{int(whole):,}"
    result = sign + grouped + (f".{part}" if part else "")
    return result.translate(str.maketrans(",.", ".,")) if lang == "id" else result


def day(value: Any, lang: str = "id") -> str:
    """Return an ISO date (or moment) as people write it: `31-01-2026` in Indonesian, `2026-01-31` in English. Nothing stays nothing."""
    text = "" if value is None else str(value)[:10]
    return "-".join(reversed(text.split("-"))) if lang == "id" else text


def _widths(columns: Sequence[Column]) -> list[float]:
    total = sum(one.share for one in columns) or 1
    return [(WIDTH - 2 * MARGIN) * one.share / total for one in columns]


def _rgb(colour: str) -> tuple[int, int, int]:
    try:
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    except (ValueError, TypeError, IndexError):
        return 31, 78, 121
