"""Users: creating, passwords, invitations, disabling, and what they prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from erp_app.iam import passwords, repo, repo_tokens, repo_users, rules, throttle
from erp_app.iam.models import DENSITIES, LANGUAGES, THEMES, UserAccount
from erp_app.iam.saving import check_user
from erp_app.iam.sessions import NOBODY, digest, new_token
from erp_app.kernel import limits
from erp_app.kernel.actor import system_actor
from erp_app.kernel.errors import Invalid, Unauthorized
from erp_app.kernel.ids import new_key
from erp_app.kernel.uow import Work, unit_of_work

_PREFERENCES = {"lang": LANGUAGES, "theme": THEMES, "density": DENSITIES}


def create_user(
    work: Work, username: str, full_name: str, *, roles: Sequence[str], password: str | None = None, demo: bool = False, operator: bool = False,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Make a user of the acting tenant and return the id.

    Args:
        roles: role codes.
        password: None: the user chooses one by invitation.
        demo: a well-known password, accepted from this machine only and exempt from the rules of strength.
        operator: given on the command line by whoever owns the machine: any password that is not empty.
        details: further fields (department_id, warehouses, lang, service, requests_per_minute, …).

    Raises:
        Invalid: ERP-1323 username, ERP-1328 unknown role, ERP-1329 weak password.
        Conflict: ERP-1004 when the username is taken anywhere in the installation.
    """
    name = rules.clean_username(username)
    known = repo.role_ids(work)
    unknown = [one for one in roles if one not in known]
    if unknown:
        raise Invalid("ERP-1328", f"There is no role {unknown[0]!r}. Roles: {', '.join(sorted(known))}.", errors={"roles": "Unknown role."})
    if password is not None and not demo:
        _strong(password, name, operator=operator)
    extra = {"created_by": work.actor.user_id, "updated_by": work.actor.user_id, **dict(details or {})}
    user = UserAccount(tenant_id=work.actor.tenant_id, code=name, name=full_name.strip() or name, roles=[known[one] for one in roles], **extra)
    check_user(work, user)
    work.session.add(user)
    work.flush()
    work.session.refresh(user, ["id"])
    assert user.id is not None  # noqa: S101 - given by the database
    if password is not None:
        repo.put_password(work, user.id, passwords.make_hash(password), demo=demo)
    work.audit("user.created", resource="users", record_id=user.id, after={"username": name, "roles": sorted(roles)})
    return user.id


def set_password(work: Work, user_id: int, password: str, *, operator: bool = False) -> None:
    """Give a user a new password; all sessions and API logins of the user end.

    Raises:
        Invalid: ERP-1329 when it is too weak.
        NotFound: ERP-1330.
    """
    username = repo_users.username(work, user_id)
    _strong(password, username, operator=operator)
    repo.put_password(work, user_id, passwords.make_hash(password), demo=False)
    work.audit("user.password_set", resource="users", record_id=user_id)
    work.emit("session.ended", {"user_id": user_id}, [f"user:{user_id}"])


def change_password(work: Work, old: str, new: str) -> None:
    """Change the acting user's own password; the session asking stays, all others end, and so do all API logins.

    A wrong old password counts like a failed login: whoever found an open screen guesses five times.

    Raises:
        Invalid: ERP-1329 when the new one is too weak or the old one again, ERP-1331 when the old one is wrong.
        Throttled: ERP-1311 after five wrong ones in 15 minutes. Unavailable: ERP-1312 while they cannot be counted.
    """
    user_id, actor = work.actor.user_id, work.actor
    username = repo_users.username(work, user_id)
    _strong(new, username, field="new_password")
    if new == old:
        raise Invalid("ERP-1329", "The new password is the old one.", errors={"new_password": "is the old one"})
    attempt = throttle.login_attempt(username, actor.address)
    if not passwords.matches(repo.password_hash(work, user_id), old[: rules.LONGEST + 1]):
        with unit_of_work(actor) as apart:  # stays, although what was asked for does not happen
            repo.add_failure(apart, actor.tenant_id, username, actor.address, "password")
            apart.audit("user.password_refused", resource="users", record_id=user_id)
        raise Invalid("ERP-1331", "The old password is wrong.", errors={"old_password": "is wrong"})
    throttle.give_back(attempt)
    repo_users.keep_own_session(work)
    set_password(work, user_id, new)


def invite(work: Work, user_id: int) -> str:
    """Return a secret with which the user may choose a password once, within three days. Earlier invitations end.

    Raises:
        NotFound: ERP-1330.
    """
    repo_users.username(work, user_id)
    repo_users.revoke_invitations(work, user_id)
    token = new_token()
    repo_tokens.add(work, user_id, "invitation", new_key(), digest(token), work.now + timedelta(seconds=limits.INVITATION_LIFE))
    work.audit("user.invited", resource="users", record_id=user_id)
    return token


def accept_invitation(token: str, password: str) -> str:
    """Choose a password with an invitation; return the username to log in with.

    Raises:
        Unauthorized: ERP-1332 when the invitation is unknown, used or too old.
        Invalid: ERP-1329 when the password is too weak; the invitation stays good.
    """
    with unit_of_work(system_actor(NOBODY, "web")) as work:
        used = repo_tokens.use(work, digest(token), "invitation")
        if used is None or not used.good:
            raise Unauthorized("ERP-1332", "This invitation is not valid any more. Ask an administrator for a new one.")
        username = repo_users.username(work, used.user_id, used.tenant_id)
        _strong(password, username)
        repo.put_password(work, used.user_id, passwords.make_hash(password), demo=False, tenant_id=used.tenant_id)
    with unit_of_work(system_actor(used.tenant_id, "web")) as work:
        work.audit("user.invitation_accepted", resource="users", record_id=used.user_id)
    return username


def disable_user(work: Work, user_id: int, reason: str) -> None:
    """Switch a user off: the next event, request or login of the user is refused, and no session or token is left.

    Raises:
        NotFound: ERP-1330. Refused: ERP-1325 for the last administrator.
    """
    username = repo_users.username(work, user_id)
    repo_users.switch_off(work, user_id)
    work.audit("user.disabled", resource="users", record_id=user_id, after={"username": username, "active": False}, reason=reason)
    work.emit("user.disabled", {"user_id": user_id}, [f"user:{user_id}"])


def prefer(work: Work, **chosen: str) -> None:
    """Store what the acting user prefers: `lang`, `theme`, `density`.

    Raises:
        Invalid: ERP-1333 for another name or value.
    """
    for name, value in chosen.items():
        if value not in _PREFERENCES.get(name, ()):
            raise Invalid("ERP-1333", f"{name} cannot be {value!r}.")
    repo_users.put_preferences(work, chosen)


def _strong(password: str, username: str, *, operator: bool = False, field: str = "password") -> None:
    problem = rules.password_problem(password, username)
    if operator and 0 < len(password) <= rules.LONGEST:
        return
    if problem:
        raise Invalid("ERP-1329", problem, errors={field: problem})
