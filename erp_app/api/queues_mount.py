"""The dashboard of the job queues under /admin/queues, behind the same session as the screens and for operators only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware
from rq.serializers import JSONSerializer

from erp_app.api import browser
from erp_app.api.shield import IDENTITY
from erp_app.iam.identity import Identity
from erp_app.kernel import bus
from erp_app.kernel.access import may
from erp_app.kernel.config import settings

PATH = "/admin/queues"
_CHANGES = ("POST", "PUT", "DELETE", "PATCH")


def _dashboard() -> Any:
    """Make the dashboard's own small application. It reads job arguments as JSON: pickle would run code from Redis."""
    from flask import Flask  # noqa: PLC0415 - most processes never show it
    from rq_dashboard import web as dashboard  # noqa: PLC0415

    made = Flask("rq_dashboard")  # styles and scripts lie in its package
    made.config["RQ_DASHBOARD_REDIS_URL"] = settings().redis(bus.QUEUES)
    made.config["RQ_DASHBOARD_DISABLE_DELETE"] = True  # an event that is thrown away here would be sent again anyway
    dashboard.config.serializer = JSONSerializer  # type: ignore[assignment]
    dashboard.setup_rq_connection(made)
    made.register_blueprint(dashboard.blueprint, url_prefix="/")
    return made


class QueuesMount:
    """ASGI application to be mounted at PATH. Refuses by default: only whom the shield has identified and who may view operations."""

    def __init__(self) -> None:
        self._inner: Any = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Serve one request of an operator; everything else gets 403."""
        who = scope.get(IDENTITY)
        wanted = "edit" if scope.get("method") in _CHANGES else "view"
        if scope["type"] != "http" or not isinstance(who, Identity) or not may(who.actor, "operations", wanted):
            await browser.plain(send, 403, "You may not view the job queues.")
            return
        if self._inner is None:
            self._inner = WSGIMiddleware(_dashboard(), workers=2)
        await self._inner(scope, receive, send)
