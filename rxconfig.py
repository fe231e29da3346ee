"""Reflex: what the screens are built with and where their memory is kept."""

import reflex as rx
from reflex.constants import StateManagerMode

from erp_app.kernel.config import settings
from erp_app.kernel.same_origin import SameOriginPlugin

WORKING_DAY = 12 * 3600  # seconds a screen is remembered after its last use

config = rx.Config(
    app_name="erp_app",
    redis_url=settings().redis(0) if settings().redis_url else None,
    state_manager_mode=StateManagerMode.REDIS if settings().redis_url else StateManagerMode.MEMORY,
    redis_token_expiration=WORKING_DAY,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    trusted_proxy_hops=settings().trusted_proxy_hops,
    frontend_packages=[],
    plugins=[SameOriginPlugin(), rx.plugins.RadixThemesPlugin(theme=rx.theme(accent_color="teal", gray_color="slate", radius="medium", has_background=False))],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
