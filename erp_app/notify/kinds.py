"""The kinds of notifications and what they say. English here, Indonesian in the catalogue; `{names}` are filled from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from erp_app.i18n import say


@dataclass(frozen=True)
class Kind:
    """One kind: a line that says what happened, and one that says more (both templates), and its icon."""

    title: str
    body: str = ""
    icon: str = "bell"


KINDS = {
    "mention": Kind("{who} mentioned you on {number}", "{text}", "at-sign"),
    "comment": Kind("{who} commented on {number}", "{text}", "message-square"),
    "assigned": Kind("{number} was assigned to you", "{text}", "user-check"),
    "approval": Kind("{number} waits for your approval", "{label}", "stamp"),
    "costs_failed": Kind("The costs of {item} could not be recomputed", "{text}", "triangle-alert"),
    "import_finished": Kind("The import of {label} is finished", "{text}", "file-check"),
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def words(kind: str, data: Mapping[str, Any], lang: str) -> tuple[str, str, str]:
    """Return title, body and icon of a notification in a language."""
    one = KINDS.get(kind, Kind(kind))
    filled = _Blank(data)
    if "label" in filled:
        filled["label"] = say(str(filled["label"]), lang)
    return say(one.title, lang).format_map(filled), say(one.body, lang).format_map(filled), one.icon
