"""What watches over the books, for programs: the queues item by item, and the figures of the audit dashboard."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from erp_app.api.auth import Caller, requires
from erp_app.api.keyed import Key, keyed
from erp_app.costing import again
from erp_app.document import registry, service
from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work, unit_of_work
from erp_app.reports import audit_board, cost_queues

router = APIRouter(tags=["control"])
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=500)]


@router.get("/api/v1/system/queues/{queue}")
@requires("cost-queues", "view")
def rows(queue: str, actor: Caller, *, done: bool = False, page: Page = 1, page_size: Size = 50) -> dict[str, Any]:
    """Return the rows of `hpp_queue` or `stock_fix_queue`: what is open, most urgent first, or with `done` what is done, newest first."""
    if queue not in again.EVENTS:
        raise NotFound("ERP-5004", f"There is no queue {queue[:40]!r}.")
    with unit_of_work(actor) as work:
        sums = cost_queues.sums(work)[queue]
        found = cost_queues.rows(work, queue, done=done, page=page, size=page_size)
    total, exact = cost_queues.total(sums, done=done)
    return {"items": found, "total": total, "total_exact": exact, "page": page, "page_size": page_size}


@router.post("/api/v1/system/queues/{queue}/{row}/retry")
@requires("cost-queues", "edit")
def retry(queue: str, row: int, request: Request, actor: Caller, key: Key = None) -> dict[str, Any]:
    """Let a failed row wait again and wake its worker."""

    def take(work: Work) -> dict[str, Any]:
        again.retry(work, queue, row)
        return {"ok": True}

    return keyed(actor, request, key, None, take)


@router.post("/api/v1/system/queues/{queue}/items/{item}/hurry")
@requires("cost-queues", "edit")
def hurry(queue: str, item: str, request: Request, actor: Caller, key: Key = None) -> dict[str, Any]:
    """Let what waits for an item (id or code) be done before everything else that waits."""

    def take(work: Work) -> dict[str, Any]:
        again.hurry(work, queue, service.get_id(work, registry.get("items"), item))
        return {"ok": True}

    return keyed(actor, request, key, None, take)


@router.get("/api/v1/audit-board")
@requires("audit-board", "view")
def board(actor: Caller) -> dict[str, Any]:
    """Return the figures of the audit dashboard."""
    with unit_of_work(actor) as work:
        return audit_board.figures(work)
