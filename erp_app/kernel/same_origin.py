"""One build for every host and port: the addresses Reflex writes into the bundle become the page's own origin."""

from __future__ import annotations

import re
from typing import Any

from reflex.plugins import Plugin

PLACE = "satu-same-origin.invalid"
PATHS = {
    "PING": "http://{}/ping",
    "EVENT": "ws://{}/_event",
    "UPLOAD": "http://{}/_upload",
    "HEALTH": "http://{}/_health",
    "ALL_ROUTES": "http://{}/_all_routes",
    "AUTH_CODESPACE": "http://{}/auth-codespace",
}
_QUOTED = re.compile(rf"""(["'`])(ws|http)://{re.escape(PLACE)}(/[^"'`]*)\1""")


class SameOriginPlugin(Plugin):
    """Writes a place holder into the bundle and replaces it after the build by an expression of the browser."""

    def update_env_json(self, **_context: Any) -> dict[str, object]:
        """The addresses the bundle is compiled with."""
        return {name: address.format(PLACE) for name, address in PATHS.items()}

    def post_build(self, **context: Any) -> None:
        """Rewrite the built files. Fails the build when nothing was found, for then the layout of the bundle has changed."""
        count = 0
        for path in context["static_dir"].rglob("*.js"):
            text = path.read_text(encoding="utf-8")
            if PLACE not in text:
                continue
            text, replaced = _QUOTED.subn(_own_origin, text)
            count += replaced
            if PLACE in text:
                raise SystemExit(f"Error: {path.name} holds an address in a form that cannot be rewritten")
            path.write_text(text, encoding="utf-8")
        if not count:
            raise SystemExit("Error: no address found in the bundle; its layout has changed")


def _own_origin(found: re.Match[str]) -> str:
    """An expression for the address on the page's own origin; outside a browser (prerendering) any will do."""
    scheme, path = found[2], found[3]
    return f'((typeof location>"u"?"{scheme}://localhost":location.origin.replace(/^http/,"{scheme}"))+"{path}")'
