"""Is it alive, is it ready, what waits: for load balancers, operators and their programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from erp_app.api import control
from erp_app.api.auth import Caller, public, requires
from erp_app.api.keyed import Key, keyed
from erp_app.kernel.delivery import revive
from erp_app.kernel.uow import Work
from erp_app.reports import operations

router = APIRouter(tags=["system"])
router.include_router(control.router)


@router.get("/healthz")
@public("says only that the process answers")
def healthz() -> dict[str, bool]:
    """Return that this process answers; nothing else is asked."""
    return {"ok": True}


@router.get("/readyz")
@public("says only which parts are there")
def readyz(response: Response) -> dict[str, Any]:
    """Return whether database, Redis, relay and workers are there; 503 when the database or Redis is not.

    Without relay or workers the screens still serve; what waits is done when they are back.
    """
    parts = operations.readiness()
    ready = parts["database"] and parts["redis"]
    response.status_code = 200 if ready else 503
    return {"ready": ready, **parts}


@router.get("/api/v1/system/queues")
@requires("operations", "view")
def queues(actor: Caller) -> dict[str, dict[str, Any]]:
    """Return what waits in this company by queue: `pending`, `failed`, `oldest_seconds`."""
    return operations.waiting(actor)


@router.get("/api/v1/system/snapshot")
@requires("operations", "view")
def snapshot(actor: Caller) -> dict[str, Any]:
    """Return everything the operations page shows."""
    return operations.snapshot(actor)


@router.post("/api/v1/system/deliveries/retry")
@requires("operations", "edit")
def retry(request: Request, actor: Caller, key: Key = None) -> dict[str, Any]:
    """Send the events again that consumers were given up on."""
    return keyed(actor, request, key, None, _revive)


def _revive(work: Work) -> dict[str, Any]:
    count = revive(work.conn, work.actor.tenant_id)
    work.audit("deliveries.retried", resource="operations", after={"count": count})
    return {"revived": count}
