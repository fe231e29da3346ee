"""Identifiers that programs and browsers make before they submit, so that a repeated submission is recognised."""

from __future__ import annotations

import secrets
import time
import uuid


def new_key() -> str:
    """Return a time-ordered unique key (UUID version 7 layout) for idempotency keys and request ids."""
    millis = time.time_ns() // 1_000_000
    value = (millis & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
