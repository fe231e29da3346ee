"""What stands behind every address of the API: no such thing, or not in this way. Without it the screens' own pages would answer."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from erp_app.api.auth import for_any_user

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def close(app: FastAPI) -> None:
    """Add the last route of `/api/`; whatever is added later cannot be reached."""
    known = _known(app)
    router = APIRouter(include_in_schema=False)

    @router.api_route("/api/{rest:path}", methods=METHODS)
    @for_any_user("there is nothing, which the answer says")
    def nothing(request: Request) -> None:
        allowed = sorted({method for shape, methods in known if shape.fullmatch(request.url.path) for method in methods})
        if allowed:
            raise HTTPException(405, f"{request.method} is not possible here. Possible: {', '.join(allowed)}.", headers={"Allow": ", ".join(allowed)})
        raise HTTPException(404)

    app.include_router(router)


def _known(app: FastAPI) -> list[tuple[re.Pattern[str], set[str]]]:
    """Return every address as a pattern, with its methods."""
    found: list[tuple[re.Pattern[str], set[str]]] = []
    for context in iter_route_contexts(app.routes):
        route: Any = context.original_route
        if isinstance(route, APIRoute):
            found.append((compile_path(context.path or "")[0], set(context.methods or ())))
    return found
