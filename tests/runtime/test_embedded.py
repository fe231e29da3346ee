"""The servers we bring along: they keep what was committed, belong to one owner at a time, and recover from any kill."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from erp_app.kernel.embedded import ServerError, start_postgres, start_valkey
from erp_app.kernel.embedded.process import SOCKET_PATH_LIMIT, living_in


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path."""
    made = Path(tempfile.mkdtemp(prefix="srv"))
    yield made
    shutil.rmtree(made)


def test_postgres_keeps_what_was_committed_when_it_is_killed(short: Path) -> None:
    server = start_postgres(short / "pg")
    with psycopg.connect(server.url_for("postgres"), autocommit=True) as conn:
        conn.execute("CREATE TABLE kept (i int)")
        conn.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    server.kill9()
    again = start_postgres(short / "pg")
    try:
        with psycopg.connect(again.url_for("postgres")) as conn:
            assert conn.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    finally:
        again.stop()
    assert living_in(again.cluster, "postgres") == []


def test_back_ends_that_outlive_their_postmaster_do_not_stop_the_next_start(short: Path) -> None:
    server = start_postgres(short / "pg")
    busy = psycopg.connect(server.url_for("postgres"), autocommit=True)
    for process in living_in(server.cluster, "postgres"):
        if process.pid == busy.info.backend_pid:
            process.suspend()  # it cannot notice that its postmaster has died
    server.kill9()
    assert [process.pid for process in living_in(server.cluster, "postgres") if process.pid == busy.info.backend_pid]
    again = start_postgres(short / "pg")
    again.stop()
    assert living_in(again.cluster, "postgres") == []


def test_valkey_keeps_what_it_was_told_when_it_is_killed(short: Path) -> None:
    server = start_valkey(short / "kv")
    with redis.Redis.from_url(server.url(1)) as client:
        client.set("kept", "1")
        client.execute_command("WAITAOF", 1, 0, 5000)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    server.kill9()
    again = start_valkey(short / "kv")
    try:
        with redis.Redis.from_url(again.url(1)) as client:
            assert client.get("kept") == b"1"
        with redis.Redis.from_url(again.url()) as client:
            assert client.get("kept") is None, "each database is apart"
    finally:
        again.stop()


def test_a_folder_serves_one_owner_at_a_time(short: Path) -> None:
    server = start_valkey(short / "kv")
    try:
        with pytest.raises(ServerError, match="is already running, started by another process"):
            start_valkey(short / "kv")
        with redis.Redis.from_url(server.url()) as client:
            assert client.ping()
    finally:
        server.stop()


def test_a_long_path_is_no_hindrance(short: Path) -> None:
    deep = short / ("long" * 20) / ("path" * 20)
    server = start_postgres(deep)
    try:
        assert len(os.fsencode(deep)) > SOCKET_PATH_LIMIT
        with psycopg.connect(server.url_for("postgres")) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        shutil.rmtree(server.sockets)


def test_a_server_dies_with_the_process_that_started_it(short: Path) -> None:
    inside, outside = os.pipe()
    child = os.fork()
    if child == 0:
        start_valkey(short / "kv")
        os.write(outside, b"up")
        signal.pause()
    assert os.read(inside, 2) == b"up"
    server = living_in(short / "kv", "valkey-server")
    assert len(server) == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    server[0].wait(10)
    assert living_in(short / "kv", "valkey-server") == []
