"""Programs that use the REST API of a firm, over the real application in memory."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI

from erp_app.api import system
from erp_app.api.app import make
from erp_app.iam import passwords, repo
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

PASSWORD = "correct horse battery"


class Caller:
    """One program with its token."""

    def __init__(self, app, token: str) -> None:
        self.app, self.token = app, token

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://erp") as client:
                return await client.request(method, f"/api/v1/{path}", json=json, headers={"Authorization": f"Bearer {self.token}", **headers})

        return asyncio.run(go())

    def get(self, path: str) -> dict[str, Any]:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, status: int = 201, **data: Any) -> dict[str, Any]:
        answer = self.call("POST", path, data)
        assert answer.status_code == status, answer.text
        return answer.json()

    def act(self, resource: str, ref: Any, action: str, status: int = 200, **data: Any) -> dict[str, Any]:
        return self.post(f"{resource}/{ref}/actions/{action}", status, **data)

    def posted(self, resource: str, **data: Any) -> dict[str, Any]:
        """Create a document and post it."""
        return self.act(resource, self.post(resource, **data)["id"], "post")


@cache
def application() -> FastAPI:
    """The application with all that programs of a company use; made once, for that takes seconds."""
    return make(system.router)


def log_in(firm, role: str) -> Caller:
    """A program that logs in as the firm's user of a role, by the API's own login."""
    app = application()
    with unit_of_work(system_actor(firm.tenant)) as work:
        repo.put_password(work, firm.users[role], passwords.make_hash(PASSWORD), demo=False)
    answer = Caller(app, "").call("POST", "auth/token", {"username": firm.actor(role).username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Caller(app, answer.json()["access_token"])
