"""What was committed is there after any kill, and what died is started again."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psycopg
import pytest
import redis

from tests.runtime.system import Up, command_line, eventually, get

pytestmark = [pytest.mark.slow, pytest.mark.crash]
Start = Callable[..., Up]
PARTS = {
    "web": ("granian",),
    "worker": ("workers.main",),
    "relay": ("workers.relay",),
    "Valkey": ("valkey-server",),
    "PostgreSQL": ("postgres", "-D"),
}


def write(system: Up, note: str) -> None:
    """One committed row and one key."""
    with psycopg.connect(system.endpoints().admin_url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS crash_note (note text PRIMARY KEY)")
        conn.execute("INSERT INTO crash_note VALUES (%s)", (note,))
    with redis.Redis.from_url(system.endpoints().redis_url) as client:
        client.set(f"note:{note}", 1)
        client.set(f"token_manager_socket_record_{note}", 1)


def notes(system: Up) -> set[str]:
    """The committed rows."""
    with psycopg.connect(system.endpoints().admin_url) as conn:
        return {row[0] for row in conn.execute("SELECT note FROM crash_note")}


def test_a_kill_of_everything_loses_nothing(up: Start) -> None:
    written = set()
    system = up().ready()
    for turn in ("first", "second"):
        write(system, turn)
        written.add(turn)
        with redis.Redis.from_url(system.endpoints().redis_url) as client:
            client.execute_command("WAITAOF", 1, 0, 5000)
        system.kill_everything()
        assert (system.data.path / "postgres" / "cluster" / "postmaster.pid").exists()
        system = up().ready()
        assert notes(system) == written
        with redis.Redis.from_url(system.endpoints().redis_url) as client:
            assert {note for note in written if client.get(f"note:{note}")} == written
            assert list(client.scan_iter("token_manager_socket_record_*")) == []
        assert 200 <= get(system.port) < 500
    assert system.stop() == 0


def test_nothing_outlives_a_killed_supervisor(up: Start) -> None:
    system = up().ready()
    write(system, "kept")
    system.process.kill()
    system.process.wait()
    assert eventually(lambda: system.family() == [], 30), [(one.pid, command_line(one)) for one in system.family()]
    again = up().ready()
    assert notes(again) == {"kept"}
    assert again.stop() == 0


def test_survivors_of_a_kill_are_ended_by_the_next_start(up: Start) -> None:
    system = up().ready()
    write(system, "kept")
    for part in ("worker", "web"):
        system.child(*PARTS[part]).suspend()  # a stopped process cannot obey, so it survives its parent
    system.process.kill()
    system.process.wait()
    again = up().ready()
    assert "processes of a start that was killed" in again.said
    assert notes(again) == {"kept"}
    assert 200 <= get(again.port) < 500
    assert again.stop() == 0
    assert again.family() == []


def test_every_part_that_dies_is_started_again(up: Start) -> None:
    system = up().ready()
    for name, words in PARTS.items():
        victim = system.child(*words)
        write(system, name)
        victim.send_signal(signal.SIGKILL)
        assert eventually(lambda words=words, victim=victim: _other(system, words, victim.pid), 40), name
        assert eventually(lambda: 200 <= get(system.port) < 500, 40), name
        assert eventually(lambda: _writable(system), 40), name
        assert any(line.startswith(name) and "SIGKILL" in line and "starting it again" in line for line in system.lines), system.said
    assert notes(system) == set(PARTS)
    assert system.stop() == 0
    assert system.family() == []


def _other(system: Up, words: tuple[str, ...], pid: int) -> bool:
    return any(one.pid != pid for one in system.matching(*words))


def _writable(system: Up) -> bool:
    try:
        with redis.Redis.from_url(system.endpoints().redis_url) as client:
            return bool(notes(system)) and bool(client.ping())
    except (psycopg.OperationalError, redis.RedisError):
        return False
