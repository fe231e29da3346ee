"""How much memory a running system takes: every process after some minutes of work, shared pages counted once (PSS)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

import erp_app.domains  # noqa: F401 - all document types
from erp_app.bench import live
from erp_app.bench.whole import whole_system
from erp_app.document import registry, service
from erp_app.document.service import Query
from erp_app.kernel.actor import Actor
from erp_app.kernel.uow import unit_of_work

GOAL_MB = 2048
MB = 2**20
READY, AFTER = "ready", "after_load"


def run(rows: int = 50, repeats: int = 300) -> Iterator[dict[str, Any]]:
    """Yield one figure a process and one for all, before and after a load: `rows` open screens, `repeats` posted receipts."""
    with whole_system(demo=True) as system:
        before = _processes(system.pid)
        yield from (_line(READY, one) for one in before)
        yield _total(READY, before)
        asyncio.run(_load(system.port, rows, repeats))
        after = _processes(system.pid)
        yield from (_line(AFTER, one) for one in after)
        yield _total(AFTER, after) | {"reference_mb": _sum(before), "ratio": round(_sum(after) / _sum(before), 2)}


async def _load(port: int, screens: int, receipts: int) -> None:
    """Keep screens open and let them follow, while receipts are posted and lists and records are read."""
    actor = live.company()
    cookies = [live.login(actor) for _ in range(live.LOGINS)]
    tabs = await live.opened(port, cookies, screens)
    for tab in tabs:
        await tab.ask(f"{live.SESSION}.start", lambda text: "ready_rx_state_" in text)
    done = threading.Event()
    worker = asyncio.get_running_loop().run_in_executor(None, _work, actor, receipts, done)
    tab = tabs[0]
    while not done.is_set():
        tab.path = "/goods-receipts"
        await tab.ask(f"{live.LISTING}.open", lambda text: "rows_rx_state_" in text)
        await asyncio.sleep(0.2)
    await worker
    await live.closed(tabs)


def _work(actor: Actor, receipts: int, done: threading.Event) -> None:
    """Post receipts one after the other, and read lists."""
    kind = registry.get("goods-receipts")
    try:
        for n in range(receipts):
            made = live.draft(actor, n)
            with unit_of_work(actor) as work:
                service.act(work, kind, made, "post")
            with unit_of_work(actor) as work:
                service.page(work, kind, Query(page_size=50))
    finally:
        done.set()


def _processes(supervisor: int) -> list[dict[str, Any]]:
    """Return name, RSS and PSS of everything the supervisor started, and of itself."""
    root = psutil.Process(supervisor)
    found = []
    for process in [root, *root.children(recursive=True)]:
        try:
            found.append({"process": _name(process), "pid": process.pid, "rss": process.memory_info().rss, "pss": _pss(process)})
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda one: -int(one["pss"]))


def _pss(process: psutil.Process) -> int:
    """Return the memory of a process with shared pages divided among those that share them; RSS where the system does not tell."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return int(process.memory_info().rss)
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))


def _name(process: psutil.Process) -> str:
    """Return what a process is in the words of the system."""
    words = " ".join(process.cmdline())
    known = (("workers.relay", "relay"), ("workers.main", "worker"), ("granian", "web"), ("erp_app.cli", "supervisor"), ("valkey", "valkey"))
    for mark, name in known:
        if mark in words:
            return name
    if "postgres" in process.name():
        return words.removeprefix("postgres: ").split("/")[-1][:40].strip() if words.startswith("postgres:") else "postgres"
    return str(process.name())


def _sum(found: list[dict[str, Any]]) -> float:
    return round(sum(int(one["pss"]) for one in found) / MB, 1)


def _line(when: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"figure": f"memory.{when}", "process": one["process"], "rss_mb": round(one["rss"] / MB, 1), "pss_mb": round(one["pss"] / MB, 1)}


def _total(when: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    total = _sum(found)
    return {"figure": f"memory.{when}.sum", "processes": len(found), "pss_mb": total, "goal_mb": GOAL_MB, "ok": total < GOAL_MB}
