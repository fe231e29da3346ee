"""SQL of single-use tokens. Looking one up makes the unit of work belong to the tenant of the token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Used:
    """A token that was shown: `good` when this was its first use in time, `replayed` when it had been used before."""

    tenant_id: int
    user_id: int
    family: str
    good: bool
    replayed: bool


def add(work: Work, user_id: int, kind: str, family: str, token_sha256: str, expires_at: datetime, tenant_id: int | None = None) -> None:
    """Store a token by its hash."""
    work.run(
        "INSERT INTO user_token (tenant_id, user_id, kind, family, token_sha256, expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (tenant_id or work.actor.tenant_id, user_id, kind, family, token_sha256, expires_at),
    )


def holder(work: Work, token_sha256: str) -> tuple[int, int]:
    """Return company and user of a token, (0, 0) of one that nobody has."""
    tenant_id = _enter(work, token_sha256)
    found = work.value("SELECT user_id FROM user_token WHERE tenant_id = %s AND token_sha256 = %s", (tenant_id or 0, token_sha256))
    return (tenant_id, int(found)) if tenant_id is not None and found is not None else (0, 0)


def use(work: Work, token_sha256: str, kind: str) -> Used | None:
    """Use a token up. The second of two simultaneous uses waits for the first one's row and finds it used."""
    tenant_id = _enter(work, token_sha256)
    if tenant_id is None:
        return None
    row = work.row(
        "SELECT user_id, family, used_at, revoked_at IS NULL AND expires_at > now() AS live FROM user_token"
        " WHERE tenant_id = %s AND token_sha256 = %s AND kind = %s FOR UPDATE",
        (tenant_id, token_sha256, kind),
    )
    if row is None:
        return None
    replayed = row["used_at"] is not None
    if replayed:
        work.run("UPDATE user_token SET revoked_at = now() WHERE tenant_id = %s AND family = %s AND revoked_at IS NULL", (tenant_id, row["family"]))
    elif row["live"]:
        work.run("UPDATE user_token SET used_at = now() WHERE tenant_id = %s AND token_sha256 = %s", (tenant_id, token_sha256))
    return Used(tenant_id, row["user_id"], row["family"], good=row["live"] and not replayed, replayed=replayed)


def revoke_family(work: Work, token_sha256: str) -> int:
    """Revoke all tokens of the login a token belongs to; return how many."""
    tenant_id = _enter(work, token_sha256)
    if tenant_id is None:
        return 0
    return work.run(
        "UPDATE user_token SET revoked_at = now() WHERE tenant_id = %s AND revoked_at IS NULL"
        " AND family = (SELECT family FROM user_token WHERE tenant_id = %s AND token_sha256 = %s)",
        (tenant_id, tenant_id, token_sha256),
    )


def _enter(work: Work, token_sha256: str) -> int | None:
    work.run("SELECT set_config('app.lookup', %s, true)", (token_sha256,))
    tenant_id = work.value("SELECT tenant_id FROM user_token WHERE token_sha256 = %s", (token_sha256,))
    work.run("SELECT set_config('app.lookup', '', true), set_config('app.tenant', %s, true)", (str(tenant_id or 0),))
    return None if tenant_id is None else int(tenant_id)
