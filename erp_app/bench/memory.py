"""How much memory a running system takes: every process while an office works, shared pages counted once (PSS)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

import erp_app.domains  # noqa: F401 - all document types
from erp_app.bench import live
from erp_app.bench.office import Office
from erp_app.bench.whole import Whole, whole_system

GOAL_MB = 2048
MB = 2**20
READY, HIGHEST, LAST = "ready", "highest", "at_the_end"
PAGES = ("/goods-receipts", "/sales-orders", "/items", "/suppliers")
LOOK_EVERY = 15  # seconds
Process = dict[str, Any]


def run(rows: int = 50, minutes: float = 2.0) -> Iterator[dict[str, Any]]:
    """Yield one figure a process and one for all, before and at the highest moment of `minutes` of work with `rows` open screens."""
    with whole_system(demo=True) as system:
        before = _processes(system.pid)
        yield from (_line(READY, one) for one in before)
        yield _total(READY, before)
        office = Office(system.port)
        highest, last = asyncio.run(_load(system, office, rows, minutes))
        yield from (_line(HIGHEST, one) for one in highest)
        yield _total(HIGHEST, highest) | {"reference_mb": _sum(before), "ratio": round(_sum(highest) / _sum(before), 2)}
        yield _total(LAST, last) | {"minutes": minutes, "screens": rows, "done": office.done, "refused": office.refused}


async def _load(system: Whole, office: Office, screens: int, minutes: float) -> tuple[list[Process], list[Process]]:
    """Keep screens open, go from page to page, while the office works; return the processes at their largest and at the end."""
    actor = live.company()
    cookies = [live.login(actor) for _ in range(live.LOGINS)]
    tabs = await live.opened(system.port, cookies, screens)
    for tab in tabs:
        await tab.ask(f"{live.SESSION}.start", lambda text: "ready_rx_state_" in text)
    working = asyncio.get_running_loop().run_in_executor(None, office.work, minutes)
    highest: list[Process] = []
    for turn in itertools.count():
        if working.done():
            break
        tab = tabs[turn % len(tabs)]
        tab.path = PAGES[turn % len(PAGES)]
        await tab.ask(f"{live.LISTING}.open", lambda text: "rows_rx_state_" in text)
        if turn % LOOK_EVERY == 0:
            now = await asyncio.to_thread(_processes, system.pid)
            highest = max(highest, now, key=_sum)
        await asyncio.sleep(1.0)
    await working
    last = _processes(system.pid)
    await live.closed(tabs)
    return max(highest, last, key=_sum), last


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
