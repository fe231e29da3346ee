"""A small application behind the real shield, gate and login, for what does not depend on the screens."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse

from erp_app.api import auth, login
from erp_app.api.shield import IDENTITY
from erp_app.kernel.errors import ErpError


async def page(scope, receive, send):
    """What stands for the compiled pages: answers everything, and counts the body it gets."""
    body = await Request(scope, receive).body()
    who = scope.get(IDENTITY)
    await HTMLResponse(f"<h1>secret page</h1>{who.actor.username if who else ''} {len(body)}")(scope, receive, send)


def small_app() -> FastAPI:
    """Login, tokens, and a page for every other path."""
    made = FastAPI(dependencies=[Depends(auth.gate)])
    made.include_router(auth.router)
    made.include_router(login.router)

    @made.exception_handler(ErpError)
    def refused(_request, error):
        headers = {"Retry-After": str(error.data["retry_after"])} if "retry_after" in error.data else {}
        return JSONResponse({"code": error.code, "detail": error.detail}, status_code=error.status, headers=headers)

    return made
