"""SQL of users: what the document engine does not do."""

from __future__ import annotations

from collections.abc import Mapping

from erp_app.kernel.errors import NotFound
from erp_app.kernel.uow import Work


def username(work: Work, user_id: int, tenant_id: int | None = None) -> str:
    """Return the username of a user.

    Raises:
        NotFound: ERP-1330.
    """
    found = work.value("SELECT code FROM user_account WHERE tenant_id = %s AND id = %s", (tenant_id or work.actor.tenant_id, user_id))
    if found is None:
        raise NotFound("ERP-1330", "There is no such user.")
    return str(found)


def keep_own_session(work: Work) -> None:
    """Let the session that asks survive a change of the password in this unit of work."""
    if work.actor.session_id.isdigit():
        work.run("SELECT set_config('app.session_id', %s, true)", (work.actor.session_id,))


def revoke_invitations(work: Work, user_id: int) -> None:
    """Revoke the invitations a user has not used yet."""
    work.run(
        "UPDATE user_token SET revoked_at = now() WHERE tenant_id = %s AND user_id = %s AND kind = 'invitation' AND revoked_at IS NULL",
        (work.actor.tenant_id, user_id),
    )


def switch_off(work: Work, user_id: int) -> None:
    """Make a user inactive; a trigger ends sessions and tokens."""
    work.run(
        "UPDATE user_account SET active = false, version = version + 1, updated_at = now(), updated_by = %s WHERE tenant_id = %s AND id = %s",
        (work.actor.user_id, work.actor.tenant_id, user_id),
    )


def put_preferences(work: Work, chosen: Mapping[str, str]) -> None:
    """Store language, theme and density of the acting user; what is not given stays."""
    work.run(
        "UPDATE user_account SET lang = coalesce(%s, lang), theme = coalesce(%s, theme), density = coalesce(%s, density) WHERE tenant_id = %s AND id = %s",
        (chosen.get("lang"), chosen.get("theme"), chosen.get("density"), work.actor.tenant_id, work.actor.user_id),
    )
