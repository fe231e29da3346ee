"""Structured logs: one JSON line an event, with the request id, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from erp_app.kernel.config import settings

_SECRET = re.compile(r"pass(word|wd)?|secret|token|cookie|authorization|api_?key", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cover what a secret's name stands beside, and passwords in addresses, at whatever depth."""
    return {key: _covered("" if key == "event" else key, value) for key, value in event.items()}


def _covered(name: str, value: Any) -> Any:
    if _SECRET.search(name):
        return "***"
    if isinstance(value, str):
        return _URL_PASSWORD.sub(r"\1:***@", value)
    if isinstance(value, Mapping):
        return {key: _covered(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_covered("", one) for one in value]
    return value


def configure() -> None:
    """Set up logging for this process; called once by every entry point."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info, _redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings().log_level.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def logger(name: str) -> Any:
    """Return a logger whose lines carry the part's name."""
    return structlog.get_logger(part=name)
