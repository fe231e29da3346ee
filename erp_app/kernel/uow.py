"""The unit of work: one transaction for one tenant and one user, and the only place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.pq.abc import PGresult
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from erp_app.kernel import audit, db, outbox
from erp_app.kernel.actor import Actor
from erp_app.kernel.errors import ErpError, Unavailable
from erp_app.kernel.fault import fault
from erp_app.kernel.transaction import Statement, Transaction, Values
from erp_app.kernel.translation import LEDGER_REFUSAL, translate

ATTEMPTS = 4
T = TypeVar("T")
Query = LiteralString | SQL | Composed
Params = Sequence[Any] | Mapping[str, Any] | None


class Work:
    """One open transaction. Services take it as their first argument; none of them commits.

    Attributes:
        actor: who acts.
    """

    def __init__(self, actor: Actor, transaction: Transaction, *, dry_run: bool) -> None:
        self.actor = actor
        self._transaction = transaction
        self.dry_run = dry_run
        self._session: Session | None = None
        self._after_commit: list[Callable[[], None]] = []
        self.emitted = False

    @property
    def conn(self) -> db.Connection:
        """The psycopg connection (tuple rows)."""
        return self._transaction.conn

    @property
    def now(self) -> datetime:
        """The transaction's time, aware, UTC."""
        return self._transaction.now

    @property
    def session(self) -> Session:
        """The SQLModel session on this same transaction, opened at first use."""
        if self._session is None:
            with db.lend(self.conn) as engine:
                self._session = Session(engine.connect(), expire_on_commit=False)
        return self._session

    def rows(self, query: Query, params: Params = None) -> list[dict[str, Any]]:
        """Return all rows as dicts; pending session changes are flushed first."""
        self.flush()
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def row(self, query: Query, params: Params = None) -> dict[str, Any] | None:
        """Return the first row as a dict, or None."""
        self.flush()
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchone()

    def first(self, query: Query, params: Params = None) -> tuple[Any, ...] | None:
        """Return the first row as it comes, or None."""
        self.flush()
        return self.conn.execute(query, params).fetchone()

    def ask(self, statement: Statement, values: Values) -> PGresult:
        """Execute one of the statements that are asked most, in one round trip with what opens the transaction when it is the first."""
        self.flush()
        return self._transaction.ask(statement, values)

    def value(self, query: Query, params: Params = None) -> Any:
        """Return the first column of the first row, or None."""
        found = self.first(query, params)
        return found[0] if found else None

    def run(self, query: Query, params: Params = None) -> int:
        """Execute a statement and return the number of rows it touched."""
        self.flush()
        return self.conn.execute(query, params).rowcount

    def flush(self) -> None:
        """Send what the session holds back."""
        if self._session is not None:
            self._session.flush()

    def emit(self, name: str, payload: Mapping[str, Any], topics: Sequence[str] = ()) -> None:
        """Write an event into the outbox; it is delivered after the commit, at least once."""
        outbox.add(self.conn, self.actor.tenant_id, name, payload, topics, self.actor.request_id)
        self.emitted = True

    def audit(
        self, action: str, *, resource: str, record_id: int | None = None,
        before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, reason: str | None = None,
    ) -> None:
        """Write an audit row; the sealer links it into the tenant's hash chain after the commit."""
        self.flush()
        audit.add(self.conn, self.actor, audit.Entry(action, resource, record_id, before, after, reason))

    def lock(self, kind: str, ids: Sequence[int]) -> None:
        """Take transaction locks on named things, always in sorted order, so that two units of work cannot deadlock."""
        for one in sorted(set(ids)):
            self.conn.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{self.actor.tenant_id}:{kind}:{one}",),
            )

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run something harmless to lose after a successful commit."""
        self._after_commit.append(call)

    def close_session(self) -> None:
        """Detach the session from the connection before it goes back to the pool."""
        if self._session is not None:
            bind = self._session.get_bind()  # not connection(): after a failed flush that would raise and hide the reason
            self._session.close()
            bind.close()  # type: ignore[union-attr]
            self._session = None


@contextmanager
def unit_of_work(actor: Actor, *, dry_run: bool = False) -> Iterator[Work]:
    """Open a transaction for an actor; commit at the end of the block, or roll back on an exception or a dry run.

    Raises:
        ErpError: every database refusal, translated.
    """
    calls: list[Callable[[], None]] = []
    try:
        with db.transaction(actor.tenant_id, actor.user_id) as transaction:
            work = Work(actor, transaction, dry_run=dry_run)
            try:
                yield work
                work.flush()
                if dry_run:
                    work.conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
            finally:
                work.close_session()
                if dry_run:
                    work.conn.rollback()
            calls = work._after_commit  # noqa: SLF001 - same module
            if work.emitted:
                fault("before_commit")
    except psycopg.Error as error:
        raise _refusal(actor, error, dry_run=dry_run) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise _refusal(actor, error.orig, dry_run=dry_run) from error
        raise
    if not dry_run:
        if work.emitted:
            fault("after_commit")
        for call in calls:
            call()


def carry_out(actor: Actor, call: Callable[[Work], T]) -> T:
    """Run a call in a unit of work of its own; when the database ends it to free others from a deadlock, run it again.

    Nothing was stored then, so whoever asked need not know. `call` must have no effect outside its unit of work.

    Raises:
        ErpError: what was refused; ERP-1009 when it met a deadlock each time.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            with unit_of_work(actor) as work:
                return call(work)
        except Unavailable as refused:
            cause = refused.__cause__
            if not isinstance(getattr(cause, "orig", cause), psycopg.errors.DeadlockDetected):
                raise
    with unit_of_work(actor) as work:
        return call(work)


def _refusal(actor: Actor, error: psycopg.Error, *, dry_run: bool) -> ErpError:
    """Translate a database refusal; what the ledger refused is audited, for attempts tell as much as deeds.

    The audit row has a transaction of its own, because the refused one is rolled back; losing it must not hide the refusal.
    """
    told = translate(error)
    if error.sqlstate == LEDGER_REFUSAL and not dry_run:
        with suppress(ErpError, psycopg.Error), db.transaction(actor.tenant_id, actor.user_id) as transaction:
            audit.add(transaction.conn, actor, audit.Entry("ledger.refused", "posting", None, None, {"code": told.code, **told.data}, told.detail))
    return told
