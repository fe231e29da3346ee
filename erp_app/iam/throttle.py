"""Limits over all processes: sliding windows in Redis, moved by one Lua script on the clock of Redis.

Failed logins: 5 in 15 minutes by account and by address. An attempt is counted before the password is checked and given back
after a success, so that a hundred attempts at once are still five.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import redis

from erp_app.iam.address import throttle_key
from erp_app.kernel import bus, limits, log
from erp_app.kernel.errors import Throttled, Unavailable
from erp_app.kernel.ids import new_key

# KEYS: windows; ARGV: milliseconds, member, then one limit for each window. All windows have room: the member is added to
# each and 0 is returned; otherwise nothing is added and the answer is the number of milliseconds until there is room.
_WINDOWS = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local span, wait = tonumber(ARGV[1]), 0
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - span)
  local limit = tonumber(ARGV[2 + i])
  local used = redis.call('ZCARD', key)
  if used >= limit then
    local freed = redis.call('ZRANGE', key, used - limit, used - limit, 'WITHSCORES')
    wait = math.max(wait, tonumber(freed[2]) + span - now)
  end
end
if wait > 0 then return wait end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[2])
  redis.call('PEXPIRE', key, span + 1000)
end
return 0
"""


@dataclass(frozen=True)
class Attempt:
    """A counted login attempt, to be given back when it succeeds."""

    windows: tuple[str, str]
    member: str


def login_attempt(username: str, address: str) -> Attempt:
    """Count a login attempt.

    Raises:
        Throttled: ERP-1311 when the account or the address has five failures in the last 15 minutes.
        Unavailable: ERP-1312 when Redis is away: without the count nobody is let in.
    """
    windows = (f"login:account:{_digest(username)}", f"login:address:{throttle_key(address)}")
    member = new_key()
    try:
        wait = _take(windows, member, limits.LOGIN_WINDOW, (limits.LOGIN_FAILURES, limits.LOGIN_FAILURES))
    except redis.RedisError as error:
        raise Unavailable(
            "ERP-1312", "Logging in is not possible at the moment, because the counter of attempts does not answer. Try again in a minute.",
        ) from error
    if wait:
        minutes = -(-wait // 60)
        raise Throttled("ERP-1311", f"Too many failed logins. Try again in {minutes} minute{'s' if minutes > 1 else ''}.", data={"retry_after": wait})
    return Attempt(windows, member)


def give_back(attempt: Attempt) -> None:
    """Uncount an attempt that succeeded."""
    try:
        for window in attempt.windows:
            bus.client().zrem(window, attempt.member)
    except redis.RedisError:
        log.logger("throttle").warning("redis_away", what="give_back")


def wait_for(name: str, limit: int, seconds: int = 60) -> int:
    """Count one request in the window `name`; return 0, or the seconds to wait when `limit` requests are in it already.

    Redis away: 0, since reading goes on.
    """
    try:
        return _take((f"rate:{name}",), new_key(), seconds, (limit,))
    except redis.RedisError:
        log.logger("throttle").warning("redis_away", what=name)
        return 0


def _take(windows: tuple[str, ...], member: str, seconds: int, counts: tuple[int, ...]) -> int:
    script = bus.client().register_script(_WINDOWS)
    milliseconds = int(script(keys=list(windows), args=[seconds * 1000, member, *counts]))
    return -(-milliseconds // 1000)


def _digest(username: str) -> str:
    return hashlib.sha256(username.encode()).hexdigest()[:32]
