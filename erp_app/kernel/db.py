"""Connections: one psycopg 3 pool per process for the application role, which owns nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from erp_app.kernel import clock
from erp_app.kernel.config import settings
from erp_app.kernel.errors import Unavailable
from erp_app.kernel.transaction import Transaction

Connection = psycopg.Connection[tuple[Any, ...]]
TRUSTED_SECONDS = 1.0  # a connection that answered this long ago is taken without asking whether it still lives
_lock = threading.Lock()
_pools: dict[str, ConnectionPool[Connection]] = {}
_borrowed = threading.local()
_engine: Engine | None = None
_when_connected: list[Callable[[Connection], None]] = []


def pool(role: str = "app") -> ConnectionPool[Connection]:
    """Return this process's pool of one role (`app` or `relay`), opened at first use.

    Raises:
        RuntimeError: when the URL of that role is not configured.
    """
    with _lock:
        if role not in _pools:
            url = getattr(settings(), f"{role}_url")
            if not url:
                raise RuntimeError(f"ERP_{role.upper()}_URL is not set: start the system with ./erp up, or run ./erp migrate first")
            size = settings().pool_size if role == "app" else 2
            _pools[role] = ConnectionPool(
                url, min_size=1, max_size=size, timeout=10, max_lifetime=3600, check=_check, open=True, configure=_connected,
                kwargs={"application_name": f"satu-{role}", "options": "-c lock_timeout=15s -c statement_timeout=120s -c timezone=UTC -c datestyle=ISO"},
                name=f"satu-{role}",
            )
        return _pools[role]


def when_connected(call: Callable[[Connection], None]) -> None:
    """Have every connection that is made from now on shown to a function, which leaves no transaction open."""
    _when_connected.append(call)


def _connected(conn: Connection) -> None:
    for call in _when_connected:
        call(conn)


def _check(conn: Connection) -> None:
    """Ask a connection that has rested whether it still lives; one that has just answered is believed."""
    if clock.monotonic() - getattr(conn, "answered", 0.0) > TRUSTED_SECONDS:
        ConnectionPool.check_connection(conn)


def close_pools() -> None:
    """Close all pools, after migrations or at the end of the process."""
    global _engine  # noqa: PLW0603 - one engine per process by design
    with _lock:
        for one in _pools.values():
            one.close()
        _pools.clear()
        _engine = None


@contextmanager
def connection(role: str = "app") -> Iterator[Connection]:
    """Borrow a connection; commits at the end of the block, rolls back on an exception.

    Raises:
        Unavailable: ERP-1011 when no connection can be had in time.
    """
    try:
        with pool(role).connection() as conn:
            yield conn
    except PoolTimeout as error:
        raise Unavailable("ERP-1011", "The database is busy or away. Nothing was changed; try again.") from error


@contextmanager
def transaction(tenant_id: int, user_id: int) -> Iterator[Transaction]:
    """Give a transaction of a tenant and user, which begins when it is used; commit at the end of the block, roll back on an exception.

    Raises:
        Unavailable: ERP-1011 when no connection can be had in time.
    """
    one = Transaction(tenant_id, user_id, _take, _give)
    try:
        yield one
    except BaseException:
        one.end(commit=False)
        raise
    one.end(commit=True)


def _take() -> Connection:
    try:
        return pool().getconn()
    except PoolTimeout as error:
        raise Unavailable("ERP-1011", "The database is busy or away. Nothing was changed; try again.") from error


def _give(conn: Connection) -> None:
    conn.answered = clock.monotonic()  # type: ignore[attr-defined]
    pool().putconn(conn)


class _Borrowed:
    """A connection lent to SQLAlchemy: ending the transaction and the connection stays the unit of work's business."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    @property
    def autocommit(self) -> bool:
        return self._conn.autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._conn.autocommit = value

    def commit(self) -> None:
        """Leave the commit to the unit of work."""

    def rollback(self) -> None:
        """Leave the rollback to the unit of work."""

    def close(self) -> None:
        """Leave the connection to the pool."""


def _take_borrowed() -> Any:
    return _Borrowed(_borrowed.conn)


def engine() -> Engine:
    """Return the SQLAlchemy engine that works on whatever connection `lend()` has set for this thread."""
    global _engine  # noqa: PLW0603
    if _engine is None:
        _engine = create_engine(
            "postgresql+psycopg://", creator=_take_borrowed, poolclass=NullPool, use_native_hstore=False, query_cache_size=1000,
        )
    return _engine


@contextmanager
def lend(conn: Connection) -> Iterator[Engine]:
    """Let SQLAlchemy open its connection on `conn` within this block and thread."""
    before = getattr(_borrowed, "conn", None)
    _borrowed.conn = conn
    try:
        yield engine()
    finally:
        _borrowed.conn = before


def ping() -> bool:
    """Tell whether the database answers."""
    query: LiteralString = "SELECT 1"
    try:
        with connection() as conn:
            return conn.execute(query).fetchone() == (1,)
    except (psycopg.Error, Unavailable, RuntimeError):
        return False
