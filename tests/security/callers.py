"""The five callers nobody may serve: nobody, another company, no role, a disabled user, an expired session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from erp_app.iam import login, service, sessions, tokens
from erp_app.kernel.actor import system_actor
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD, Company
from tests.security.rows import tables

RATE = 10_000  # so that the limit of requests does not answer before the right does
NOT_COUNTED = {"audit_event", "audit_chain"}  # a refusal writes its audit row, and nothing else


@dataclass(frozen=True)
class Caller:
    """Somebody with a browser session and an access token, whatever they are still worth."""

    name: str
    session: str = ""
    bearer: str = ""


def callers(ours: Company, theirs: Company) -> dict[str, Caller]:
    """All five, by name."""
    found = {"nobody": Caller("nobody")}
    for short, company, roles in (
        ("wrong role", ours, ()),
        ("other tenant", theirs, ("admin",)),
        ("disabled user", ours, ("admin",)),
        ("expired session", ours, ("admin",)),
    ):
        user = short.replace(" ", ".")
        company.hire(user, *roles, requests_per_minute=RATE)
        person = login.check(company.name(user), PASSWORD, address="127.0.0.1", via="api")
        found[short] = Caller(short, company.log_in(user), tokens.issue(person).access_token)
    with unit_of_work(system_actor(ours.id)) as work:
        service.disable_user(work, ours.users["disabled.user"], "left")
        expired = ours.users["expired.session"]
        work.run("UPDATE user_session SET seen_at = now() - interval '13 hours' WHERE user_id = %s", (expired,))
        work.run("UPDATE user_token SET revoked_at = now() WHERE user_id = %s", (expired,))
    assert sessions.load(found["expired session"].session) is None
    assert sessions.load(found["disabled user"].session) is None
    assert sessions.load(found["wrong role"].session) is not None
    return found


def contents(database: str, tenant_id: int | None = None) -> dict[str, Any]:
    """Number of rows and a hash over all of them, for every table; of one tenant or of all."""
    found = {}
    with psycopg.connect(database) as conn:
        for table in tables(conn):
            if table.name in NOT_COUNTED or (tenant_id is not None and not table.tenant):
                continue
            where = sql.SQL("") if tenant_id is None else sql.SQL(" WHERE tenant_id = {}").format(tenant_id)
            found[table.name] = conn.execute(
                sql.SQL("SELECT count(*), coalesce(sum(hashtextextended((to_jsonb(x) - 'seen_at')::text, 0)::numeric), 0) FROM {} AS x").format(
                    sql.Identifier(table.name)
                )
                + where,
            ).fetchone()
    return found


def refusals(database: str) -> int:
    """How many refusals are in the audit trail."""
    with psycopg.connect(database) as conn:
        found = conn.execute("SELECT count(*) FROM audit_event WHERE action IN ('event.refused', 'request.refused')").fetchone()
    return int(found[0])
