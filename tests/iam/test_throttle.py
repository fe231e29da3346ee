"""Guessing is limited by account and by address, over all processes, and asking by user; forged addresses help nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from erp_app.iam import login, throttle
from erp_app.iam.address import client_address, throttle_key
from erp_app.kernel import bus
from erp_app.kernel.config import settings
from erp_app.kernel.errors import Throttled, Unauthorized, Unavailable
from tests.iam.people import PASSWORD


def fail(name, address="127.0.0.1"):
    with pytest.raises(Unauthorized, match="Username or password is wrong"):
        login.check(name, "wrong", address=address, via="web")


def age(seconds):
    """Let everything that was counted have happened so many seconds ago, on the clock of Redis."""
    client = bus.client()
    now = client.time()[0]
    for key in client.scan_iter("*"):
        if client.type(key) == b"zset":
            for member in client.zrange(key, 0, -1):
                client.zadd(key, {member: (now - seconds) * 1000})


def test_the_sixth_login_of_an_account_is_refused_even_with_the_right_password(town):
    name, begun = town.ours.name("staff"), time.monotonic()
    for n in range(5):
        fail(name, f"10.0.0.{n}")
    with pytest.raises(Throttled, match="Too many failed logins") as refused:
        login.check(name, PASSWORD, address="10.0.1.1", via="web")
    assert 899 - (time.monotonic() - begun) <= refused.value.data["retry_after"] <= 900
    assert login.check(town.ours.name("admin"), PASSWORD, address="10.0.1.1", via="web")


def test_the_sixth_login_from_an_address_is_refused_for_every_account(town):
    for n in range(5):
        fail(f"guess{n}", "10.9.9.9")
    with pytest.raises(Throttled):
        login.check(town.ours.name("admin"), PASSWORD, address="10.9.9.9", via="web")
    assert login.check(town.ours.name("admin"), PASSWORD, address="10.9.9.8", via="web")


def test_it_ends_after_fifteen_minutes_and_not_earlier(town):
    name = town.ours.name("staff")
    for _ in range(5):
        fail(name)
    age(890)
    with pytest.raises(Throttled):
        login.check(name, PASSWORD, address="127.0.0.1", via="web")
    age(901)
    assert login.check(name, PASSWORD, address="127.0.0.1", via="web")


def test_successful_logins_are_not_counted(town):
    for _ in range(8):
        assert login.check(town.ours.name("staff"), PASSWORD, address="127.0.0.1", via="web")


def test_unknown_and_known_users_are_refused_with_the_same_words_and_after_the_same_time(town):
    names = (town.ours.name("manager"), "nobody.at.all")
    login.check(town.ours.name("staff"), PASSWORD, address="10.0.0.1", via="web")
    spent = {name: [] for name in names}
    for n in range(5):
        for place, name in enumerate(names):  # in turns, so that a busy machine is busy for both
            begun = time.perf_counter()
            fail(name, f"10.1.{place}.{n}")
            spent[name].append(time.perf_counter() - begun)
    for name in names:
        with pytest.raises(Throttled):
            login.check(name, "wrong", address="10.2.0.1", via="web")
    known, unknown = (min(times) for times in spent.values())
    assert abs(known - unknown) < max(known, unknown) * 0.5
    assert min(known, unknown) > 0.01


def test_a_hundred_attempts_at_once_are_five(town):
    from concurrent.futures import ThreadPoolExecutor

    name = town.ours.name("staff")

    def attempt(n):
        try:
            throttle.login_attempt(name, f"10.3.0.{n}")
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(100))) == 5


def test_two_processes_share_the_count(town):
    code = (
        "import sys\nfrom erp_app.iam import throttle\nfrom erp_app.kernel.errors import Throttled\n"
        "n = 0\nfor _ in range(4):\n    try:\n        throttle.login_attempt(sys.argv[1], '10.4.0.1'); n += 1\n    except Throttled:\n        pass\nprint(n)"
    )
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", code, town.ours.name("staff")], env=dict(os.environ), capture_output=True, text=True, check=True
            ).stdout.split()[-1]
        )
        for _ in range(2)
    ]
    assert counts == [4, 1]


def test_a_demo_password_opens_nothing_from_elsewhere(town):
    from erp_app.iam import repo
    from erp_app.iam.passwords import make_hash
    from erp_app.kernel.actor import system_actor
    from erp_app.kernel.uow import unit_of_work

    with unit_of_work(system_actor(town.ours.id)) as work:
        repo.put_password(work, town.ours.users["staff"], make_hash("demo"), demo=True)
    assert login.check(town.ours.name("staff"), "demo", address="127.0.0.1", via="web")
    with pytest.raises(Unauthorized):
        login.check(town.ours.name("staff"), "demo", address="10.0.0.1", via="web")


def test_the_hundred_and_first_request_of_a_minute_waits(town):
    assert [throttle.wait_for("someone", 100) for _ in range(100)] == [0] * 100
    assert 50 <= throttle.wait_for("someone", 100) <= 60
    assert throttle.wait_for("someone else", 100) == 0
    age(61)
    assert throttle.wait_for("someone", 100) == 0


def test_without_redis_nobody_logs_in_but_reading_goes_on(town, monkeypatch):
    monkeypatch.setenv("ERP_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    bus.client.cache_clear()
    try:
        with pytest.raises(Unavailable, match="not possible at the moment"):
            login.check(town.ours.name("staff"), PASSWORD, address="127.0.0.1", via="web")
        assert throttle.wait_for("someone", 1) == 0
        assert throttle.wait_for("someone", 1) == 0
    finally:
        monkeypatch.undo()
        settings.cache_clear()
        bus.client.cache_clear()


def test_forged_forwarding_headers_change_nothing_without_trusted_proxies():
    for n in range(50):
        assert client_address("203.0.113.7", f"10.0.0.{n}, 192.168.1.{n}", 0) == "203.0.113.7"


def test_behind_trusted_proxies_the_address_they_saw_counts():
    assert client_address("10.0.0.1", "6.6.6.6, 203.0.113.7", 1) == "203.0.113.7"
    assert client_address("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2", 2) == "203.0.113.7"
    assert client_address("10.0.0.1", "203.0.113.7", 2) == "10.0.0.1"
    assert client_address("10.0.0.1", "nonsense", 1) == "10.0.0.1"
    assert client_address(None, "", 1) == "-"


def test_addresses_of_one_ipv6_network_are_one():
    assert throttle_key("2001:db8:1:2::1") == throttle_key("2001:db8:1:2:ffff::9") != throttle_key("2001:db8:1:3::1")
    assert throttle_key("::ffff:10.0.0.1") == "10.0.0.1"
