"""The relay: carries committed events to the screens and to the consumers' queues. Any number may run; none may lose anything.

One turn: claim unsent events, publish them to open screens, note the consumers' debts and that the events were sent, commit; then
enqueue jobs. Killed before the commit, it all happens again (screens only look twice); killed after it, the debts are overdue in a
few seconds and are sent again.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import redis

from erp_app.kernel import bus, clock, db, delivery, log, meter, outbox
from erp_app.kernel.config import settings
from erp_app.kernel.delivery import Debt, Event
from erp_app.kernel.errors import ErpError
from erp_app.kernel.fault import fault
from workers import dispatch, schedule, seal
from workers.registry import consumers_of

POLL_SECONDS = 1.0  # also without a wake-up: a notification can be lost with its connection
AWAKE_SECONDS = 0.005  # between looks while somebody is still writing who need not ring
OVERDUE_EVERY = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0


class Relay:
    """One relay process: a connection that listens and claims, and what is to be done besides."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self.stopping = stopping
        self.sealer = seal.Sealer()
        self.schedule = schedule.Schedule()
        self.looked = 0.0
        self.say = log.logger("relay")

    def run(self) -> None:
        """Serve until told to stop; a lost database or Redis is waited for."""
        pause = FIRST_PAUSE
        while not self.stopping():
            try:
                with psycopg.connect(
                    settings().relay_url or "",
                    autocommit=True,
                    application_name="satu-relay",
                    connect_timeout=5,
                    options="-c lock_timeout=15s -c statement_timeout=60s -c timezone=UTC",
                ) as conn:
                    outbox.listen(conn)
                    self.say.info("relay.listening")
                    while not self.stopping():
                        self._turn(conn)
                        pause = FIRST_PAUSE
            except (psycopg.Error, redis.RedisError, ErpError) as error:
                self.say.warning("relay.away", error=f"{type(error).__name__}: {error}".strip(), again_in=pause)
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _turn(self, conn: db.Connection) -> None:
        """Forward one batch and see to what is due; sleep when there was nothing."""
        some = self._forward(conn)
        moment = clock.monotonic()
        if moment - self.looked >= OVERDUE_EVERY:
            self.looked = moment
            resend(conn)
            self.sealer.seal(conn)
            self.schedule.tick(conn)
            meter.share("relay")
        if some:
            return
        if not outbox.doze(conn):
            time.sleep(AWAKE_SECONDS)
            return
        if not self._forward(conn):  # whoever did not ring has committed by now
            for _ in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
        outbox.awake(conn)

    def _forward(self, conn: db.Connection) -> bool:
        events = forward(conn)
        self.sealer.noticed(one.tenant_id for one in events)
        return bool(events)


def forward(conn: db.Connection) -> list[Event]:
    """Send one batch of events; return it (empty: nothing to do).

    Raises:
        psycopg.Error, redis.RedisError: when one of the two is away; what was not marked as sent is sent later.
    """
    with conn.transaction():
        events = delivery.claim(conn)
        if not events:
            return []
        debts = [consumer.debt(event) for event in events for consumer in consumers_of(event)]
        fault("relay_after_claim")
        publish(events, busy={one.tenant_id for one in debts})
        fault("relay_after_publish")
        delivery.owe(conn, debts)
        delivery.mark_sent(conn, events)
        fault("relay_before_commit")
    fault("relay_after_commit")
    _enqueue(debts)
    fault("relay_after_enqueue")
    meter.count("events_sent", len(events))
    return events


def publish(events: Sequence[Event], busy: set[int]) -> None:
    """Tell open screens what happened, and that something did; tenants in `busy` have new work in their queues."""
    now = clock.now().isoformat(timespec="milliseconds")
    with bus.client().pipeline(transaction=False) as pipe:
        for one in events:
            if one.topics:
                pipe.publish(bus.live_channel(one.tenant_id), _message(one.topics, one.name, one.payload, one.id))
        for tenant in {one.tenant_id for one in events}:
            pipe.publish(bus.live_channel(tenant), _message(("pulse",), "company.changed", {"live": now}, 0))
        for tenant in busy:
            pipe.publish(bus.live_channel(tenant), _message(("queue",), "queue.changed", {}, 0))
        pipe.execute()


def resend(conn: db.Connection) -> int:
    """Send overdue debts again; return how many."""
    debts = delivery.overdue(conn)
    if debts:
        meter.count("events_sent_again", len(debts))
        _enqueue(debts, again=True)
    return len(debts)


def _enqueue(debts: list[Debt], *, again: bool = False) -> None:
    """Enqueue jobs; without Redis the debts simply become overdue."""
    try:
        dispatch.send(debts, again=again)
    except redis.RedisError as error:
        log.logger("relay").warning("relay.queues_away", error=str(error), debts=len(debts))


def _message(topics: Sequence[str], name: str, payload: dict[str, Any], event_id: int) -> str:
    return json.dumps({"topics": list(topics), "event": name, "payload": payload, "id": event_id}, default=str)


def main() -> None:
    """Relay until SIGTERM or Ctrl-C."""
    log.configure()
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda arrived, _frame: asked.append(arrived))
    Relay(lambda: bool(asked)).run()
    db.close_pools()


if __name__ == "__main__":
    main()
