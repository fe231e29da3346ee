"""A transaction of one tenant and user that begins with its first statement, and sends that one together with what opens it.

A round trip costs as much as several statements, so the usual two (open, then ask) are one where the first statement is among those that
are asked most. The protocol's pipeline does it: several prepared statements, one message there and one back.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Connection = psycopg.Connection[tuple[Any, ...]]
Values = Sequence[str | None]
_SQLSTATE = DiagnosticField.SQLSTATE
_FORGOTTEN = b"26000"  # psycopg has let go of everything that was prepared on the connection, as it does after a DROP


class Statement:
    """A statement that every connection prepares once. Its values are texts: it says itself what each is read as.

    Attributes:
        text: with `%s` for each value, as psycopg wants it; `numbered`: the same as PostgreSQL wants it.
        name: under which it is prepared.
    """

    _made = 0

    def __init__(self, text: LiteralString) -> None:
        first, *rest = text.split("%s")
        Statement._made += 1
        self.text: LiteralString = text
        self.numbered = (first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))).encode()
        self.name = f"erp_{Statement._made}".encode()


_BEGIN = Statement("BEGIN")
_SETTINGS = Statement("SELECT set_config('app.tenant', %s, true), set_config('app.user', %s, true), now()")


class Transaction:
    """One transaction, not begun before it is used.

    Raises:
        psycopg.Error: what the database refuses; an OperationalError when no living connection can be had.
    """

    def __init__(self, tenant_id: int, user_id: int, take: Callable[[], Connection], give: Callable[[Connection], None]) -> None:
        self._who = (str(tenant_id), str(user_id))
        self._take, self._give = take, give
        self._conn: Connection | None = None
        self._now = ""

    @property
    def conn(self) -> Connection:
        """The connection, with the transaction open."""
        return self._conn or self._begin(())[0]

    @property
    def now(self) -> datetime:
        """The transaction's time, aware, UTC."""
        if not self._now:
            self._begin(())
        return datetime.fromisoformat(self._now)

    def ask(self, statement: Statement, values: Values) -> PGresult:
        """Execute a statement; the first one travels with what opens the transaction."""
        if self._conn is None:
            return self._begin(((statement, values),))[1]
        result = self._conn.execute(statement.text, values).pgresult
        assert result is not None  # noqa: S101 - it was executed
        return result

    def end(self, *, commit: bool) -> None:
        """Commit or roll back what was begun, and give the connection back."""
        conn, self._conn = self._conn, None
        if conn is None:
            return
        try:
            if commit:
                conn.commit()
            else:
                with suppress(psycopg.Error):  # a connection that died has rolled back, and the reason is on its way up
                    conn.rollback()
        finally:
            self._give(conn)

    def _begin(self, first: Sequence[tuple[Statement, Values]]) -> tuple[Connection, PGresult]:
        """Open the transaction; a connection that has died since it was used last is replaced, once.

        Returns:
            The connection, and the answer to the last statement.
        """
        steps = ((_BEGIN, ()), (_SETTINGS, self._who), *first)
        try:
            conn, answers = self._sent(steps)
        except psycopg.OperationalError:
            conn, answers = self._sent(steps)
        self._conn = conn
        failed = next((answer for answer in answers if answer.status == ExecStatus.FATAL_ERROR), None)
        if failed:
            raise psycopg.errors.error_from_result(failed)
        opened = answers[-len(steps):]
        self._now = (opened[1].get_value(0, 2) or b"").decode()
        return conn, opened[-1]

    def _sent(self, steps: Sequence[tuple[Statement, Values]]) -> tuple[Connection, list[PGresult]]:
        conn = self._take()
        try:
            answers = _exchange(conn, steps)
            if _forgotten(answers):
                conn.rollback()
                answers = _exchange(conn, steps)
        except BaseException:
            self._give(conn)
            raise
        return conn, answers


def _prepared(conn: Connection) -> set[bytes]:
    """Return the names of our statements that this connection has prepared."""
    names: set[bytes] | None = getattr(conn, "prepared_names", None)
    if names is None:
        names = conn.prepared_names = set()  # type: ignore[attr-defined]
    return names


def _exchange(conn: Connection, steps: Sequence[tuple[Statement, Values]]) -> list[PGresult]:
    """Send statements in one message, after what prepares them; whoever is interrupted meanwhile leaves a closed connection.

    Returns:
        The answers to what prepared some of them, and then to all of them.
    """
    pgconn, names = conn.pgconn, _prepared(conn)
    fresh = [statement for statement, _ in steps if statement.name not in names]
    try:
        pgconn.enter_pipeline_mode()
        for statement in fresh:
            pgconn.send_prepare(statement.name, statement.numbered)
        for statement, values in steps:
            pgconn.send_query_prepared(statement.name, [None if value is None else value.encode() for value in values])
        pgconn.pipeline_sync()
        answers = list(_answers(pgconn))
        pgconn.exit_pipeline_mode()
    except BaseException:
        pgconn.finish()
        raise
    if _forgotten(answers):
        names.clear()
    names.update(statement.name for statement, answer in zip(fresh, answers, strict=False) if answer.status == ExecStatus.COMMAND_OK)
    return answers


def _forgotten(answers: Sequence[PGresult]) -> bool:
    return any(answer.error_field(_SQLSTATE) == _FORGOTTEN for answer in answers)


def _answers(pgconn: PGconn) -> Iterator[PGresult]:
    """Yield what comes back, up to the end of the message."""
    watch = select.poll()
    while pgconn.flush():
        watch.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        watch.poll()
        pgconn.consume_input()
    watch.register(pgconn.socket, select.POLLIN)
    while True:
        while pgconn.is_busy():
            watch.poll()
            pgconn.consume_input()
        answer = pgconn.get_result()
        if pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        if answer is not None:
            if answer.status == ExecStatus.PIPELINE_SYNC:
                return
            yield answer
