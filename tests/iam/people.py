"""Builders: companies and users with random names, so that tests of one module do not meet."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache

from erp_app.iam import passwords, repo, service
from erp_app.iam.login import open_session
from erp_app.kernel import bus
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work

PASSWORD = "correct horse battery"


@dataclass
class Company:
    """A company and the ids of its users by short name."""

    id: int
    code: str
    users: dict[str, int] = field(default_factory=dict)

    def name(self, short: str) -> str:
        """The username of a user made by `hire`."""
        return f"{short}.{self.code}"

    def hire(self, short: str, *roles: str, **details) -> int:
        """Make a user with these roles."""
        with unit_of_work(system_actor(self.id)) as work:
            self.users[short] = service.create_user(work, self.name(short), short.title(), roles=roles, details=details)
            repo.put_password(work, self.users[short], _hash(), demo=False)  # one argon2 run for all: they take 0.1 s each
        return self.users[short]

    def log_in(self, short: str, address: str = "127.0.0.1") -> str:
        """Open a browser session and return its token."""
        return open_session(self.name(short), PASSWORD, address=address, agent="test")


@lru_cache(maxsize=1)
def _hash() -> str:
    return passwords.make_hash(PASSWORD)


@dataclass
class Town:
    """Two companies that must never see each other."""

    ours: Company
    theirs: Company


def company() -> Company:
    """A new company with an administrator, a manager and a member of staff."""
    code = f"c{secrets.token_hex(4)}"
    made = Company(service.create_tenant(code, f"PT {code}"), code)
    for short in ("admin", "manager", "staff", "warehouse"):
        made.hire(short, short)
    return made


def found() -> Town:
    """Two new companies; the counters of attempts start at zero."""
    bus.client().flushdb()
    return Town(company(), company())
