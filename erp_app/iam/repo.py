"""SQL of people and rights. Everything runs in the caller's unit of work, behind the wall of its tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erp_app.kernel import db
from erp_app.kernel.uow import Work


@dataclass(frozen=True)
class Credentials:
    """What is needed to check a password; `stored` is None for a user without one, `user_id` 0 for an unknown user."""

    tenant_id: int
    user_id: int
    active: bool
    stored: str | None
    demo: bool


def credentials(work: Work, username: str) -> Credentials:
    """Find a user over all tenants by the exact username; the unit of work then belongs to that user's tenant."""
    work.run("SELECT set_config('app.lookup', %s, true)", (username,))
    found = work.row("SELECT tenant_id, id, active FROM user_account WHERE code = %s", (username,)) or {"tenant_id": 0, "id": 0, "active": False}
    work.run("SELECT set_config('app.lookup', '', true), set_config('app.tenant', %s, true)", (str(found["tenant_id"]),))
    secret = work.row(
        "SELECT p.hash, p.demo, t.active FROM user_password p JOIN tenant t ON t.tenant_id = p.tenant_id WHERE p.tenant_id = %s AND p.user_id = %s",
        (found["tenant_id"], found["id"]),
    ) or {"hash": None, "demo": False, "active": False}
    return Credentials(found["tenant_id"], found["id"], found["active"] and secret["active"], secret["hash"], secret["demo"])


def session_person(work: Work, token_sha256: str, idle: int, life: int) -> dict[str, Any] | None:
    """Return whom a live session belongs to."""
    return _person(work.value("SELECT iam_session(%s, %s, %s)", (token_sha256, idle, life)))


def token_person(work: Work, tenant_id: int, user_id: int, family: str) -> dict[str, Any] | None:
    """Return whom an access token belongs to, as long as its login is not revoked."""
    return _person(work.value("SELECT iam_token(%s, %s, %s)", (tenant_id, user_id, family)))


def person(work: Work, user_id: int) -> dict[str, Any] | None:
    """Return an active user of this tenant."""
    return _person(work.value("SELECT iam_person(%s, %s)", (work.actor.tenant_id, user_id)))


