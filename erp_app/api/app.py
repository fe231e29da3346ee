"""The REST application: every resource of the registry behind one gate, problems instead of tracebacks, its own handbook."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

import erp_app.domains  # noqa: F401 - all document types, before resources are made of them
from erp_app.api import attached, auth, docs_page, openapi, problem, reports, resources, transfer
from erp_app.api.auth import gate, public
from erp_app.document import registry

PREFIX = "/api/v1"
_ABOUT = (
    "Everything a screen can do, through the same services and the same permission checks. Log in with POST /api/v1/auth/token, then send"
    " Authorization: Bearer. References are ids, numbers or codes; decimals are strings in answers; moments are ISO 8601."
)


def make(*more: APIRouter) -> FastAPI:
    """Return the application with all resources, and further routers whose endpoints declare their rights as well."""
    app = FastAPI(title="Satu ERP", version="1", description=_ABOUT, docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(gate)])
    problem.install(app)
    app.include_router(auth.router)
    for router in more:
        app.include_router(router)
    app.include_router(reports.router)
    app.include_router(everything())
    app.include_router(_handbook(app))
    return app


def everything() -> APIRouter:
    """Return the endpoints of all document types."""
    router = APIRouter(prefix=PREFIX)
    for dt in registry.all_types():
        transfer.add(router, dt)  # before the record, whose path would take `export` for an id
        resources.add(router, dt)
        attached.add(router, dt)
    return router


def endpoints(router: Any) -> list[Any]:
    """Return every route with an endpoint, however deep its router is included."""
    found: list[Any] = []
    for one in router.routes:
        inner = getattr(one, "original_router", None)
        found += endpoints(inner) if inner is not None else [one] if hasattr(one, "endpoint") else []
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(openapi.components())
        made["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        made["security"] = [{"bearer": []}]
        app.openapi_schema = made
    return app.openapi_schema


def _handbook(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/api/openapi.json")
    @public("the shape of the API holds no data")
    def machine() -> JSONResponse:
        return JSONResponse(document(app))

    @router.get("/api/docs")
    @public("the shape of the API holds no data")
    def human() -> HTMLResponse:
        return HTMLResponse(docs_page.page(document(app)))

    return router
