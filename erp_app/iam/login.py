"""Logging in with username and password: counted, equally slow and equally worded whether the user exists or not."""

from __future__ import annotations

from dataclasses import dataclass

from erp_app.iam import passwords, repo, sessions, throttle
from erp_app.iam.address import is_loopback
from erp_app.iam.rules import LONGEST, clean_username
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.errors import Unauthorized
from erp_app.kernel.uow import unit_of_work

WRONG = "Username or password is wrong."


@dataclass(frozen=True)
class Person:
    """Somebody whose password was right."""

    tenant_id: int
    user_id: int
    username: str


def check(username: str, password: str, *, address: str, via: str, direct: bool = True) -> Person:
    """Check a password.

    Args:
        direct: whether `address` is the other end of the connection itself, with no proxy in between.

    Raises:
        Unauthorized: ERP-1310, the same for a wrong password, an unknown user and a disabled one.
        Throttled: ERP-1311 after five failures in 15 minutes for the account or the address.
        Unavailable: ERP-1312 while attempts cannot be counted.
    """
    name = clean_username(username)[:LONGEST]
    attempt = throttle.login_attempt(name, address)
    with unit_of_work(system_actor(sessions.NOBODY, via)) as work:
        found = repo.credentials(work, name)
    right = passwords.matches(found.stored, password[: LONGEST + 1])
    reason = "" if right and found.active else "disabled" if right else "password" if found.user_id else "unknown"
    if not reason and found.demo and not (direct and is_loopback(address)):
        reason = "demo"  # a password everybody knows opens nothing to the network
    if reason:
        with unit_of_work(system_actor(found.tenant_id, via)) as work:
            repo.add_failure(work, found.tenant_id, name, address, reason)
        raise Unauthorized("ERP-1310", WRONG)
    throttle.give_back(attempt)
    return Person(found.tenant_id, found.user_id, name)


def open_session(username: str, password: str, *, address: str, agent: str, before: str = "", direct: bool = True) -> str:
    """Log a browser in and return the token of its new session; the session it had before (`before`, a token) ends.

    Raises:
        Unauthorized, Throttled, Unavailable: see `check`.
    """
    person = check(username, password, address=address, via="web", direct=direct)
    actor = Actor(tenant_id=person.tenant_id, user_id=person.user_id, username=person.username, via="web", address=address)
    with unit_of_work(actor) as work:
        token = sessions.start(work, person.tenant_id, person.user_id, address=address, agent=agent)
        work.audit("session.opened", resource="sessions", record_id=person.user_id, after={"agent": agent[:200]})
    sessions.end(before, address)
    return token
