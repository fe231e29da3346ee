"""Everything a web process serves beside the screens, in the order a request passes it: measured, shielded, then the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import FastAPI

from erp_app.api import brand, login, mapping, metrics, nothing, queues_mount, system
from erp_app.api.app import make
from erp_app.api.metrics import Measured
from erp_app.api.screens import screens
from erp_app.api.shield import Shield


@lru_cache(maxsize=1)
def api() -> FastAPI:
    """Return the API with login pages, operations, what screens fetch, and the dashboard of the queues."""
    made = make(login.router, system.router, metrics.router, brand.router, mapping.router)
    made.mount("/api/screen", screens)
    made.mount(queues_mount.PATH, queues_mount.QueuesMount())
    nothing.close(made)
    return made


def transformers() -> list[Any]:
    """Return what Reflex puts around its own application, innermost first."""
    layers: list[Callable[..., Any] | FastAPI] = [api(), Shield, Measured]
    return layers


def bare() -> Measured:
    """Return the API alone, without screens: for a server of programs only, and for tests."""
    return Measured(Shield(api()))
