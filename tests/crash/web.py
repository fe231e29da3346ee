"""The product's API as the web process serves it, without the screens: what a program talks to while the process is killed."""

from __future__ import annotations

from erp_app.api.serving import bare

app = bare()
