"""The company's picture over HTTP: `PUT` the bytes of a PNG or JPEG, `GET` them back."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from erp_app.api.auth import Caller, for_any_user, requires
from erp_app.iam import logo
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work

router = APIRouter(prefix="/api/v1/companies/logo", tags=["companies"])


@router.get("", response_class=Response)
@for_any_user("the picture is on every letter of the company")
def show(actor: Caller) -> Response:
    """Return the picture."""
    with unit_of_work(actor) as work:
        media_type, content = logo.logo(work)
    return Response(content, media_type=media_type, headers={"Content-Disposition": "inline; filename=logo"})


@router.put("", status_code=204)
@requires("companies", "edit")
async def put(request: Request, actor: Caller) -> Response:
    """Take a new picture."""
    content = await request.body()
    await asyncio.to_thread(_store, actor, content)
    return Response(status_code=204)


def _store(actor: Actor, content: bytes) -> None:
    with unit_of_work(actor) as work:
        logo.put_logo(work, content)
