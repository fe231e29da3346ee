"""How fast a change is seen: from the message (and from the commit) to every open screen, and from a posting's button to its answer.

The clients are the same for our server and for the reference, a bare python-socketio server measured in the same run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import erp_app.domains  # noqa: F401 - all document types
from erp_app.bench import echo
from erp_app.bench.whole import Whole, free_port, whole_system
from erp_app.bench.wire import Tab
from erp_app.document import registry, service
from erp_app.iam import service as iam
from erp_app.iam import sessions
from erp_app.kernel import bus
from erp_app.kernel.actor import Actor, system_actor
from erp_app.kernel.embedded.process import spawn, stop_process
from erp_app.kernel.installation import ROOT, this_python
from erp_app.kernel.machine import answers
from erp_app.kernel.uow import unit_of_work

SEEN_GOAL, ANSWER_GOAL = 50.0, 100.0  # milliseconds, p95
TICKS_A_SECOND = 2.0
LOGINS = 20  # a login may send 1,200 events a minute
SESSION = "reflex___state____state.erp_app___state___session____session"
LISTING = "reflex___state____state.erp_app___state___listing____listing"
DETAIL = "reflex___state____state.erp_app___state___detail____detail"
POSTINGS, LINES = 42, 5
WARM_UP = 2  # of each series
PATIENCE = 3.0  # seconds


def run(rows: int = 200, repeats: int = 24) -> Iterator[dict[str, Any]]:
    """Yield the figures; `rows` is the number of open screens, `repeats` the number of messages."""
    with whole_system(demo=False) as system:
        actor = company()
        yield from asyncio.run(_measure(system, actor, rows, repeats))


async def _measure(system: Whole, actor: Actor, screens: int, ticks: int) -> list[dict[str, Any]]:
    with _reference() as port:
        tabs = await opened(port, [""], screens)
        floor = await _seen(tabs, ticks, _publisher(lambda: bus.client().publish(echo.CHANNEL, "tick")), '"delta"')
        round_trip = [await tabs[0].ask("echo", lambda text: '"echo"' in text) for _ in range(POSTINGS)]
        await closed(tabs)
    cookies = [login(actor) for _ in range(LOGINS)]
    tabs = await opened(system.port, cookies, screens)
    for tab in tabs:
        await tab.ask(f"{SESSION}.start", lambda text: "ready_rx_state_" in text)
    pulse = {"topics": ["pulse"], "event": "bench", "payload": {"live": "now"}}
    pushed = await _seen(tabs, ticks, _publisher(lambda: bus.publish(actor.tenant_id, pulse)), "pulse_rx_state_")
    committed = await _seen(tabs, ticks, _publisher(lambda: _commit(actor)), "pulse_rx_state_")
    posted = await _postings(system.port, cookies[0], actor)
    await closed(tabs)
    return [
        _figure("live.publish_to_seen", pushed, floor, SEEN_GOAL, screens=screens),
        _figure("live.commit_to_seen", committed, floor, None, screens=screens),
        _figure("live.screen_posting", posted, round_trip, ANSWER_GOAL, screens=screens + 1),
    ]


def _figure(name: str, seconds: Sequence[float], floor: Sequence[float], goal: float | None, **more: Any) -> dict[str, Any]:
    """Return one line: p50 and p95 in milliseconds, those of the reference, and the ratio of the p95s."""
    found: dict[str, Any] = {"figure": name, **_quantiles(seconds), "count": len(seconds), "reference": "bare python-socketio"}
    reference = _quantiles(floor)
    found |= {f"reference_{key}": value for key, value in reference.items()}
    found |= {"ratio": round(found["p95_ms"] / reference["p95_ms"], 2), **more}
    return found if goal is None else found | {"goal_ms": goal, "ok": found["p95_ms"] < goal}


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"p50_ms": round(cuts[9] * 1000, 2), "p95_ms": round(cuts[18] * 1000, 2)}


async def opened(port: int, cookies: Sequence[str], count: int) -> list[Tab]:
    """Open tabs ten at a time, as people come in the morning."""
    tabs = [Tab(port, cookie=cookies[n % len(cookies)]) for n in range(count)]
    for start in range(0, count, 10):
        await asyncio.gather(*(tab.open() for tab in tabs[start : start + 10]))
    return tabs


async def closed(tabs: Sequence[Tab]) -> None:
    """Close tabs."""
    for tab in tabs:
        await tab.close()


def _publisher(call: Callable[[], Any]) -> Callable[[], float]:
    """Return a call that answers with the moment at which it was done."""

    def publish() -> float:
        call()
        return time.perf_counter()

    return publish


async def _seen(tabs: Sequence[Tab], ticks: int, publish: Callable[[], float], mark: str) -> list[float]:
    """Publish again and again; return for each tab and time the seconds until it was seen. The first two only warm up.

    Raises:
        RuntimeError: when not every tab saw every message within three seconds.
    """
    moments: list[float] = []
    found: list[float] = []

    def heard(moment: float, text: str) -> None:
        if mark in text:
            moments.append(moment)

    for tab in tabs:
        tab.heard = heard
    for tick in range(ticks + 2):
        moments.clear()
        began = time.perf_counter()
        sent = await asyncio.to_thread(publish)
        while len(moments) < len(tabs):
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"{len(tabs) - len(moments)} of {len(tabs)} screens did not see a change")
            await asyncio.sleep(0.005)
        if tick >= WARM_UP:
            found += [moment - sent for moment in moments]
        await asyncio.sleep(max(0.0, began + 1 / TICKS_A_SECOND - time.perf_counter()))
    return found


async def _postings(port: int, cookie: str, actor: Actor) -> list[float]:
    """Open one draft receipt after the other and press its button; return the seconds from the button to `posted` on the screen."""
    found = []
    receipts = await asyncio.to_thread(lambda: [draft(actor, n) for n in range(POSTINGS)])
    tab = Tab(port, cookie=cookie)
    await tab.open()
    for receipt in receipts:
        tab.path = f"/goods-receipts/{receipt}"
        await tab.ask(f"{DETAIL}.open", lambda text: '"state_rx_state_":"draft"' in text)
        found.append(await tab.ask(f"{DETAIL}.press", lambda text: '"state_rx_state_":"posted"' in text, {"action": "post"}))
    await tab.close()
    return found[WARM_UP:]


def company() -> Actor:
    """Found a company with what a receipt needs; return its administrator."""
    tenant = iam.create_tenant("BENCH", "Measured company")
    with unit_of_work(system_actor(tenant)) as work:
        user = iam.create_user(work, "bench", "Bench", roles=["admin"])
        for plural, data in (
            ("units", {"code": "PCS", "name": "Piece"}), ("suppliers", {"code": "S", "name": "Supplier"}),
            ("places", {"code": "BW", "name": "Measured warehouse", "kind": "warehouse"}),
            *(("items", {"code": f"B{n}", "name": f"Item {n}", "kind": "raw", "unit": "PCS"}) for n in range(LINES)),
        ):  # fmt: skip
            service.create(work, registry.get(plural), data)
    return iam.actor_of(tenant, user)


def draft(actor: Actor, number: int) -> int:
    """Store a receipt of five lines; return its id."""
    lines = [{"item": f"B{n}", "quantity": "10", "unit_price": str(1000 + number)} for n in range(LINES)]
    with unit_of_work(actor) as work:
        made = service.create(work, registry.get("goods-receipts"), {"supplier": "S", "warehouse": "BW", "effective_at": work.now, "lines": lines})
    return int(made["id"])


def login(actor: Actor) -> str:
    """Open a session; return its cookie."""
    with unit_of_work(actor) as work:
        token = sessions.start(work, actor.tenant_id, actor.user_id, address="127.0.0.1", agent="bench")
    return f"{sessions.COOKIE}={token}"


def _commit(actor: Actor) -> None:
    with unit_of_work(actor) as work:
        work.emit("bench.happened", {}, topics=["bench"])


@contextmanager
def _reference() -> Iterator[int]:
    """The bare server in the same web server; yields its port."""
    port = free_port()
    command = this_python("-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-access-log", f"{echo.__name__}:app")
    process = spawn(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not answers("127.0.0.1", port):
            if time.monotonic() > end:
                raise RuntimeError("the reference server did not start")
            time.sleep(0.1)
        yield port
    finally:
        stop_process(process, signal.SIGTERM, 10.0)
