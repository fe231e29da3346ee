"""Where a browser may be sent after logging in: only to a page of this application."""

from __future__ import annotations

import re

from reflex_base.registry import RegistrationContext

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9_./\-]{0,300}")


def checked(wanted: str) -> str:
    """Return the path when it is a registered page, otherwise the home page; another site can never be a page."""
    if not _PATH.fullmatch(wanted) or ".." in wanted:
        return "/"
    try:
        known = RegistrationContext.get().app.router(wanted)
    except (LookupError, RuntimeError):
        return "/"
    return wanted if known and known != "404" else "/"
