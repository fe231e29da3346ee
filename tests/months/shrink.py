"""From a month that fails to the shortest list of papers that still does."""

from __future__ import annotations

from collections.abc import Callable

from tests.months.papers import Paper, fits, without

TRIES = 120


def shrink(order: list[Paper], fails: Callable[[list[Paper]], str | None]) -> tuple[list[Paper], str]:
    """Take out ever smaller stretches of the order of entry as long as something still fails; return what is left, and how it fails."""
    told, tries, size = fails(order) or "", 0, max(1, len(order) // 2)
    while size and tries < TRIES:
        start, shorter = 0, False
        while start < len(order) and tries < TRIES:
            fewer = without(order, {one.name for one in order[start : start + size]})
            if fewer and _enterable(fewer):
                tries += 1
                if found := fails(fewer):
                    order, told, shorter = fewer, found, True
                    continue
            start += size
        if not shorter or size > 1:
            size = size // 2 if size > 1 else 0
    return order, told


def _enterable(order: list[Paper]) -> bool:
    return all(fits(order[:number]) for number in range(1, len(order) + 1))