def _person(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def add_session(work: Work, tenant_id: int, user_id: int, token_sha256: str, address: str, agent: str) -> int:
    """Store a new session and return its id."""
    return int(work.value(
        "INSERT INTO user_session (tenant_id, user_id, token_sha256, address, agent) VALUES (%s, %s, %s, %s, %s) RETURNING id",
        (tenant_id, user_id, token_sha256, address, agent[:200]),
    ))


def end_session(work: Work, token_sha256: str) -> dict[str, Any] | None:
    """End the session of a token, whosever it is; return its tenant_id, id and user_id, or None."""
    work.run("SELECT set_config('app.lookup', %s, true)", (token_sha256,))
    found = work.row("SELECT tenant_id, id, user_id FROM user_session WHERE token_sha256 = %s AND ended_at IS NULL", (token_sha256,))
    if found is None:
        return None
    work.run("SELECT set_config('app.lookup', '', true), set_config('app.tenant', %s, true)", (str(found["tenant_id"]),))
    work.run("UPDATE user_session SET ended_at = now() WHERE tenant_id = %s AND id = %s", (found["tenant_id"], found["id"]))
    return found


def end_sessions(work: Work, user_id: int, *, session_id: int | None = None, keep: int | None = None) -> int:
    """End sessions of a user of this tenant: one, or all but `keep`; return how many."""
    return work.run(
        "UPDATE user_session SET ended_at = now() WHERE tenant_id = %s AND user_id = %s AND ended_at IS NULL"
        " AND (%s::bigint IS NULL OR id = %s) AND id IS DISTINCT FROM %s",
        (work.actor.tenant_id, user_id, session_id, session_id, keep),
    )


def revoke_tokens(work: Work, user_id: int) -> int:
    """Revoke all API logins and invitations of a user of this tenant; return how many tokens."""
    return work.run(
        "UPDATE user_token SET revoked_at = now() WHERE tenant_id = %s AND user_id = %s AND revoked_at IS NULL", (work.actor.tenant_id, user_id),
    )


def sessions(work: Work, user_id: int | None, idle: int) -> list[dict[str, Any]]:
    """Return the live sessions of one user, or of all users of the tenant."""
    return work.rows(
        "SELECT s.id, s.user_id, u.code AS username, s.address, s.agent, s.created_at, s.seen_at FROM user_session s"
        " JOIN user_account u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"
        " WHERE s.tenant_id = %s AND (%s::bigint IS NULL OR s.user_id = %s) AND s.ended_at IS NULL AND s.seen_at > now() - make_interval(secs => %s)"
        " ORDER BY s.seen_at DESC LIMIT 500",
        (work.actor.tenant_id, user_id, user_id, idle),
    )


def add_failure(work: Work, tenant_id: int, username: str, address: str, reason: str) -> None:
    """Store a failed login (tenant 0: unknown username)."""
    work.run(
        "INSERT INTO login_failure (tenant_id, username, address, reason) VALUES (%s, %s, %s, %s)", (tenant_id, username[:60], address, reason),
    )


def put_password(work: Work, user_id: int, hashed: str, *, demo: bool, tenant_id: int | None = None) -> None:
    """Store the hash of a user's password."""
    work.run(
        "INSERT INTO user_password (tenant_id, user_id, hash, demo) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = excluded.hash, demo = excluded.demo, changed_at = now()",
        (tenant_id or work.actor.tenant_id, user_id, hashed, demo),
    )


def password_hash(work: Work, user_id: int) -> str | None:
    """Return the hash of a user of this tenant."""
    found = work.value("SELECT hash FROM user_password WHERE tenant_id = %s AND user_id = %s", (work.actor.tenant_id, user_id))
    return None if found is None else str(found)


def user_id_of(work: Work, username: str) -> int | None:
    """Return the id of a user of this tenant by username."""
    found = work.value("SELECT id FROM user_account WHERE tenant_id = %s AND code = %s", (work.actor.tenant_id, username))
    return None if found is None else int(found)


def tenant_id_of(work: Work, code: str) -> int | None:
    """Return the id of a company by its code, over all tenants."""
    work.run("SELECT set_config('app.lookup', %s, true)", (code,))
    found = work.value("SELECT tenant_id FROM tenant WHERE code = %s", (code,))
    work.run("SELECT set_config('app.lookup', '', true)")
    return None if found is None else int(found)


def next_id(work: Work) -> int:
    """Return a fresh record id."""
    return int(work.value("SELECT nextval('record_id_seq')"))


def role_ids(work: Work) -> dict[str, int]:
    """Return the ids of this tenant's roles by code."""
    return {row["code"]: int(row["id"]) for row in work.rows("SELECT code, id FROM role WHERE tenant_id = %s", (work.actor.tenant_id,))}


def tenants() -> list[dict[str, Any]]:
    """Return all companies (tenant_id, code, name, tz, active), by the role that may list them: for workers and the command line."""
    with db.connection("relay") as conn:
        rows = conn.execute("SELECT tenant_id, code, name, tz, active FROM tenant ORDER BY tenant_id").fetchall()
    return [dict(zip(("tenant_id", "code", "name", "tz", "active"), row, strict=True)) for row in rows]


def put_logo(work: Work, media_type: str, content: bytes) -> None:
    """Store the picture of this tenant's letters."""
    work.run(
        "INSERT INTO tenant_logo (tenant_id, media_type, content) VALUES (%s, %s, %s)"
        " ON CONFLICT (tenant_id) DO UPDATE SET media_type = excluded.media_type, content = excluded.content",
        (work.actor.tenant_id, media_type, content),
    )


def logo(work: Work) -> tuple[str, bytes] | None:
    """Return media type and content of this tenant's picture."""
    found = work.row("SELECT media_type, content FROM tenant_logo WHERE tenant_id = %s", (work.actor.tenant_id,))
    return None if found is None else (found["media_type"], bytes(found["content"]))
