"""Words on screens: both languages are in the page, so that the switch needs no reload."""

from __future__ import annotations

import reflex as rx

from erp_app.i18n import catalogue
from erp_app.state.session import Session


def t(text: str) -> rx.Var[str] | str:
    """Return the text in the language the user has chosen now."""
    known = catalogue().get(text)
    if known is None or known == text:
        return text
    return rx.cond(Session.lang == "id", known, text)
