"""Where a browser may be sent after logging in: only to a page of this application."""

from __future__ import annotations

import re

from erp_app.iam import page_access

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9_./\-]{0,300}")


def checked(wanted: str) -> str:
    """Return the path when it lies within a known page, otherwise the home page; another site can never be a page."""
    if not _PATH.fullmatch(wanted) or ".." in wanted:
        return "/"
    known = frozenset(page.path for page in page_access.every())
    return wanted if page_access.may_open(known, wanted) else "/"
