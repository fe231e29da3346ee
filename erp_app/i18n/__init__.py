"""The words people read: English stands in the code, Indonesian in one catalogue that Python and the browser share."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parents[2] / "assets" / "erp" / "id.json"
LANGUAGES = {"en": "English", "id": "Bahasa Indonesia"}


@lru_cache(maxsize=1)
def catalogue() -> dict[str, str]:
    """Return the Indonesian text by English text."""
    found: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return found


def say(text: str, lang: str) -> str:
    """Return a text in a language; what the catalogue does not know stays English."""
    return catalogue().get(text, text) if lang == "id" else text
