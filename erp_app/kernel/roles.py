"""Database roles: who owns, who runs, who relays. Run once by an administrator of the server, safe to run again."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER, APP, RELAY = "erp_owner", "erp_app", "erp_relay"


def ensure(admin_url: str, passwords: dict[str, str] | None = None) -> None:
    """Create the three roles where missing and give the database to the owner.

    Args:
        admin_url: URL of a role that may create roles (the embedded server's superuser, or the user's own administrator).
        passwords: password by role; None for servers that trust their private socket.
    """
    with psycopg.connect(admin_url, autocommit=True) as conn:
        # Two starts on one cluster may race here; the lock makes the second one find everything done.
        conn.execute("SELECT pg_advisory_lock(4711)")
        try:
            for role in (OWNER, APP, RELAY):
                exists = conn.execute(
                    "SELECT rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls) FROM pg_roles WHERE rolname = %s", (role,),
                ).fetchone()
                if exists != (True,):  # an administrator who is no superuser may not even repeat NOSUPERUSER
                    verb = "ALTER" if exists else "CREATE"
                    conn.execute(sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS").format(sql.Identifier(role)))
                if passwords:
                    conn.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(passwords[role])))
            _own(conn)
        finally:
            conn.execute("SELECT pg_advisory_unlock(4711)")


def _own(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """Give database and schema to the owner; everybody else gets no more than to connect and to use."""
    found = conn.execute("SELECT current_database()").fetchone()
    assert found is not None  # noqa: S101 - a SELECT without FROM has one row
    name = sql.Identifier(str(found[0]))
    owner = sql.Identifier(OWNER)
    conn.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    conn.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner))
    conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    conn.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}, {}").format(name, sql.Identifier(APP), sql.Identifier(RELAY)))
    conn.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(sql.Identifier(APP), sql.Identifier(RELAY)))
    conn.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def url_for(admin_url: str, role: str, passwords: dict[str, str] | None = None) -> str:
    """Return the URL of the same database for one of our roles."""
    parts = conninfo_to_dict(admin_url)
    parts["user"] = role
    parts.pop("password", None)
    if passwords:
        parts["password"] = passwords[role]
    return make_conninfo("", **{key: value for key, value in parts.items() if value is not None})
