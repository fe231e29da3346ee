"""The account mapping by REST: which account an event goes to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from erp_app.accounting import mapping
from erp_app.api.auth import Caller, requires
from erp_app.kernel.uow import unit_of_work

router = APIRouter(prefix="/api/v1/account-mapping", tags=["account-mapping"])


class Choice(BaseModel):
    """Where an event goes from now on."""

    event: str = Field(max_length=60)
    item_kind: str = Field("", max_length=60)
    place_kind: str = Field("", max_length=60)
    account: str = Field(max_length=60, description="Code of an account")


@router.get("")
@requires("account-mapping", "view")
def listed(actor: Caller) -> dict[str, list[dict[str, Any]]]:
    """Return every event with its account."""
    with unit_of_work(actor) as work:
        return {"items": mapping.listed(work)}


@router.patch("")
@requires("account-mapping", "edit")
def change(choice: Choice, actor: Caller) -> dict[str, Any]:
    """Let an event go to another account, for all postings from now on."""
    with unit_of_work(actor) as work:
        return mapping.change(work, choice.event, choice.item_kind, choice.place_kind, choice.account)
