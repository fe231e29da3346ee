"""Typed configuration: every setting of the product, read once from the environment."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All settings of one process.

    The three database URLs belong to three roles: `owner_url` migrates and owns everything, `app_url` runs the product and
    owns nothing, `relay_url` may only read the outbox and the list of tenants. `./erp up` computes them for the embedded
    server or derives them from `DATABASE_URL`; web and worker processes never get `owner_url`.
    """

    model_config = SettingsConfigDict(env_prefix="ERP_", frozen=True, extra="ignore", populate_by_name=True)

    data: Path = Path(".data")
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    admin_url: str | None = Field(default=None, validation_alias=AliasChoices("ERP_ADMIN_URL", "DATABASE_URL"))
    owner_url: str | None = None
    app_url: str | None = None
    relay_url: str | None = None
    redis_url: str | None = Field(default=None, validation_alias=AliasChoices("ERP_REDIS_URL", "REDIS_URL"))
    pool_size: int = 8
    web_workers: int = 1
    cookie_secure: bool = False
    trusted_proxy_hops: int = 0
    log_level: str = "INFO"

    @property
    def secret_path(self) -> Path:
        """File that holds the signing key of this installation."""
        return self.data / "secret.key"

    def secret_key(self) -> str:
        """Return the installation's signing key, made at first use with owner-only rights."""
        path = self.secret_path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_text(encoding="ascii").strip()

    def redis(self, database: int) -> str:
        """Return the Redis URL of one logical database (0 screens' state, 1 job queues, 2 throttle and bus)."""
        if self.redis_url is None:
            raise RuntimeError("ERP_REDIS_URL is not set: start the system with ./erp up, or set REDIS_URL")
        base = self.redis_url.rstrip("/")
        if base.startswith("unix:"):
            return f"{base}{'&' if '?' in base else '?'}db={database}"
        head, _, tail = base.rpartition("/")
        if tail.isdigit() and "://" in head:
            base = head
        return f"{base}/{database}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return this process's settings (cached; tests call `settings.cache_clear()`)."""
    return Settings()
