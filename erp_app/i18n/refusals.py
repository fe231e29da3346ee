"""Refusals and findings in the reader's language: the services speak English; each of their sentences stands in a catalogue by its code.

A sentence is found by its fixed words; what stands between them (numbers, codes, labels, a field's message) is carried over, and
translated itself where a catalogue knows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from erp_app.i18n import LANGUAGES, catalogue

CATALOGUE = Path(__file__).with_name("refusals.id.json")
FIELDS, PHRASES, FINDINGS = "field", "phrase", "finding"  # messages beside a field; parts of sentences; what a rule found
Sentences = list[tuple[re.Pattern[str], str]]


def detail(code: str, text: str, lang: str) -> str:
    """Return a refusal's sentence in a language; what the catalogue does not know stays English."""
    if lang != "id":
        return text
    return _said(code, text) or _said(FIELDS, text) or text


def messages(code: str, errors: Mapping[str, str], lang: str) -> dict[str, str]:
    """Return what stands beside fields in a language. A sentence of the refusal itself may stand there as well."""
    if lang != "id":
        return dict(errors)
    return {name: _said(FIELDS, text) or _said(code, text) or text for name, text in errors.items()}


def finding(text: str, lang: str) -> str:
    """Return what a rule found in a language; a finding is stored in English."""
    return text if lang != "id" else _said(FINDINGS, text) or text


def asked_language(header: str) -> str:
    """Return the language an Accept-Language header asks for, of those there are; empty when it asks for none of them."""
    ranked = []
    for place, one in enumerate(header[:200].split(",")):
        name, _, weight = one.strip().partition(";q=")
        lang = name.strip().lower().partition("-")[0]
        if lang in LANGUAGES:
            ranked.append((-_weight(weight), place, lang))
    return min(ranked)[2] if ranked else ""


@lru_cache(maxsize=1)
def sentences() -> dict[str, Sentences]:
    """Return by code every sentence as a pattern with its Indonesian, the most specific first."""
    raw: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {
        code: [(pattern(english), indonesian) for english, indonesian in sorted(texts.items(), key=_vagueness)]
        for code, texts in raw.items()
    }


def _vagueness(sentence: tuple[str, str]) -> tuple[int, int]:
    """Sort sentences with many fixed words first, and of those without any the ones with the fewest parts."""
    return -sum(one.isalpha() for one in sentence[0]), sentence[0].count("{}")


def pattern(template: str) -> re.Pattern[str]:
    """Return what a template with `{}` for anything matches."""
    return re.compile("(.*?)".join(re.escape(part) for part in template.split("{}")), re.DOTALL)


def _said(code: str, text: str) -> str | None:
    for shape, indonesian in sentences().get(code, ()):
        match = shape.fullmatch(text)
        if match:
            return indonesian.format(*(_part(one) for one in match.groups()))
    return None


def _part(text: str) -> str:
    known = catalogue().get(text) or catalogue().get(text[:1].upper() + text[1:])
    if known is not None:
        return known if text[:1].isupper() else known[:1].lower() + known[1:]
    label, _, number = text.rpartition(" ")  # "Sales order SO-2026-00012"
    if label in catalogue():
        return f"{catalogue()[label]} {number}"
    return _said(PHRASES, text) or _said(FIELDS, text) or text


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
